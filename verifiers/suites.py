"""Held-out evaluation problems, and the hashes that keep them out of training."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b
from importlib.resources import files
from random import Random

from .arithmetic import Arithmetic
from .countdown import Countdown
from .domain import Domain
from .equations import Equations
from .problem import Problem
from .word_problems import WordProblems

SEED = 20_240  # of the held-out problems; changing it changes every suite
SIZE = 200
_HARD = slice(900, 1000)  # the slice every paper on Game of 24 reports


def game24(rows: slice = _HARD) -> list[Problem]:
    """Published Game of 24 puzzles, in the published order (rank 1 first)."""
    text = files("verifiers").joinpath("data/game24.csv").read_text("utf-8")
    puzzles = [row["Puzzles"] for row in csv.DictReader(text.splitlines())]
    domain = Countdown()
    return [domain.problem(tuple(map(int, line.split())), 24) for line in puzzles[rows]]


def by_hand() -> list[Problem]:
    """Questions typed by hand, none of them from a generator: other words, other orders."""
    from .registry import recognise

    text = files("verifiers").joinpath("data/by_hand.jsonl").read_text("utf-8")
    rows = map(json.loads, text.splitlines())
    return [replace(recognise(row["question"]), reference=row.get("reference")) for row in rows]


def _held_out(domain: Domain, levels: tuple[int, ...]) -> list[Problem]:
    rng, problems, seen = Random(f"{SEED} {domain.name} {levels}"), list[Problem](), set[str]()
    while len(problems) < SIZE:
        problem = domain.generate(rng, levels[len(problems) % len(levels)])
        if (form := domain.canonical(problem)) not in seen:
            seen.add(form)
            problems.append(problem)
    return problems


SUITES: dict[str, Callable[[], list[Problem]]] = {
    "game24": game24,
    "countdown": lambda: _held_out(Countdown(), (3, 4)),
    "countdown5": lambda: _held_out(Countdown(), (5,)),
    "countdown6": lambda: _held_out(Countdown(), (6,)),
    "arithmetic": lambda: _held_out(Arithmetic(), Arithmetic.levels),
    "equations": lambda: _held_out(Equations(), Equations.levels),
    "word_problems": lambda: _held_out(WordProblems(), WordProblems.levels),
    "by_hand": by_hand,
}


def suite(name: str) -> list[Problem]:
    """The problems of one suite, references included; raises KeyError for an unknown name."""
    return SUITES[name]()


def fingerprint(domain: Domain, problem: Problem) -> bytes:
    """Hash of a problem's canonical form: the same for the same problem in other clothes."""
    return blake2b(domain.canonical(problem).encode(), digest_size=12).digest()


@lru_cache(maxsize=1)
def held_out() -> frozenset[bytes]:
    """Fingerprints of every evaluation problem. Training refuses all of them."""
    from .registry import domain

    return frozenset(
        fingerprint(domain(problem.domain), problem) for name in SUITES for problem in suite(name)
    )
