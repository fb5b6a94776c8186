"""Equations worked in columns: every line is true, and the last ones solve what was asked."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from verifiers import domain
from verifiers.elimination import one_unknown, two_unknowns
from verifiers.expression import evaluate
from verifiers.linear import read_linear

small = st.integers(-99, 99)


def left(step: str) -> str:
    """The equation that a step leaves."""
    return step.rpartition(" ")[2]


def columns_hold(step: str) -> bool:
    """``7x=32+24 32+24 2+4=6 3+2=5 7x=56``: 2+4 is 6 and 3+2 is 5."""
    working = step.split(" ")[1:-1]
    if any("(" in part for part in working):  # a product of long numbers, worked as arithmetic is
        return True
    pairs = [part.partition("=")[::2] for part in working if "=" in part]
    return all(int(evaluate(sum_)) == int(value) for sum_, value in pairs)  # quotients leave a rest


@given(small, small, small, small)
def test_one_unknown(a: int, b: int, c: int, d: int) -> None:
    assume(a != c and (a != 1 or b or c))
    x, steps = Fraction(d - b, a - c), one_unknown(a, b, c, d)
    assert left(steps[-1]) == f"x={x}"
    for step in steps:
        for equation in (step.partition(" ")[0], left(step)):
            one, other = (read_linear(side) for side in equation.split("="))
            assert one is not None
            assert other is not None
            values = [form.get("x", Fraction(0)) * x + form.get("", 0) for form in (one, other)]
            assert values[0] == values[1], step
        assert columns_hold(step), step


@given(*[small] * 6)
def test_two_unknowns(a: int, b: int, c: int, d: int, e: int, f: int) -> None:
    det = a * e - d * b
    assume(det)
    steps = two_unknowns((a, b, c), (d, e, f))
    assert f"x={Fraction(c * e - f * b, det)}" in map(left, steps)
    assert left(steps[-1]) == f"y={Fraction(a * f - d * c, det)}"
    for step in steps:
        assert columns_hold(step), step


def test_as_the_model_reads_it() -> None:
    assert one_unknown(7, -24, 0, 32) == ["7x=32+24 32+24 2+4=6 3+2=5 7x=56", "x=56/7 56/7=8 x=8"]
    assert one_unknown(2, 3, 5, -9) == [
        "2x-5x+3=-9 5-2=3 -3x+3=-9",
        "-3x=-9-3 9+3=12 -3x=-12",
        "x=-12/-3 12/3=4 x=4",
    ]
    steps = two_unknowns((3, 4, 10), (2, -5, -1))
    assert steps == [
        "D=3*-5-2*4",
        "3*-5 =-15",
        "2*4 =8",
        "D=-15-8 15+8 5+8=13 1+1=2 D=-23",
        "X=10*-5-(-1)*4",
        "10*-5 0*5=0 1*5=5 =-50",
        "-1*4 =-4",
        "X=-50+4 50-4 10-4=6 4-0=4 X=-46",
        "x=-46/-23 46/23=2 x=2",
        "4y=10-3*2",
        "3*2 =6",
        "4y=10-6 10-6 10-6=4 0-0=0 4y=4",
        "y=4/4 4/4=1 y=1",
    ]


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_an_expert_is_right_and_a_slip_is_not_taught(level: int) -> None:
    family, rng = domain("equations"), Random(level)
    for _ in range(300):
        problem = family.generate(rng, level)
        steps = family.demonstrate(problem, rng)
        found = family.answer(problem, tuple(step.text for step in steps))
        assert found is not None
        assert family.verify(problem, found).passed
        *_, last = family.demonstrate(problem, rng, 1.0)
        assert (last.teach, last.good) == (False, False)
        assert last.text not in [step.text for step in steps]
        assert not last.text.startswith(" ")


def test_lines_turned_round_are_the_same_problem() -> None:
    family = domain("equations")
    ways = ("2x+3y=7, x-y=1", "x-y=1, 2x+3y=7", "-2x-3y=-7, y-x=-1")
    asked = [problem for way in ways if (problem := family.recognise(way))]
    assert len(asked) == len(ways)
    assert len({family.canonical(problem) for problem in asked}) == 1
