"""Models by z3: values are put in and worked out; claims count for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.verifiers.extra import as_deserved, needs, verdict
from verifiers import Problem, Status
from verifiers.card import examine
from verifiers.constraints import EXAMPLES, smt
from verifiers.function import Function

pytestmark = needs("smt")


@pytest.fixture(scope="module")
def by_z3() -> Iterator[Function]:
    made = smt()
    yield made
    made.close()


def asked(constraints: str) -> dict[str, str]:
    return {"question": "Which values?", "constraints": constraints}


@pytest.mark.parametrize(("problem", "answer", "score"), EXAMPLES)
def test_an_example(by_z3: Function, problem: Any, answer: str, score: float) -> None:
    assert as_deserved(by_z3, problem, answer, score)


INT = "(declare-const x Int) (assert (> x 5))"


@pytest.mark.parametrize(
    "answer",
    [
        "(model (define-fun x () Int 6))",
        "x=6",
        "|x| = 6",
        "x = 6;",
        "x = 6/1",
        "x = 6.0",
        "x = +6.",
        "sat\n(\n  (define-fun x () Int\n    6)\n)",
        "```\nx = 6\n```",
        "```smt2\n(define-fun x () Int 6)\n```",
    ],
)
def test_a_model_may_be_written_so(by_z3: Function, answer: str) -> None:
    assert verdict(by_z3, asked(INT), answer).passed is True


@pytest.mark.parametrize(
    "answer",
    [
        "sat",
        "x > 5",
        "x = 6 or x = 7",
        "x = y",
        "x = 6 + 1",
        "x = 6e0",
        "x = ٦",
        "x = 6/0",
        "x = " + "9" * 400,
        "(define-fun x () Int (ite true 6 6))",
        "(define-fun x ((y Int)) Int 6)",
        "(define-fun x () Int 6",
        "(assert false)",
        "(define-fun x () Int 6) (assert false)",
        "unknown",
        "sat x = 6",
        "unsat\n(define-fun x () Int 6)",
        "x = 6..",
        "x = +-6",
        "x = 6 and x = 7",
        "```\nx = 6\n```\nx = 7",
    ],
)
def test_nothing_else_is_a_model(by_z3: Function, answer: str) -> None:
    assert verdict(by_z3, asked(INT), answer).passed is False


@pytest.mark.parametrize(
    "constraints",
    [
        "(declare-fun f (Int) Int) (assert (= (f 1) 2))",
        "(declare-const a (Array Int Int)) (assert (= (select a 0) 1))",
        "(declare-const x Int) (assert (> x 5)) (minimize x)",
        "(declare-const x Int)",
    ],
)
def test_what_can_not_be_put_in_is_not_judged(by_z3: Function, constraints: str) -> None:
    assert verdict(by_z3, asked(constraints), "x = 6").status is Status.UNJUDGED


def test_values_may_be_joined_and_signed(by_z3: Function) -> None:
    two = "(declare-const x Int) (declare-const r Real) (assert (= (* x r) (- 1.5)))"
    for answer in ("x = −3 and r = 1/2", "r = (/ 1.0 2.0), x = -3", "x = 3; r = (- (/ 1 2))."):
        assert verdict(by_z3, asked(two), answer).passed is True, answer
    assert verdict(by_z3, asked(two), "x = 3 and r = 1/2").passed is False


def test_constraints_that_can_not_be_read_are_an_error(by_z3: Function) -> None:
    assert verdict(by_z3, asked("(assert"), "x = 6").status is Status.ERROR


def test_what_z3_can_not_tell_is_not_judged(by_z3: Function) -> None:
    cubes = (
        "(declare-const x Int) (declare-const y Int) (declare-const z Int)"
        "(assert (= (+ (* x x x) (* y y y) (* z z z)) 114))"
    )
    assert verdict(by_z3, asked(cubes), "unsat").score is None


def test_one_set_of_constraints_for_every_problem() -> None:
    made = smt(INT)
    assert made.verify(Problem("general", "", "?"), "x = 6").passed is True
    assert made.verify(Problem("general", "", "?"), "x = 5").passed is False
    made.close()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(*[st.integers(-9, 9)] * 3), min_size=1, max_size=3), st.data())
def test_a_model_passes_only_if_exact_arithmetic_agrees(
    by_z3: Function, rows: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    planted = {name: data.draw(st.integers(-20, 20)) for name in "xy"}
    text = "(declare-const x Int) (declare-const y Int)"
    for a, b, slack in rows:
        bound = a * planted["x"] + b * planted["y"] - abs(slack)
        text += f"(assert (>= (+ (* {_smt(a)} x) (* {_smt(b)} y)) {_smt(bound)}))"
    other = {**planted, data.draw(st.sampled_from("xy")): data.draw(st.integers(-20, 20))}
    for values in (planted, other):
        holds = all(
            a * values["x"] + b * values["y"] >= a * planted["x"] + b * planted["y"] - abs(slack)
            for a, b, slack in rows
        )
        answer = ", ".join(f"{name} = {value}" for name, value in values.items())
        assert verdict(by_z3, asked(text), answer).passed is holds


def _smt(number: int) -> str:
    return str(number) if number >= 0 else f"(- {-number})"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_card() -> None:
    card = asyncio.run(examine(smt()))
    assert [check for check in card.checks if not check.passed] == []
