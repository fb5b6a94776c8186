"""Scores of our own for families of reasoning-gym whose scorers can not be trusted.

Those evaluate answers (``countdown``, ``n_queens``, ...), do not look at the numbers used
(``puzzle24``), pay for anything but an empty answer (``game_of_life_halting``), for anything where
a root or a day does not exist (``polynomial_equations``, ``calendar_arithmetic``), for ``nan``
(``complex_arithmetic``), for 0 where the chance is small (``coin_flip``), for numbers that are near
(``number_sorting``: one off, ``pool_matrix``: a hundredth off, ``decimal_arithmetic``), for
``4,13`` as 413 (``products``), or for the right answer with others behind it (``gsm_symbolic``,
``game_of_life``, ``advanced_geometry``, ...). An integral is never its own answer, although
``intermediate_integration`` gives ``Integral(...)`` for those it can not solve.

Some scorers are good, and their readers are not: they skip what they do not know, and take the
last of two values. Their answers must be of the form that the question asks for, and no more.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from .algebra import AlgebraError, algebra
from .expression import ExpressionError, evaluate, numbers
from .gym_numbers import (
    Entry,
    chance,
    complex_number,
    exactly,
    in_order,
    lowest_terms,
    matrix,
    measured,
    number,
    picked,
    read_json,
    roots,
    solved,
)
from .verdict import Verdict, right, unjudged, wrong

_ROLE = re.compile(r"(\w+) is an? (\w+)")


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


def repeats(text: str) -> bool:
    """Whether it is JSON that says a name twice: scorers would take the last."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise LookupError
        return dict(pairs)

    try:
        json.loads(text, object_pairs_hook=once)
    except LookupError:
        return True
    except (ValueError, RecursionError):
        pass
    return False


def _grid(answer: str, entry: Entry) -> Verdict:
    """The same JSON, to the last cell."""
    same = json.dumps(read_json(answer)) == json.dumps(read_json(entry["answer"]))
    return right("") if same else wrong("", "another grid")


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


_MOVE = r'"(?:(?:fill|empty) [A-Z]|pour [A-Z]->[A-Z])"'
FORMS: dict[str, re.Pattern[str]] = {
    "boxnet": re.compile(r"\[\s*\{(?:(?!move\((?!box_)).)*\}\s*\]", re.DOTALL),  # targets stay
    "cryptarithm": re.compile(r"(?:([A-Z]) ?= ?[0-9](?!.*\1 ?=)(?:, ?|$))+"),
    "jugs": re.compile(rf"\[\s*{_MOVE}(?:\s*,\s*{_MOVE})*\s*\]"),
    "kakurasu": re.compile(r"[01 \n]+"),
    "quantum_lock": re.compile(r"[A-C](?:(?: ?(?:→|->|,) ?| )?[A-C])*"),
    "rush_hour": re.compile(r"[A-Z][-+][0-9]+(?:,? [A-Z][-+][0-9]+)*"),
    "sokoban": re.compile(r"[UDLR]+"),
    "survo": re.compile(r"[-0-9 \n]+"),
    "tower_of_hanoi": re.compile(r"(?:Move disk [0-9]+ from Peg [0-9]+ to Peg [0-9]+\s*)+"),
}
"""What an answer must be from its first character to its last, by family."""

RESCORED: dict[str, Callable[[str, Entry], Verdict]] = {
    "advanced_geometry": measured,
    "binary_matrix": exactly,
    "calendar_arithmetic": _alike,
    "chain_sum": number,
    "coin_flip": chance,
    "complex_arithmetic": complex_number,
    "countdown": _reached,
    "decimal_arithmetic": number,
    "decimal_chain_sum": number,
    "fraction_simplification": lowest_terms,
    "game_of_life": _grid,
    "game_of_life_halting": _alike,
    "gsm_symbolic": number,
    "intermediate_integration": _integral,
    "knights_knaves": _roles,
    "letter_jumble": _alike,
    "n_queens": _one_of,
    "number_format": picked,
    "number_sorting": in_order,
    "polynomial_equations": roots,
    "polynomial_multiplication": _product,
    "pool_matrix": matrix,
    "products": number,
    "puzzle24": _reached,
    "simple_equations": solved,
    "simple_integration": _integral,
    "spell_backward": _alike,
    "spiral_matrix": exactly,
    "string_insertion": exactly,
    "time_intervals": exactly,
    "word_sorting": _list,
}
"""By family."""
