"""Questions and answers as people type them, brought into the form that is read."""

from __future__ import annotations

import re

MAX_LENGTH = 600  # characters: no longer text is one puzzle, and reading it must cost nothing
_SAME = str.maketrans({"×": "*", "·": "*", "−": "-", "–": "-", "’": "'"})
_FENCE = re.compile(r"```(?:json|smt2?|smtlib)?", re.IGNORECASE)
_WHOLE = re.compile(r"\s*(-?) ?([0-9]{1,40})(?:\.0{0,2})?\s*")  # "1.000" is a thousand to some
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


def plain(question: str) -> str:
    """Lower case, single spaces, plain signs; empty when it is too long to be one puzzle."""
    if len(question) > MAX_LENGTH:
        return ""
    return " ".join(question.lower().translate(_SAME).split())


def without_thousands(text: str) -> str:
    """``1,200`` as ``1200``."""
    return _THOUSANDS.sub("", text)


def whole_number(text: str) -> int | None:
    """``-1,200`` and ``-1200.0`` as a number; None for ``1 2``, ``1,2``, other digits and anything
    beside it."""
    match = _WHOLE.fullmatch(without_thousands(text.translate(_SAME)))
    return None if match is None else int(match[1] + match[2])


def unfenced(answer: str) -> str:
    """Without the Markdown fence that stands around all of it."""
    lines = answer.strip().split("\n")
    if len(lines) > 2 and _FENCE.fullmatch(lines[0].strip()) and lines[-1] == "```":
        return "\n".join(lines[1:-1])
    return answer
