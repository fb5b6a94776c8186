"""Tests that call a candidate which lives in another sandbox: only plain data comes back."""

from __future__ import annotations

import sys
from typing import Any

from .plain import decode, encode
from .talk import Line, say


class CandidateFailed(Exception):
    """The candidate raised, or returned what is not plain data."""


def check(line: Line, source: str, entry: str, tests: str) -> None:
    """Run ``source`` (what stands before the tests), ``tests``, then ``check(candidate)``.

    Reports whether they passed and how often the candidate was called: tests that fail before
    they have called it are broken themselves.
    """
    calls = 0

    def candidate(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        line.send({"call": encode({"args": args, "kwargs": kwargs})})
        reply = line.receive()
        if "error" in reply:
            raise CandidateFailed(reply["error"])
        return decode(reply["value"])

    module = type(sys)("tests")
    module.__dict__["__builtins__"] = __builtins__
    sys.modules["tests"] = module
    space = module.__dict__
    try:
        exec(compile(source, "before.py", "exec"), space)  # noqa: S102 - inside the sandbox
        space[entry] = candidate
        exec(compile(tests, "tests.py", "exec"), space)  # noqa: S102 - inside the sandbox
        space["check"](candidate)
    except BaseException as error:
        line.send({"failed": say(error), "calls": calls})
    else:
        line.send({"passed": True, "calls": calls})
