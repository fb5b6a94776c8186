"""How an expert solves linear equations: one sum a step, worked in columns.

``7x-24=32`` is ``7x=32+24 32+24 2+4=6 3+2=5 7x=56``, then ``x=56/7 56/7=8 x=8``: what is to be
worked out, the working with sizes alone, and what is left, whose sign follows from the first part.
Two equations in two unknowns go by Cramer's rule for x, D and X in turn: the formula with its
numbers (``D=3*-5-2*4``), its products (``3*-5 =-15``), their difference. Then the first equation
tells y; where it can not, Cramer does.
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
        steps.append(_summed(write_side((a, 0, 0)), d, -b))
        d -= b
    if a != 1:
        steps.append(_divided("x", d, a))
    return steps


def two_unknowns(first: Line, second: Line) -> list[str]:
    """Steps for two lines that meet in one point."""
    (a, b, c), (d, e, f) = first, second
    det, top_x, top_y = a * e - d * b, c * e - f * b, a * f - d * c
    steps = [
        *_determinant("D", a, e, d, b),
        *_determinant("X", c, e, f, b),
        _divided("x", top_x, det),
    ]
    if not b or top_x % det:  # nothing that is easy to put in
        return [*steps, *_determinant("Y", a, f, d, c), _divided("y", top_y, det)]
    x, left = top_x // det, write_side((0, b, 0))
    product = a * x
    steps += [f"{left}={c}-{_inner(a)}*{x}", _multiplied(a, x), _summed(left, c, -product)]
    return [*steps, _divided("y", c - product, b)] if b != 1 else steps


def _determinant(name: str, p: int, q: int, r: int, s: int) -> list[str]:
    """p q - r s."""
    formula = f"{name}={p}*{q}-{_inner(r)}*{s}"
    return [formula, _multiplied(p, q), _multiplied(r, s), _summed(name, p * q, -r * s)]


def write_side(side: Line, *, first: bool = True) -> str:
    """``3x-4y+5`` of (3, -4, 5); ``first``: nothing is before it."""
    text = ""
    for n, name in zip(side, ("x", "y", ""), strict=True):
        if n:
            size = name if name and abs(n) == 1 else f"{abs(n)}{name}"
            text += ("-" if n < 0 else "" if first and not text else "+") + size
    return text or ("0" if first else "")


def _summed(left: str, a: int, b: int) -> str:
    sum_ = f"{a}-{-b}" if b < 0 else f"{a}+{b}"
    return f"{left}={sum_} {_added(a, b)} {left}={a + b}"


def _inner(n: int) -> str:
    """A number behind a minus: ``3*4--2*5`` would be hard to read."""
    return f"({n})" if n < 0 else str(n)


def _added(a: int, b: int) -> str:
    """``-6-30``: ``30+6 0+6=6 3=3``; ``24-32``: ``32-24 12-4=8 2-2=0``; ``2-5``: ``5-2=3``."""
    low, high = sorted((abs(a), abs(b)))
    if (a < 0) == (b < 0):
        return _working(f"{high}+{low}", columns.add(high, low))
    return _working(f"{high}-{low}", columns.subtract(high, low))


def _multiplied(a: int, b: int) -> str:
    """``-40*3 0*3=0 4*3=12 =-120``; of two digits ``-4*3 =-12``."""
    big, small = sorted((abs(a), abs(b)), key=lambda n: (columns.significant(n), n), reverse=True)
    if big < 10:
        working = []
    elif columns.significant(small) == 1:
        working = columns.multiply(big, small)
    else:
        working = columns.work_out(f"{big}*{small}") or []
    return " ".join([f"{a}*{b}", *working, f"={a * b}"])


def _divided(name: str, top: int, bottom: int) -> str:
    value = Fraction(top, bottom)
    asked, result = f"{name}={top}/{bottom}", f"{name}={value}"
    if value.denominator > 1 or abs(bottom) == 1:
        return f"{asked} {result}"
    a, b = abs(top), abs(bottom)
    return f"{asked} {_working(f'{a}/{b}', columns.divide(a, b))} {result}"


def _working(sum_: str, worked: list[str]) -> str:
    """A sum and its columns; one column says it all."""
    return " ".join(worked if len(worked) == 1 else [sum_, *worked])
