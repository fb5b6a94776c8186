"""Linear expressions as people write them: ``3(x + 2) - y/2``."""

from __future__ import annotations

import re
from fractions import Fraction

Form = dict[str, Fraction]
"""Unknown (one letter) -> its coefficient; the constant is under ``""``. No zeros."""

MAX_LENGTH = 200  # characters; bounds the depth of parentheses, too
_TOKEN = re.compile(r"\s*(\d{1,9}(?:\.\d{1,6})?(?![\d.])|[a-z](?![a-z])|[-+*/()])", re.ASCII)


def read_linear(text: str) -> Form | None:
    """The form of an expression in lower case; None when it is not one, or not linear."""
    tokens: list[str] = []
    at = 0
    text = text.rstrip()
    while at < len(text) <= MAX_LENGTH:
        match = _TOKEN.match(text, at)
        if match is None:
            return None
        tokens.append(match[1])
        at = match.end()
    try:
        form, rest = _sum(tokens, 0)
    except _NotLinear:
        return None
    return form if rest == len(tokens) else None


class _NotLinear(ValueError):
    pass


def _sum(tokens: list[str], at: int) -> tuple[Form, int]:
    total, at = _product(tokens, at)
    while at < len(tokens) and tokens[at] in "+-":
        sign = 1 if tokens[at] == "+" else -1
        term, at = _product(tokens, at + 1)
        total = _plus(total, term, sign)
    return total, at


def _product(tokens: list[str], at: int) -> tuple[Form, int]:
    product, at = _factor(tokens, at)
    while at < len(tokens):
        token = tokens[at]
        if token == "/":
            right, at = _factor(tokens, at + 1)
            if right.keys() != {""}:
                raise _NotLinear
            product = _times(product, {"": 1 / right[""]})
        elif token == "*" or token == "(" or token.isalpha():  # 2x and 3(x + 1) leave it out
            right, at = _factor(tokens, at + (token == "*"))
            product = _times(product, right)
        else:
            break
    return product, at


def _factor(tokens: list[str], at: int) -> tuple[Form, int]:
    if at >= len(tokens):
        raise _NotLinear
    token = tokens[at]
    if token in "+-":
        form, at = _factor(tokens, at + 1)
        return _times(form, {"": Fraction(-1 if token == "-" else 1)}), at
    if token == "(":
        form, at = _sum(tokens, at + 1)
        if at >= len(tokens) or tokens[at] != ")":
            raise _NotLinear
        return form, at + 1
    if token.isalpha():
        return {token: Fraction(1)}, at + 1
    if token in "*/)":
        raise _NotLinear
    return ({"": Fraction(token)} if Fraction(token) else {}), at + 1


def _plus(a: Form, b: Form, sign: int) -> Form:
    total = {name: a.get(name, Fraction(0)) + sign * b.get(name, Fraction(0)) for name in a | b}
    return {name: value for name, value in total.items() if value}


def _times(a: Form, b: Form) -> Form:
    if a.keys() - {""} and b.keys() - {""}:
        raise _NotLinear
    constant, form = (b, a) if a.keys() - {""} else (a, b)
    factor = constant.get("", Fraction(0))
    return {name: value * factor for name, value in form.items() if factor}
