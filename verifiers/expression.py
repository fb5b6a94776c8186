"""Arithmetic on text, without ever evaluating text: a whitelist parser over exact fractions.

Grammar: ``+ - * /``, parentheses, unary minus, decimal integers of at most ``MAX_DIGITS``
digits. Everything else (powers, floor division, floats, names, unicode digits) is refused.
"""

from __future__ import annotations

import re
from fractions import Fraction

MAX_DIGITS = 12
MAX_LENGTH = 2_000
MAX_DEPTH = 64
_TOKEN = re.compile(r"\s*([0-9]+|[-+*/()])", re.ASCII)
_SAME = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-"})


class ExpressionError(ValueError):
    """The text is not an expression of this grammar, or it divides by zero."""


def tokenise(text: str) -> list[str]:
    """Split into numbers and operators; raises :class:`ExpressionError` on anything else."""
    text = text.translate(_SAME).rstrip()
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"expected at most {MAX_LENGTH} characters, got {len(text)}")
    tokens, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(f"unexpected {text[position:].strip()[:10]!r}")
        if len(match[1]) > MAX_DIGITS:
            raise ExpressionError(f"expected numbers of at most {MAX_DIGITS} digits")
        tokens.append(match[1])
        position = match.end()
    return tokens


def numbers(text: str) -> list[int]:
    """The integers an expression uses, in order of appearance."""
    return [int(token) for token in tokenise(text) if token.isdigit()]


def evaluate(text: str) -> Fraction:
    """The exact value of an expression."""
    tokens = tokenise(text)
    value, rest = _sum(tokens, 0, 0)
    if rest != len(tokens):
        raise ExpressionError(f"unexpected {tokens[rest]!r}")
    return value


def _sum(tokens: list[str], at: int, depth: int) -> tuple[Fraction, int]:
    value, at = _product(tokens, at, depth)
    while at < len(tokens) and tokens[at] in "+-":
        right, after = _product(tokens, at + 1, depth)
        value = value + right if tokens[at] == "+" else value - right
        at = after
    return value, at


def _product(tokens: list[str], at: int, depth: int) -> tuple[Fraction, int]:
    value, at = _atom(tokens, at, depth)
    while at < len(tokens) and tokens[at] in "*/":
        right, after = _atom(tokens, at + 1, depth)
        if tokens[at] == "*":
            value *= right
        elif right == 0:
            raise ExpressionError("division by zero")
        else:
            value /= right
        at = after
    return value, at


def _atom(tokens: list[str], at: int, depth: int) -> tuple[Fraction, int]:
    if depth > MAX_DEPTH:
        raise ExpressionError(f"expected at most {MAX_DEPTH} nested parentheses")
    if at >= len(tokens):
        raise ExpressionError("expected a number, got the end")
    token = tokens[at]
    if token == "-":
        value, at = _atom(tokens, at + 1, depth + 1)
        return -value, at
    if token == "(":
        value, at = _sum(tokens, at + 1, depth + 1)
        if at >= len(tokens) or tokens[at] != ")":
            raise ExpressionError("expected a closing parenthesis")
        return value, at + 1
    if not token.isdigit():
        raise ExpressionError(f"expected a number, got {token!r}")
    return Fraction(int(token)), at + 1
