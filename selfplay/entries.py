"""Entries of the ledger: generations, problems to be played, bouts of the arena."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from verifiers import Problem

from .curriculum import Cell, Skill


@dataclass(frozen=True, slots=True)
class Generation:
    number: int
    champion: str
    stage: str
    skills: Mapping[Cell, Skill]
    verdict: str | None
    note: str
    trained: Mapping[str, float]


def generation(row: sqlite3.Row) -> Generation:
    skills = {(f, lv): Skill(s, n) for f, lv, s, n in json.loads(row["skills"])}
    return Generation(
        row["number"], row["champion"], row["stage"], skills, row["verdict"], row["note"],
        json.loads(row["trained"]),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """A problem to be played."""

    id: str
    number: int
    problem: Problem
    failures: int


@dataclass(frozen=True, slots=True)
class Bout:
    """One problem answered by both models; ``arm``: how long they could think."""

    arm: str
    number: int
    family: str
    level: int
    champion: bool
    challenger: bool
    tokens: int


def dump(problem: Problem) -> str:
    """As JSON, the reference included: these are training data."""
    return json.dumps(
        [problem.domain, problem.prompt, problem.question, dict(problem.data), problem.reference,
         problem.level]
    )  # fmt: skip


def load(body: str) -> Problem:
    name, prompt, question, data, reference, level = json.loads(body)
    data = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
    return Problem(name, prompt, question, data, reference, level)
