"""HumanEval, whole: every canonical solution passes, no cheat passes once."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.test_code import CHEATS
from verifiers import Problem
from verifiers.code import Code
from verifiers.code_task import Asserts, problem
from verifiers.sandbox import Limits, Sandbox

# Patched builtins, a forged result with os._exit(0) after it, and an object equal to everything
WHOLE = ("equal to everything", "patched comparators", "a forged result on every descriptor")
DATA = Path(__file__).parent / "data" / "HumanEval.jsonl.gz"


def tasks() -> Iterator[tuple[Problem, str]]:
    """Each with its canonical solution."""
    for line in gzip.decompress(DATA.read_bytes()).splitlines():
        row = json.loads(line)
        asserts = Asserts(row["entry_point"], row["prompt"], row["test"])
        yield problem(row["prompt"], asserts), row["canonical_solution"]


def scores(code: Code, answers: list[tuple[Problem, str]]) -> Counter[Any]:
    async def all_of_them() -> Counter[Any]:
        verdicts = await asyncio.gather(*(code.averify(*pair) for pair in answers))
        return Counter(verdict.passed for verdict in verdicts)

    return asyncio.run(all_of_them())


@pytest.mark.slow
def test_every_canonical_solution_passes(sandbox: Sandbox) -> None:
    assert scores(Code(sandbox, limits=Limits(seconds=30)), list(tasks())) == {True: 164}


OFF = """

def off(value):
    match value:
        case bool(): return not value
        case int() | float(): return value + 1
        case str(): return value + "x"
        case list(): return [*value, 0]
        case tuple(): return (*value, 0)
        case dict(): return {{**value, "x": 0}}
        case set(): return value | {{0, "x"}}
    return 0

right = {name}
def {name}(*args):
    return off(right(*args))
"""


@pytest.mark.slow
def test_no_solution_passes_whose_results_are_a_little_off(sandbox: Sandbox) -> None:
    answers = [
        (task, f"{task.prompt}{solution}{OFF.format(name=task.data['entry'])}")
        for task, solution in tasks()
    ]
    assert scores(Code(sandbox, limits=Limits(seconds=30)), answers) == {False: 164}


@pytest.mark.slow
@pytest.mark.parametrize("cheat", WHOLE)
def test_no_cheat_passes_once(cheat: str, sandbox: Sandbox) -> None:
    answers = [(t, CHEATS[cheat].format(name=t.data["entry"])) for t, _ in tasks()]
    found = scores(Code(sandbox, limits=Limits(seconds=30)), answers)
    assert found[True] == 0
    assert found.total() == 164


@pytest.mark.slow
def test_sleeping_never_passes(sandbox: Sandbox) -> None:
    answers = [(t, "    import time\n    time.sleep(600)\n") for t, _ in tasks()]
    found = scores(Code(sandbox, limits=Limits(seconds=0.1)), answers)
    assert found[True] == 0
    assert found.total() == 164


def test_a_sample_of_each_kind(sandbox: Sandbox) -> None:
    """The quick part, for ``-m "not slow"``."""
    code = Code(sandbox, limits=Limits(seconds=30))
    chosen = [pair for n, pair in enumerate(tasks()) if n in (0, 32, 38, 163)]
    assert scores(code, chosen) == {True: 4}
    cheats = [
        (task, CHEATS["equal to everything"].format(name=task.data["entry"])) for task, _ in chosen
    ]
    assert scores(code, cheats) == {False: 4}
