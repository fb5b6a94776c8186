"""How an expert solves linear equations: one sum a step, worked in columns.

``7x-24=32`` is ``7x=32+24 32+24 2+4=6 3+2=5 =56 7x=56``, then ``x=56/7 56/7 56/7=8 =8 x=8``: what
is to be worked out, the working with sizes alone, and what is left, whose sign follows from the
first part. Two equations in two unknowns go by Cramer's rule, D, X and Y in turn: the formula with
its numbers (``D=3*-5-2*4``), its products (``3*-5 3*5=15 =-15``) and their difference.
"""

from __future__ import annotations

from fractions import Fraction

from . import columns

Line = tuple[int, int, int]  # a x + b y = c


def one_unknown(a: int, b: int, c: int, d: int) -> list[str]:
    """Steps for a x + b = c x + d, where a is not c."""
    steps = []
    if c:
        rest = write_side((0, 0, b), first=False)
        gathered = write_side((a, 0, 0)) + write_side((-c, 0, 0), first=False)
        working = _added(a, -c)
        a -= c
        left = write_side((a, 0, 0)) + rest
        steps.append(f"{gathered}{rest}={d} {working} {left}={d}")
    if b:
        left, sum_, working = write_side((a, 0, 0)), _sum(d, -b), _added(d, -b)
        d -= b
        steps.append(f"{left}={sum_} {working} {left}={d}")
    if a != 1:
        steps.append(_divided("x", d, a))
    return steps


def two_unknowns(first: Line, second: Line) -> list[str]:
    """Steps for two lines that meet in one point."""
    (a, b, c), (d, e, f) = first, second
    steps, found = [], []
    for name, factors in (("D", (a, e, d, b)), ("X", (c, e, f, b)), ("Y", (a, f, d, c))):
        p, q, r, s = factors
        one, other = p * q, r * s
        steps += [
            f"{name}={p}*{q}-{_inner(r)}*{s}",
            _multiplied(p, q),
            _multiplied(r, s),
            f"{name}={_sum(one, -other)} {_added(one, -other)} {name}={one - other}",
        ]
        found.append(one - other)
    det, x, y = found
    return [*steps, _divided("x", x, det), _divided("y", y, det)]


def write_side(side: Line, *, first: bool = True) -> str:
    """``3x-4y+5`` of (3, -4, 5); ``first``: nothing is before it."""
    text = ""
    for n, name in zip(side, ("x", "y", ""), strict=True):
        if n:
            size = name if name and abs(n) == 1 else f"{abs(n)}{name}"
            text += ("-" if n < 0 else "" if first and not text else "+") + size
    return text or ("0" if first else "")


def _sum(a: int, b: int) -> str:
    return f"{a}-{-b}" if b < 0 else f"{a}+{b}"


def _inner(n: int) -> str:
    """A number behind a minus: ``3*4--2*5`` would be hard to read."""
    return f"({n})" if n < 0 else str(n)


def _added(a: int, b: int) -> str:
    """``-6-30``: ``30+6 0+6=6 3=3 =36``; ``24-32``: ``32-24 12-4=8 2-2=0 =8``."""
    low, high = sorted((abs(a), abs(b)))
    if (a < 0) == (b < 0):
        return " ".join([f"{high}+{low}", *columns.add(high, low), f"={high + low}"])
    return " ".join([f"{high}-{low}", *columns.subtract(high, low), f"={high - low}"])


def _multiplied(a: int, b: int) -> str:
    """``-40*3 0*3=0 4*3=12 =-120``."""
    big, small = sorted((abs(a), abs(b)), key=lambda n: (columns.significant(n), n), reverse=True)
    if columns.significant(small) == 1:
        working = columns.multiply(big, small)
    else:
        working = columns.work_out(f"{big}*{small}") or []
    return " ".join([f"{a}*{b}", *working, f"={a * b}"])


def _divided(name: str, top: int, bottom: int) -> str:
    value = Fraction(top, bottom)
    result = f"{name}={value}"
    if value.denominator > 1 or abs(bottom) == 1:
        return f"{name}={top}/{bottom} {result}"
    a, b = abs(top), abs(bottom)
    return " ".join([f"{name}={top}/{bottom} {a}/{b}", *columns.divide(a, b), f"={a // b}", result])
