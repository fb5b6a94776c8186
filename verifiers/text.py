"""Verifiers of plain text: exact, by a pattern, and multiple choice."""

from __future__ import annotations

import re
from typing import Any

from .function import Function
from .judge import VerifierError
from .source import Source
from .verdict import Verdict, explain, right, wrong

_CHOICE = re.compile(
    r"(?:(?:the )?(?:correct |right |final )?(?:answer|option|choice)(?: is)?:? ?)?"
    r"(?:\((\w)\)|\[(\w)\]|\\boxed{(?:\\text{)?(\w)}{1,2}|(\w))[.):]?",
    re.IGNORECASE,
)


def exact(expected: str | None = None) -> Function:
    """Passes the expected text, or the reference: nothing but runs of blanks may differ."""
    return _text(_exact, "exact", expected)


def choice(expected: str | None = None) -> Function:
    """Passes the one expected letter or digit: ``B``, ``(b)``, ``The answer is **B**.``, boxed or
    not; never two."""
    if expected is not None and _chosen(expected) is None:
        raise VerifierError(f"expected one letter or digit to choose, found {expected!r}")
    return _text(_choice, "choice", expected)


def regex(expected: str | None = None) -> Function:
    """Passes text that the pattern, or the reference as one, matches from its start to its end.

    Patterns are Python's: ``\\d`` is a digit of any script, ``[0-9]`` is not. In a child: one may
    take longer than the universe has. Raises :class:`VerifierError` for what is no pattern.
    """
    if expected is not None:
        try:
            re.compile(expected)
        except re.error as error:
            raise VerifierError(
                f"expected a regular expression, found {expected!r}: {explain(error)}"
            ) from error
    return _text(_regex, "regex", expected, "process")


def _text(function: Any, name: str, expected: str | None, isolation: str = "trusted") -> Function:
    return Function(
        function,
        name,
        isolation=isolation,
        timeout=2.0,
        version="2",
        examples=EXAMPLES[name],
        source=Source("module", __name__, function.__name__),
        given={"reference": expected},
    )


def _exact(answer: str, reference: str) -> Verdict | None:
    if not reference.strip():  # else whoever says nothing is right
        return None
    if answer.split() == reference.split():
        return right("")
    return wrong("", f"expected {reference[:60]!r}")


def _choice(answer: str, reference: str) -> Verdict | None:
    expected, chosen = _chosen(reference), _chosen(answer)
    if expected is None:
        return None
    if chosen is None:
        return wrong("", "expected one choice such as 'B'")
    return right("") if chosen == expected else wrong("", f"expected {expected}, found {chosen}")


def _chosen(text: str) -> str | None:
    match = _CHOICE.fullmatch(" ".join(text.replace("*", "").replace("$", "").split()))
    if match is None:
        return None
    chosen = "".join(filter(None, match.groups()))
    return chosen.upper() if chosen.isascii() else chosen  # the capital of a dotless i is I


def _regex(answer: str, reference: str) -> bool | None:
    if not reference:
        return None
    return re.fullmatch(reference, answer) is not None


def _asked(reference: str) -> dict[str, str]:
    return {"question": "Which one?", "domain": "general", "reference": reference}


EXAMPLES: dict[str, Any] = {
    "exact": (
        (_asked("New York"), "New York", True),
        (_asked("New York"), " New  York\n", True),
        (_asked("New York"), "new york", False),
        (_asked("New York"), "New York City", False),
    ),
    "choice": (
        (_asked("B"), "B", True),
        (_asked("(B)"), "The answer is (b).", True),
        (_asked("C"), "c)", True),
        (_asked("B"), "A", False),
        (_asked("B"), "A or B", False),
        (_asked("B"), "ABCD", False),
    ),
    "regex": (
        (_asked(r"[0-9]{4}-[0-9]{2}"), "2026-11", True),
        (_asked(r"(ab)+c?"), "ababc", True),
        (_asked(r"[0-9]{4}-[0-9]{2}"), "2026-11-22", False),
        (_asked(r"(ab)+c?"), "aba", False),
    ),
}
