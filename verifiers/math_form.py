"""Two mathematical answers brought into the form in which they may be compared."""

from __future__ import annotations

import re
from contextlib import suppress

from .math_text import Unreadable

_DECIMAL = re.compile(r"(?<![\d.])(\d*)\.(\d+)(?![\d.])")
TEXT = re.compile(r"\\(?:text|textbf|textit|mathrm|mbox|textrm)\s*\{([^{}]*)\}")
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\s*\{\w+\}")
_ASSIGNED = re.compile(r"(?:[A-Za-z](?:_(?:\w|\{\w+\}))?|[a-z]\([a-z]\)) ?(?:=|\\in\b) ?(.+)")
_SEVERAL = re.compile(r",|\\text ?\{ ?(?:or|and) ?\}|\b(?:or|and)\b")
_DOUBT = frozenset("and but either false if incorrect is isn't maybe no nor not or wrong".split())
_UNIT = re.compile(
    r"[A-Za-z]{2,}(?:\^\d)?(?:/[A-Za-z]+(?:\^\d)?)?|(?<=\d )[A-Za-z](?:\^\d)?(?:/[A-Za-z]+)?$"
)
_RELATION = re.compile(r"[<>]|\\(?:[lg]eq?|[lg]t)(?![A-Za-z])")
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_COMMAND = re.compile(r"\\[A-Za-z]+")
THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_AND = re.compile(r",? *(?:\\text *\{ *and *\}|\band\b) *")
_LETTER = re.compile(r"\\[A-Za-z]+|[A-Z]")
_POWER = r"(?: *\^ *\{? *\d *\}?)?"
_MEASURE = re.compile(rf" *\\(?:text|mathrm|mbox|textrm) *\{{[^{{}}]*\}}{_POWER}")
_BARE = re.compile(rf"(?<=\d) *[A-Za-z]+{_POWER}(?: */ *[A-Za-z]+{_POWER})?$")


def alike(expected: str, found: str) -> tuple[str, str]:
    """Both in the form that may be compared. Raises :class:`Unreadable` for what is not."""
    if "=" in found or r"\in" in _COMMAND.findall(found):
        if "=" not in expected:
            found = _values(found)
    elif "=" in expected:
        with suppress(Unreadable):
            expected = _values(expected)
    expected, found = _AND.sub(", ", expected), _AND.sub(", ", found)
    said = [" ".join(TEXT.findall(text)).casefold() for text in (expected, found)]
    if said[0] != said[1] and (re.search(r"\d", said[1]) or not _DOUBT.isdisjoint(said[1].split())):
        raise Unreadable(f"{said[1][:60]!r} beside a value")
    units = _units(expected), _units(found)
    if all(units) and units[0] != units[1]:
        raise Unreadable(f"{' '.join(units[1])!r} instead of {' '.join(units[0])!r}")
    if TEXT.search(expected + found):  # the library would take 5 cm^2 for 5^2
        expected, found = _unitless(expected, all(units)), _unitless(found, all(units))
    expected, found = _cased(expected, expected + found), _cased(found, expected + found)
    if not (_RELATION.search(expected) or _RELATION.search(found)):
        shapes = _shape(expected), _shape(found)
        if shapes[0] != shapes[1]:
            raise Unreadable(f"{found[:60]!r}, which is of another kind")
    return _exact(expected), _exact(found)


def _values(text: str) -> str:
    """``3`` of ``x = 3``, ``1, 2`` of ``x = 1 or x = 2``. Raises :class:`Unreadable`."""
    for parts in ([text], _SEVERAL.split(text)):
        found = [match for part in parts if (match := _ASSIGNED.fullmatch(part.strip()))]
        names = {"=" if "=" in match[1] else match[0][0] for match in found}
        if len(found) == len(parts) and len(names) == 1 and "=" not in names:
            return ", ".join(match[1] for match in found)
    raise Unreadable(f"{text[:60]!r} instead of one value")


def _units(text: str) -> tuple[str, ...]:
    bare = _COMMAND.sub(" ", TEXT.sub(r" \1 ", _ENVIRONMENT.sub(" ", text)))
    bare = re.sub(r" *\^ *\{? *(\d) *\}?", r"^\1", " ".join(bare.split()))
    return tuple(unit.casefold() for unit in _UNIT.findall(bare))


def _unitless(text: str, measured: bool) -> str:
    """``measured``: also without letters behind a number, which are known to be its unit."""
    bare = _MEASURE.sub("", text)
    bare = _BARE.sub("", bare) if measured else bare
    return bare if any(map(str.isdigit, bare)) else text


def _cased(text: str, whole: str) -> str:
    """Capitals as other letters where small ones stand beside them: the library knows one case."""
    letters = set(_COMMAND.sub(" ", whole))
    free = (c for c in "abcdfghjklmnopqrstuvwxyz" if c not in letters and c.upper() not in letters)
    twins = {c: next(free, c) for c in sorted(letters) if c.isupper() and c.lower() in letters}
    return _LETTER.sub(lambda match: twins.get(match[0], match[0]), text)


def _shape(text: str) -> str:
    """``()``, ``[)``, ``{}``... of a list in brackets, ``{}`` of a bare list, else nothing."""
    text = re.sub(r"\\(?:left|right|big|Big)\b", "", text).replace(" ", "")
    text = text.replace(r"\{", "{").replace(r"\}", "}").replace(r"\lbrace", "{")
    text = text.replace(r"\rbrace", "}")
    depth, least, comma = 0, 1, False
    for place, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if place < len(text) - 1:
            least = min(least, depth)
        comma |= character == "," and depth <= 1
    if not comma or THOUSANDS.fullmatch(text):
        return ""
    if text[0] in _BRACKETS and text[-1] in ")]}" and least > 0:
        return text[0] + text[-1]
    outside = re.sub(r"\{[^{}]*\}|\([^()]*\)|\[[^\[\]]*\]", "", text)
    return "{}" if "," in outside else ""


def _exact(text: str) -> str:
    """Decimals as fractions, percent as hundredths, and ``i`` as the number that it is."""
    text = _DECIMAL.sub(lambda m: rf"{{\frac{{{int(m[1] + m[2])}}}{{{10 ** len(m[2])}}}}}", text)
    text = re.sub(r"\s*\\?%", r" \\cdot {\\frac{1}{100}}", text)
    return re.sub(r"(?<![A-Za-z\\_])i(?![A-Za-z_])", "I", text)  # the library's imaginary unit
