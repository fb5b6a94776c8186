"""Scores of our own for answers of reasoning-gym that are numbers: equal, not near."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from .phrasing import without_thousands
from .verdict import Verdict, right, wrong

Entry = Mapping[str, Any]
"""One problem as the library made it: ``question``, ``answer``, ``metadata``."""

_NUMBER = re.compile(r"[-+]?[0-9]{1,40}(?:\.[0-9]{1,40}|/[0-9]{1,40})?")
_SCIENTIFIC = re.compile(r"[-+]?[0-9]{1,40}(?:\.[0-9]{1,40})?e[-+]?[0-9]{1,2}", re.IGNORECASE)
_COMPLEX = re.compile(
    r"([-+]?[0-9]{1,20}(?:\.[0-9]{1,20})?)?(?:([-+]?)([0-9]{1,20}(?:\.[0-9]{1,20})?)?i)?"
)
_FRACTION = re.compile(r"([0-9]{1,20})/([0-9]{1,20})|\\d?frac\{([0-9]{1,20})\}\{([0-9]{1,20})\}")
_NEAR = Fraction(1, 10_000)  # of the expected number: probabilities are rounded in the answers


def exactly(answer: str, entry: Entry) -> Verdict:
    if answer.strip() == str(entry["answer"]).strip():
        return right("")
    return wrong("", f"expected {str(entry['answer'])[:60]!r}")


def number(answer: str, entry: Entry) -> Verdict:
    found, expected = _fraction(answer), _fraction(str(entry["answer"]))
    if expected is None:
        return exactly(answer, entry)
    if found is None:
        return wrong("", f"expected one number, found {answer[:60]!r}")
    return right("") if found == expected else wrong("", f"expected {entry['answer']}")


def solved(answer: str, entry: Entry) -> Verdict:
    """The value of the unknown, with or without its name."""
    name = re.escape(entry["metadata"]["variable"])
    return number(re.sub(rf"\s*{name}\s*=", "", answer, count=1), entry)


def chance(answer: str, entry: Entry) -> Verdict:
    """A probability, to four digits of its own size."""
    found, expected = _fraction(answer), _fraction(str(entry["answer"]))
    if found is None or expected is None:
        return exactly(answer, entry)
    near = abs(found - expected) <= _NEAR * abs(expected)
    return right("") if near else wrong("", f"expected {entry['answer']}")


def _fraction(text: str) -> Fraction | None:
    text = without_thousands(text.strip())
    try:
        return Fraction(text) if _NUMBER.fullmatch(text) else None
    except ZeroDivisionError:
        return None


def complex_number(answer: str, entry: Entry) -> Verdict:
    parts = [_parts(text) for text in (answer, str(entry["answer"]))]
    if parts[0] is None or parts[1] is None:
        return exactly(answer, entry)
    return right("") if parts[0] == parts[1] else wrong("", f"expected {entry['answer']}")


def _parts(text: str) -> tuple[Fraction, Fraction] | None:
    text = text.replace(" ", "")
    match = _COMPLEX.fullmatch(text)
    if match is None or not text:
        return None
    real, sign, imaginary = match.groups()
    if not text.endswith("i"):
        return Fraction(real), Fraction(0)
    if real is not None and imaginary is None and not sign:  # "4i": all of it is imaginary
        return Fraction(0), Fraction(real)
    size = Fraction(imaginary or 1)
    return Fraction(real or 0), -size if sign == "-" else size


def picked(answer: str, entry: Entry) -> Verdict:
    """The number, written as any of the candidates is."""
    text = answer.strip()
    return number(str(Fraction(text)) if _SCIENTIFIC.fullmatch(text) else text, entry)


def _row(text: str) -> list[Fraction] | None:
    """Numbers between commas; none at all where two quotes say so."""
    parts = [] if text.strip() in ("", '""', "''") else text.split(",")
    row = [_fraction(part) for part in parts]
    return None if None in row else [n for n in row if n is not None]


def roots(answer: str, entry: Entry) -> Verdict:
    found, expected = _row(answer), _row(entry["answer"])
    if found is None or expected is None:
        return wrong("", f"expected numbers between commas, found {answer[:60]!r}")
    same = sorted(found) == sorted(expected)
    return right("") if same else wrong("", f"expected {entry['answer'][:60]!r}")


def measured(answer: str, entry: Entry) -> Verdict:
    """An angle to two decimals, a radius or a point to three."""
    digits = 2 if "°" in entry["answer"] else 3
    rows = []
    for text in (answer, entry["answer"]):
        text = text.strip().removesuffix("°")
        inner = text[1:-1] if text.startswith("(") and text.endswith(")") else text
        row = _row(inner)
        if row is None or not row:
            return wrong("", f"expected numbers, found {answer[:60]!r}")
        rows.append([round(n, digits) for n in row])
    return right("") if rows[0] == rows[1] else wrong("", f"expected {entry['answer']}")


def matrix(answer: str, entry: Entry) -> Verdict:
    """The same numbers in the same rows, to two decimals as the question asks."""
    found, expected = (
        [_row(",".join(line.split())) for line in text.strip().split("\n")]
        for text in (answer, entry["answer"])
    )
    if None in found or None in expected:
        return wrong("", "expected rows of numbers")
    rounded = [[[round(n, 2) for n in row or ()] for row in m] for m in (found, expected)]
    return right("") if rounded[0] == rounded[1] else wrong("", "another matrix")


def in_order(answer: str, entry: Entry) -> Verdict:
    """The same numbers in the same order, in a list, between quotes or not."""
    rows = [read_json(text.replace("'", '"')) for text in (answer, entry["answer"])]
    if not all(isinstance(row, list) for row in rows):
        return wrong("", f"expected a list of numbers, found {answer[:60]!r}")
    found, expected = ([_fraction(str(n)) for n in row] for row in rows)
    same = None not in found and found == expected
    return right("") if same else wrong("", f"expected {entry['answer'][:60]!r}")


def lowest_terms(answer: str, entry: Entry) -> Verdict:
    """The fraction in lowest terms, plain or in LaTeX."""
    match = _FRACTION.fullmatch(answer.strip().strip("$").replace(" ", ""))
    if match is None:
        return wrong("", f"expected one fraction, found {answer[:60]!r}")
    found = tuple(int(part) for part in match.groups() if part is not None)
    known = entry["metadata"]
    expected = (known["simplified_numerator"], known["simplified_denominator"])
    return right("") if found == expected else wrong("", f"expected {entry['answer']}")


def read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
