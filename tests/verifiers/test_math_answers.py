"""Mathematical answers: which part of a text is one, what is read at all, what is equal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifiers.extra import as_deserved, needs, verdict
from verifiers import Status, VerifierError
from verifiers.card import examine
from verifiers.function import Function
from verifiers.math_answers import EXAMPLES, judged, math_answers
from verifiers.math_text import MAX_CELLS, MAX_DEPTH, MAX_POWER, MAX_RUN, Unreadable, final


@pytest.fixture(scope="module")
def by_library() -> Iterator[Function]:
    made = math_answers()
    yield made
    made.close()


# --- which part is the answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("5", "5"),
        ("The final answer is: $5$.", "5"),
        (r"\(\frac12\)", r"\frac12"),
        (r"\boxed{4}, then\n" + "\n" + r"\boxed{5}.", "5"),
        (r"It is $\boxed{\frac{1}{2}}$, as I said.", r"\frac{1}{2}"),
        (r"\boxed{5} and so \boxed{6}", "5, 6"),
        (r"\boxed{\boxed{5}}", "{5}"),
        (r"\fbox{5}", "5"),
        (r"<think>\boxed{4}</think> \boxed{5}", "5"),
        (r"\boxed{4}</think>5", "5"),
        (r"\boxed{1{,}000}", "1000"),
        (r"\boxed{−5}", "-5"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
    ],
)
def test_the_answer_of_a_text(text: str, answer: str) -> None:
    assert final(text) == answer


@pytest.mark.parametrize(
    "text",
    [
        "",
        r"\boxed{}",
        r"\boxed{5",
        r"\boxed{5} but \boxed{6",
        r"<think>\boxed{5}",
        r"<think>\boxed{5}</think>",
        r"\boxed{5}</think>",
        r"not \boxed{5}",
        r"It isn't $\boxed{5}$",
        "5\n6",
        "٥",
        "5\u200b",
        r"5 \approx 5",
        r"0.333\ldots",
        "1 2",
    ],
)
def test_a_text_without_an_answer(text: str) -> None:
    with pytest.raises(Unreadable):
        final(text)


def test_the_last_box_survives_a_flood_of_earlier_ones() -> None:
    assert final("\\boxed{4}\n" * 90_000 + r"\boxed{5}") == "5"


# --- what is too large to be looked at


@pytest.mark.parametrize(
    "text",
    [
        "9" * (MAX_RUN + 1),
        "+".join(["1" * 200] * 11),
        "(" * (MAX_DEPTH + 1) + "1" + ")" * (MAX_DEPTH + 1),
        "-" * 200 + "1",
        f"2^{{{MAX_POWER + 1}}}",
        f"{MAX_POWER + 1}!",
        "9!!!!",
        "(9!)!",
        "9^{9^{9}}",
        "9^9^9",
        "9^{9}^{9}",
        "{9^{99}}^{999}",
        "9**9",
        "&".join(["1"] * (MAX_CELLS + 2)),
        r"\sum_{n=1}^{9} n",
        r"\int_0^1 x",
        "x" * 5_000,
        "\\boxed{" + "x" * 5_000 + "}",
    ],
)
def test_a_cap(text: str) -> None:
    with pytest.raises(Unreadable):
        final(text)


@given(st.text(max_size=300) | st.text(alphabet="\\boxed{}()[]^!_ 0123456789.,$x\n<>/think"))
def test_no_text_raises_anything_else(text: str) -> None:
    with suppress(Unreadable):
        assert final(text).isascii()


# --- numbers, which need no library


@given(st.fractions(max_denominator=999), st.sampled_from("0123456789/-.%"), st.integers(0, 30))
def test_a_mutated_number_passes_only_if_it_is_the_same(
    number: Fraction, character: str, place: int
) -> None:
    text = str(number)
    assert judged(text, text).passed is True
    place %= len(text)
    mutated = text[:place] + character + text[place + 1 :]
    try:
        found = Fraction(mutated.rstrip("%")) / (100 if mutated.endswith("%") else 1)
    except (ValueError, ZeroDivisionError):
        found = None
    if found is not None or set(mutated) <= set("0123456789"):
        assert judged(mutated, text).passed is (found == number)


@pytest.mark.parametrize(
    ("answer", "reference", "passed"),
    [
        ("0.50", "1/2", True),
        (r"\frac12", "0.5", True),
        ("1,000", "1000", True),
        ("50%", "0.5", True),
        ("50%", "50", False),
        ("0.333333", "1/3", False),
        ("1/0", "1", False),
        ("5e0", "5", False),
        ("(B)", "B", True),
        (r"\text{Yes}", "yes", True),
        ("yes or no", "yes", False),
    ],
)
def test_numbers_and_words(answer: str, reference: str, passed: bool) -> None:
    assert judged(answer, reference).passed is passed


def test_a_reference_that_is_no_mathematics_judges_nobody() -> None:
    assert judged("5", r"\sum_{n=1}^9 n").status is Status.UNJUDGED
    with pytest.raises(VerifierError, match="expected a mathematical answer"):
        math_answers("")


# --- the library, which is not left alone


@needs("math")
@pytest.mark.parametrize(("asked", "answer", "score"), EXAMPLES)
def test_an_example(by_library: Function, asked: Any, answer: str, score: float) -> None:
    assert as_deserved(by_library, asked, answer, score)


@needs("math")
@pytest.mark.parametrize(
    ("answer", "reference", "passed"),
    [
        (r"\sqrt{2} + 1", r"1 + \sqrt2", True),
        ("1.41421356237309504880168872420969807", r"\sqrt{2}", False),
        (r"10^{-30}", r"10^{-31}", False),
        ("6.283185307", r"2\pi", False),
        ("y = 5x", "y = 5x", True),
        ("x = 5", "y = 5", False),
        ("x = y = 5", "5 + z", False),
        ("(1, 2)", "1, 2", False),
        ("2, 1", "1, 2", True),
        ("(2, 1)", "(1, 2)", False),
        (r"(-\infty, 3] \cup [5, \infty)", r"[5,\infty)\cup(-\infty,3]", True),
        (r"(-\infty, 3) \cup [5, \infty)", r"[5,\infty)\cup(-\infty,3]", False),
        (r"(1+2i)(1-2i)", "5", True),
        (r"2i + 3", "3 + 2i", True),
        (r"e^{i\pi}", "-1", True),
        (r"3 - 2i", "3 + 2i", False),
        (r"\frac{1}{2}x", "x/2", True),
        ("2x or 3x", "2x", False),
        ("12_3", "12", False),
        ("12_{13}", "12", False),
        (r"1011_{2}", "1011_2", True),
        ("1011", "1011_2", True),
        ("1011_3", "1011_2", False),
        ("12:30", "12:30", True),
        ("12/30", "12:30", False),
        ("0:45", "0:30", False),
        (r"12 \text{ is wrong, 13}", "12", False),
        (r"12 \text{ is not it}", "12", False),
        (r"12 \text{ apples}", "12", True),
        ("x = 1, x = 2", r"\{1, 2\}", True),
        (r"x_1 = 2 \text{ or } x_2 = 1", r"\{1, 2\}", True),
        ("x = 1, y = 2", r"\{1, 2\}", False),
        ("x = 1, x = 3", r"\{1, 2\}", False),
        ("x = (1, 2)", "(1, 2)", True),
        (r"5 \text{ km/h}", r"5 \text{ km}", False),
        (r"5 \text{ m}", r"5 \text{ km}", False),
        (r"5 \text{ cm}^3", r"5 \text{ cm}^2", False),
        (r"5 cm^2", r"5 \text{ cm}^{2}", True),
        (r"\varnothing", r"\emptyset", True),
        ("25", r"5 \text{ cm}^2", False),
        ("5", r"5 \text{ cm}^2", True),
        ("5x", r"5 \text{ apples}", False),
        ("5 apples", r"5 \text{ apples}", True),
        ("2a", "A + a", False),
        ("a + A", "A + a", True),
        ("X^2 + 1", "x^2 + 1", False),
        (r"1, 2 \text{ and } 3", "3, 1, 2", True),
        (r"1 \text{ or } 2", "1, 2", False),
    ],
)
def test_what_is_equal(by_library: Function, answer: str, reference: str, passed: bool) -> None:
    found = verdict(by_library, {"question": "?", "reference": reference}, answer)
    assert found.passed is passed, found


@needs("math")
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_card() -> None:
    card = asyncio.run(examine(math_answers()))
    assert [check for check in card.checks if not check.passed] == []
