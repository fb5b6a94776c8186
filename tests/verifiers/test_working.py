"""Proofreading: experts' steps are true, a misprint anywhere is not, and nor is a lucky line."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from verifiers import Proofreader, domain, recognise

FAMILIES = ("arithmetic", "equations")


@given(st.sampled_from(FAMILIES), st.integers(0, 10_000))
def test_an_expert_makes_no_mistake_and_a_slip_is_one(name: str, seed: int) -> None:
    family = domain(name)
    assert isinstance(family, Proofreader)
    rng = Random(seed)
    problem = family.generate(rng, rng.choice(family.levels))
    steps = tuple(step.text for step in family.demonstrate(problem, rng))
    assert family.sound(problem, steps)
    slipped = tuple(step.text for step in family.demonstrate(problem, rng, slip=1.0))
    assume(not {"0*", "*0"} & {slipped[-1][i : i + 2] for i in range(len(slipped[-1]))})
    assert not family.sound(problem, slipped)  # nothing times another digit is still nothing


@pytest.mark.parametrize(
    ("question", "steps", "sound"),
    [
        ("Solve 7x - 24 = 32", ["7x=32+24 32+24 2+4=6 3+2=5 7x=56", "x=56/7 56/7=8 x=8"], True),
        ("Solve 7x - 24 = 32", ["7x=32+24 24+32 4+2=6 2+3=5 7x=56"], True),  # another way round
        ("Solve 7x - 24 = 32", ["7x=32+24 32+24 2+4=6 3+2=6 7x=56"], False),  # a column
        ("Solve 7x - 24 = 32", ["7x=32-24 32+24 2+4=6 3+2=5 7x=56"], False),  # a sign
        ("Solve 7x - 24 = 32", ["x=8 7/0=1"], False),
        ("Solve 7x - 24 = 32", ["x=8 z=3"], False),
        ("Solve 7x - 24 = 32", ["x=8 7x="], False),
        ("Solve x + y = 3, x - y = 1", ["D=1*-1-1*1", "1*-1 =-1", "D=-2", "X=-4", "Y=-2"], True),
        ("Solve x + y = 3, x - y = 1", ["D=2"], False),
        ("Solve x + y = 3, x - y = 1", ["1*-1 =1"], False),
        ("What is 505*31+115?", ["505*31 =(505*1+505*30)+115"], True),
        ("What is 505*31+115?", ["505*31 =(5055+15150)+115"], False),  # and goes on rightly
        ("What is 12+15?", ["12+15 2+5=7 1+1=2 =-27"], False),
        ("What is 12+15?", ["12+15 2+5=7 1+1=2 =27"], True),
    ],
)
def test_every_sum_counts(question: str, steps: list[str], sound: bool) -> None:
    problem = recognise(question)
    family = domain(problem.domain)
    assert isinstance(family, Proofreader)
    assert family.sound(problem, tuple(steps)) is sound


@given(
    st.sampled_from(["Solve 7x - 24 = 32", "What is 12+15?"]),
    st.text("0123=+-*/() xDé", max_size=40),
)
def test_no_step_breaks_it(question: str, step: str) -> None:
    problem = recognise(question)
    family = domain(problem.domain)
    assert isinstance(family, Proofreader)
    family.sound(problem, (step,))
