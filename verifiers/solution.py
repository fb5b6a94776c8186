"""Values of unknowns as people write them: ``x = 5/2``, ``5/2 = x``, ``(x, y) = (2, 1)``."""

from __future__ import annotations

import re
from fractions import Fraction

VALUE = re.compile(
    r"\b([a-z])\s*=\s*([-+]?)\s*(\d{1,9}(?:\.\d{1,9})?)(?:\s*/\s*(\d{1,9}))?", re.ASCII
)
"""One of them, in lower case: name, sign, number, denominator."""
_AND = r"\s*[,;]\s*|\s+and\s+"  # "x = 3 or 5" is not "x = 3"
_VALUES = re.compile(rf"{VALUE.pattern}(?:(?:{_AND}|\s+){VALUE.pattern})?", re.ASCII)
_NUMBER = r"(?:[-+]\s*)?\d{1,9}(?:\.\d{1,9})?(?:\s*/\s*\d{1,9})?"
_TURNED = re.compile(rf"({_NUMBER})\s*=\s*([a-z])\b", re.ASCII)
_ALL_TURNED = re.compile(rf"{_TURNED.pattern}(?:(?:{_AND}){_TURNED.pattern})?", re.ASCII)
_PAIR = re.compile(
    rf"\(\s*([a-z])\s*,\s*([a-z])\s*\)\s*=\s*\(\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\)", re.ASCII
)
_LONGEST = 200  # characters: two values and blanks


def read_values(answer: str) -> dict[str, Fraction] | None:
    """By name in lower case; None unless one or two are all that the answer says."""
    if len(answer) > _LONGEST:
        return None
    text = answer.replace("−", "-").strip().removesuffix(".").rstrip()
    if not text.isascii():  # the lower case of a kelvin sign is k
        return None
    text = text.lower()
    if _ALL_TURNED.fullmatch(text) is not None:
        text = _TURNED.sub(r"\2 = \1", text)
    elif (pair := _PAIR.fullmatch(text)) is not None:
        text = "{} = {}, {} = {}".format(*pair.group(1, 3, 2, 4))
    if _VALUES.fullmatch(text) is None:
        return None
    found = VALUE.findall(text)
    names = {name for name, *_ in found}
    if len(names) < len(found) or any(b and int(b) == 0 for *_, b in found):
        return None
    return {name: Fraction(sign + top) / int(bottom or 1) for name, sign, top, bottom in found}
