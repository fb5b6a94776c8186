"""Working as it is shown: whether every sum in a step is true."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from .linear import read_linear

_QUOTIENT = re.compile(r"(\d{1,9})/(\d{1,9})=(\d{1,9})", re.ASCII)  # of long division: rest aside


def true(step: str, unknowns: Mapping[str, Fraction], whole: Fraction | None = None) -> bool:
    """Whether each equation in a step holds; one that can not be read does not.

    ``unknowns``: their values, by a small letter. ``whole``: what a part that begins with ``=`` is
    worth; by default what the step began with is, and on the way to it its size.
    """
    first, *rest = step.split(" ")
    if not first.startswith("=") and "=" not in first and whole is None:
        whole = _worth(first, unknowns)
    for i, part in enumerate([first, *rest]):
        if quotient := _QUOTIENT.fullmatch(part):
            top, bottom, result = map(int, quotient.groups())
            if not bottom or top // bottom != result:
                return False
        elif part.startswith("="):
            found = _worth(part[1:], unknowns)
            if found is None or whole is None:
                return False
            if found != whole and (i == len(rest) or abs(found) != abs(whole)):
                return False
        elif "=" in part:
            sides = {_worth(side, unknowns) for side in part.split("=")}
            if len(sides) > 1 or None in sides:
                return False
    return True


def _worth(text: str, unknowns: Mapping[str, Fraction]) -> Fraction | None:
    form = read_linear(text)
    if form is None or not form.keys() - {""} <= unknowns.keys():
        return None
    parts = (n * unknowns[name] if name else n for name, n in form.items())
    return sum(parts, Fraction(0))
