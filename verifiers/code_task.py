"""What a solution in code is asked to do, and how that is kept as a problem's hidden reference."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .problem import Problem
from .sandbox.inside.plain import decode, encode


@dataclass(frozen=True, slots=True)
class Programs:
    """A whole program. ``cases``: standard input and the standard output expected for it."""

    cases: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Calls:
    """A function. ``cases``: its arguments and the value expected for them, all plain data."""

    entry: str
    cases: tuple[tuple[tuple[Any, ...], Any], ...]


@dataclass(frozen=True, slots=True)
class Asserts:
    """A function to complete. ``before``: source that the question shows, up to its body;
    ``tests``: source of ``check(candidate)``, which asserts."""

    entry: str
    before: str
    tests: str


Task = Programs | Calls | Asserts


def problem(question: str, task: Task) -> Problem:
    """The problem that poses ``task``; its tests are the reference, which no search sees."""
    entry = "" if isinstance(task, Programs) else task.entry
    return Problem(
        domain="code",
        prompt=question,
        question=question,
        data={"entry": entry},
        reference=write(task),
    )


def write(task: Task) -> str:
    match task:
        case Programs(cases):
            return json.dumps({"programs": cases})
        case Calls(entry, cases):
            return json.dumps({"calls": [[encode(a), encode(v)] for a, v in cases], "entry": entry})
        case Asserts(entry, before, tests):
            return json.dumps({"asserts": tests, "before": before, "entry": entry})


def read(reference: str) -> Task:
    """Raises ValueError for what :func:`write` never wrote, and for a task without any case."""
    try:
        data = json.loads(reference)
        if "asserts" in data:
            return Asserts(str(data["entry"]), str(data["before"]), str(data["asserts"]))
        task: Programs | Calls
        if "programs" in data:
            task = Programs(tuple((str(i), str(o)) for i, o in data["programs"]))
        else:
            cases = tuple((tuple(decode(a)), decode(v)) for a, v in data["calls"])
            task = Calls(str(data["entry"]), cases)
    except (TypeError, KeyError, RecursionError) as error:
        raise ValueError(f"expected a code task, found none ({error})") from error
    if not task.cases:
        raise ValueError("expected at least one case, found none: everything would pass")
    return task
