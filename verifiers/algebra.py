"""Algebra in Python's notation as sympy has it, without ever evaluating text.

The text is parsed, every node is compared with a whitelist, and the tree is built from that.
Needs sympy; belongs into a process that can be killed, as what is built may be slow to simplify.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import Any

MAX_LENGTH = 2_000  # characters
MAX_NODES = 500
MAX_POWER = 1_000  # of an exponent that is a number
MAX_DIGITS = 40  # of one number
FUNCTIONS = (
    *("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"),
    *("exp", "log", "ln", "sqrt", "sec", "csc", "cot"),
)
CONSTANTS = ("pi", "E")


class AlgebraError(ValueError):
    """The text is no expression of this grammar. The message says what was found."""


def algebra(text: str, symbols: Collection[str]) -> Any:
    """A sympy expression in ``symbols``. Raises :class:`AlgebraError`."""
    import sympy

    text = text.strip()
    if len(text) > MAX_LENGTH:
        raise AlgebraError(f"{len(text):,} characters")
    try:
        tree = ast.parse(text, mode="eval").body
        if sum(1 for _ in ast.walk(tree)) > MAX_NODES:
            raise AlgebraError(f"more than {MAX_NODES} parts")
        return _built(sympy, tree, symbols)
    except (SyntaxError, ValueError, RecursionError, MemoryError, ArithmeticError) as error:
        if isinstance(error, AlgebraError):
            raise
        raise AlgebraError(f"{text[:60]!r}") from None


def _built(sympy: Any, node: ast.expr, symbols: Collection[str]) -> Any:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            digits = repr(value)
            if len(digits) > MAX_DIGITS or not set(digits) <= set("0123456789."):
                raise AlgebraError(f"the number {digits[:60]}")
            return sympy.Rational(digits)
        case ast.Name(id=name) if name in symbols:
            return sympy.Symbol(name)
        case ast.Name(id=name) if name in CONSTANTS:
            return getattr(sympy, name)
        case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]) if name in FUNCTIONS:
            return getattr(sympy, name)(_built(sympy, inner, symbols))
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_built(sympy, inner, symbols)
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            return _built(sympy, inner, symbols)
        case ast.BinOp(left=left, op=op, right=right):
            return _joined(op, _built(sympy, left, symbols), _built(sympy, right, symbols))
    raise AlgebraError(f"{ast.unparse(node)[:60]!r}")


def _joined(op: ast.operator, left: Any, right: Any) -> Any:
    match op:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div() if not right.is_zero:
            return left / right
        case ast.Pow() if not right.is_number or (right.is_Rational and _small(right)):
            return left**right
    raise AlgebraError(f"{type(op).__name__} with {str(right)[:40]}")


def _small(power: Any) -> bool:
    return bool(abs(power.p) <= MAX_POWER and power.q <= MAX_POWER)
