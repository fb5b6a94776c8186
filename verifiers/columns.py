"""Sums worked out by hand: one operation a line, digit by digit.

A line is the operation, its columns from the units up (a carry comes first; division goes from
the top down), and the whole expression after it: ``347+586 7+6=13 1+4+8=13 1+3+5=9 =933``.
"""

from __future__ import annotations

import re
from random import Random

_NUMBER = re.compile(r"-?\d+")
_INNER = re.compile(r"\((\d+)\)")
_PRODUCT = re.compile(r"(\d+)([*/])(\d+)")
_SUM = re.compile(r"(\d+)([+-])(\d+)")


def work_out(expression: str) -> list[str] | None:
    """The lines down to a number, or None where one would leave the natural numbers midway."""
    steps: list[str] = []
    while not _NUMBER.fullmatch(expression):
        if len(steps) > 30:
            return None
        step = _one_operation(expression)
        if step is None:
            return None
        steps.append(step)
        expression = result(step)
    return steps


def result(step: str) -> str:
    """What a line leaves: the expression after its last equals sign."""
    return step.rpartition(" =")[2]


def _one_operation(expression: str) -> str | None:
    """Innermost parentheses first, then products, then sums, each from the left."""
    inner = re.search(r"\(([^()]*)\)", expression)
    start, end = inner.span(1) if inner else (0, len(expression))
    part = expression[start:end]
    match = _PRODUCT.search(part) or _SUM.search(part)
    if match is None:
        return None
    operation = match[0]
    a, sign, b = int(match[1]), match[2], int(match[3])
    before, behind = part[: match.start()], part[match.end() :]
    if before.endswith("-") and sign in "+-":
        return None
    if sign == "*":
        if min(a, b) >= 10 and significant(a) > 1 and significant(b) > 1:
            return f"{operation} ={_with(expression, start, end, before, _split(a, b), behind)}"
        columns, result = multiply(a, b), a * b
    elif sign == "/":
        if b == 0 or a % b:
            return None
        columns, result = divide(a, b), a // b
    elif sign == "+":
        columns, result = add(a, b), a + b
    elif a >= b:
        columns, result = subtract(a, b), a - b
    elif expression == operation:  # a negative result is allowed only as the very end
        return f"{operation} =-({b}-{a})"
    else:
        return None
    whole = _with(expression, start, end, before, str(result), behind)
    return " ".join([operation, *columns, f"={whole}"])


def _with(expression: str, start: int, end: int, before: str, value: str, behind: str) -> str:
    whole = f"{expression[:start]}{before}{value}{behind}{expression[end:]}"
    return _INNER.sub(r"\1", whole)


def significant(n: int) -> int:
    return len(str(n).rstrip("0")) or 1


def _split(a: int, b: int) -> str:
    """``83*46`` as ``(83*6+83*40)``: one partial product for each digit of the shorter."""
    if significant(a) < significant(b):
        a, b = b, a
    digits = str(b)
    places = [(d, len(digits) - 1 - i) for i, d in enumerate(digits) if d != "0"]
    return "(" + "+".join(f"{a}*{d}{'0' * zeros}" for d, zeros in reversed(places)) + ")"


def add(a: int, b: int) -> list[str]:
    columns, carry = [], 0
    x, y = str(a)[::-1], str(b)[::-1]
    for i in range(max(len(x), len(y))):
        parts = ([1] if carry else []) + [int(n[i]) for n in (x, y) if i < len(n)]
        total = sum(parts)
        columns.append(f"{'+'.join(map(str, parts))}={total}")
        carry = total // 10
    return columns


def subtract(a: int, b: int) -> list[str]:
    columns, borrow = [], 0
    x, y = str(a)[::-1], str(b)[::-1].ljust(len(str(a)), "0")
    for top, bottom in zip(map(int, x), map(int, y), strict=True):
        top -= borrow
        borrow = int(top < bottom)
        top += 10 * borrow
        columns.append(f"{top}-{bottom}={top - bottom}")
    return columns


def multiply(a: int, b: int) -> list[str]:
    """By one significant digit; trailing zeros are left to the result."""
    if significant(a) < significant(b):
        a, b = b, a
    digit = str(b).rstrip("0") or "0"
    columns, carry = [], 0
    for d in reversed(str(a)):
        total = int(d) * int(digit) + carry
        columns.append(f"{d}*{digit}{f'+{carry}' if carry else ''}={total}")
        carry = total // 10
    return columns


def divide(a: int, b: int) -> list[str]:
    """Long division: what each place holds with the remainder before it, and how often b goes."""
    columns, rest = list[str](), 0
    for digit in str(a):
        rest = 10 * rest + int(digit)
        if rest >= b or columns:
            columns.append(f"{rest}/{b}={rest // b}")
            rest %= b
    return columns


def misprint(step: str, rng: Random) -> str:
    """One wrong digit in the result: what the value must learn to notice."""
    head, space, tail = step.rpartition(" ")
    places = [i for i, c in enumerate(tail) if c.isdigit()]
    at = rng.choice(places)
    wrong_digit = rng.choice([d for d in "123456789" if d != tail[at]])
    return f"{head}{space}{tail[:at]}{wrong_digit}{tail[at + 1 :]}"
