"""Scores of our own for families of reasoning-gym whose scorers can not be trusted.

Those evaluate answers (``countdown``, ``n_queens``, ...), do not look at the numbers used
(``puzzle24``), pay for anything but an empty answer (``game_of_life_halting``), for ``nan``
(``complex_arithmetic``), for 0 where the chance is small (``coin_flip``), or for the right answer
with others behind it (``gsm_symbolic``, ``word_sorting``, ...). An integral is never its own
answer, although ``intermediate_integration`` gives ``Integral(...)`` for those it can not solve.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from .algebra import AlgebraError, algebra
from .expression import ExpressionError, evaluate, numbers
from .verdict import Verdict, right, unjudged, wrong

Entry = Mapping[str, Any]
"""One problem as the library made it: ``question``, ``answer``, ``metadata``."""

_NUMBER = re.compile(r"[-+]?[0-9]{1,40}(?:\.[0-9]{1,40}|/[0-9]{1,40})?")
_COMPLEX = re.compile(
    r"([-+]?[0-9]{1,20}(?:\.[0-9]{1,20})?)?(?:([-+]?)([0-9]{1,20}(?:\.[0-9]{1,20})?)?i)?"
)
_FRACTION = re.compile(r"([0-9]{1,20})/([0-9]{1,20})|\\d?frac\{([0-9]{1,20})\}\{([0-9]{1,20})\}")
_ROLE = re.compile(r"(\w+) is an? (\w+)")
_NEAR = Fraction(1, 10_000)  # of the expected number: probabilities are rounded in the answers


def exactly(answer: str, entry: Entry) -> Verdict:
    if answer.strip() == str(entry["answer"]).strip():
        return right("")
    return wrong("", f"expected {str(entry['answer'])[:60]!r}")


def _one_of(answer: str, entry: Entry) -> Verdict:
    valid = {text.strip() for text in entry["metadata"]["valid_answers"]}
    return right("") if answer.strip() in valid else wrong("", "no solution of this board")


def _reached(answer: str, entry: Entry) -> Verdict:
    """The numbers given, each once, make the target: exactly. "= 24" may stand behind them."""
    expression, equals, claim = answer.partition("=")
    given, target = entry["metadata"]["numbers"], entry["metadata"].get("target", 24)
    try:
        value, used = evaluate(expression), numbers(expression)
        claimed = evaluate(claim) if equals else value
    except ExpressionError as error:
        return wrong("", str(error))
    if Counter(used) != Counter(given):
        return wrong("", f"expected the numbers {given}, found {used}")
    made = value == claimed == Fraction(target)
    return right("") if made else wrong("", f"makes {value}, not {target}")


def _integral(answer: str, entry: Entry) -> Verdict:
    """Its derivative is the integrand."""
    import sympy

    variable = entry["metadata"]["variable"]
    try:
        integrand = algebra(entry["metadata"]["integrand"], (variable,))
    except AlgebraError as error:
        return unjudged("", f"expected an integrand that can be read, found {error}")
    try:
        found = algebra(answer, (variable, "C"))
    except AlgebraError as error:
        return wrong("", f"expected an expression, found {error}")
    gap = sympy.diff(found, sympy.Symbol(variable)) - integrand
    return right("") if sympy.simplify(gap) == 0 else wrong("", "its derivative is another")


def _product(answer: str, entry: Entry) -> Verdict:
    """The same polynomial, multiplied out."""
    import string

    names = tuple(string.ascii_letters)
    try:
        expected = algebra(entry["answer"], names)
    except AlgebraError as error:
        return unjudged("", f"expected a polynomial that can be read, found {error}")
    try:
        found = algebra(answer, names)
    except AlgebraError as error:
        return wrong("", f"expected a polynomial, found {error}")
    return right("") if found == expected else wrong("", f"expected {entry['answer'][:60]!r}")


def _alike(answer: str, entry: Entry) -> Verdict:
    """The same text, whatever the case and the blanks."""
    if answer.casefold().split() == str(entry["answer"]).casefold().split():
        return right("")
    return wrong("", f"expected {str(entry['answer'])[:60]!r}")


def _list(answer: str, entry: Entry) -> Verdict:
    """The same words between commas."""
    lists = [[word.strip() for word in text.split(",")] for text in (answer, entry["answer"])]
    return right("") if lists[0] == lists[1] else wrong("", "another list")


def _numeric(answer: str, entry: Entry) -> Verdict:
    found, expected = _fraction(answer), _fraction(str(entry["answer"]))
    if expected is None:
        return exactly(answer, entry)
    if found is None:
        return wrong("", f"expected one number, found {answer[:60]!r}")
    return right("") if found == expected else wrong("", f"expected {entry['answer']}")


def _solved(answer: str, entry: Entry) -> Verdict:
    """The value of the unknown, with or without its name."""
    name = re.escape(entry["metadata"]["variable"])
    return _numeric(re.sub(rf"\s*{name}\s*=", "", answer, count=1), entry)


def _chance(answer: str, entry: Entry) -> Verdict:
    """A probability, to four digits of its own size."""
    found, expected = _fraction(answer), _fraction(str(entry["answer"]))
    if found is None or expected is None:
        return exactly(answer, entry)
    near = abs(found - expected) <= _NEAR * abs(expected)
    return right("") if near else wrong("", f"expected {entry['answer']}")


def _fraction(text: str) -> Fraction | None:
    text = text.strip().replace(",", "")
    try:
        return Fraction(text) if _NUMBER.fullmatch(text) else None
    except ZeroDivisionError:
        return None


def _complex(answer: str, entry: Entry) -> Verdict:
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


def _lowest(answer: str, entry: Entry) -> Verdict:
    """The fraction in lowest terms, plain or in LaTeX."""
    match = _FRACTION.fullmatch(answer.strip().strip("$").replace(" ", ""))
    if match is None:
        return wrong("", f"expected one fraction, found {answer[:60]!r}")
    found = tuple(int(part) for part in match.groups() if part is not None)
    known = entry["metadata"]
    expected = (known["simplified_numerator"], known["simplified_denominator"])
    return right("") if found == expected else wrong("", f"expected {entry['answer']}")


def _roles(answer: str, entry: Entry) -> Verdict:
    """Who is what, in any order."""
    said = [_assigned(text) for text in (answer, entry["answer"])]
    if said[0] is not None and said[0] == said[1]:
        return right("")
    return wrong("", f"expected {entry['answer'][:60]!r}")


def _assigned(text: str) -> list[tuple[str, ...]] | None:
    parts = re.split(r",? and |, ", text.strip().rstrip(".").casefold())
    matches = [_ROLE.fullmatch(part.strip()) for part in parts]
    return (
        sorted(match.groups() for match in matches if match is not None) if all(matches) else None
    )


RESCORED: dict[str, Callable[[str, Entry], Verdict]] = {
    "binary_matrix": exactly,
    "coin_flip": _chance,
    "complex_arithmetic": _complex,
    "countdown": _reached,
    "fraction_simplification": _lowest,
    "game_of_life_halting": _alike,
    "gsm_symbolic": _numeric,
    "intermediate_integration": _integral,
    "knights_knaves": _roles,
    "letter_jumble": _alike,
    "n_queens": _one_of,
    "polynomial_multiplication": _product,
    "puzzle24": _reached,
    "simple_equations": _solved,
    "simple_integration": _integral,
    "spell_backward": _alike,
    "spiral_matrix": exactly,
    "string_insertion": exactly,
    "time_intervals": exactly,
    "word_sorting": _list,
}
"""By family."""
