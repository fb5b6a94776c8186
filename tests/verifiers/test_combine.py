"""Verifiers of text, and verifiers made of verifiers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifiers import (
    Problem,
    Status,
    Verdict,
    Verifier,
    VerifierError,
    all_of,
    choice,
    exact,
    first_of,
    regex,
    verifier,
    vote,
    weighted,
)

ASKED = Problem("general", "", "?")
SCORES = st.lists(st.sampled_from([None, 0.0, 0.3, 1.0]), min_size=1, max_size=5)


def says(score: float | None, name: str = "says") -> Verifier:
    return verifier(name, isolation="trusted")(lambda answer: score)


def fails(answer: str) -> bool:
    raise ValueError("out of order")


FAILS = verifier("fails", isolation="trusted")(fails)


def score(of: Verifier) -> float | None:
    verdict = of.verify(ASKED, "x")
    assert asyncio.run(of.averify(ASKED, "x")) == verdict  # type: ignore[attr-defined]
    assert verdict.verifier == f"{of.name}@{of.version}"
    return verdict.score


def test_all_of() -> None:
    assert score(all_of(says(1.0), says(1.0))) == 1.0
    assert score(all_of(says(1.0), says(0.4), says(0.6))) == 0.4
    assert score(all_of(says(None), says(0.0))) == 0.0, "one rejection is enough"
    assert score(all_of(says(1.0), says(None))) is None
    assert all_of(says(1.0), FAILS).verify(ASKED, "x").status is Status.ERROR
    assert score(all_of(says(0.0), FAILS)) == 0.0, "nobody else is asked"


def test_first_of() -> None:
    assert score(first_of(says(None), says(0.0), says(1.0))) == 0.0
    assert score(first_of(FAILS, says(1.0))) == 1.0
    assert score(first_of(says(None), says(None))) is None


def test_weighted() -> None:
    assert score(weighted((says(1.0), 1.0), (says(0.0), 3.0))) == 0.25
    assert score(weighted((says(1.0), 0.1), (says(1.0), 0.2), (says(1.0), 0.7))) == 1.0
    assert score(weighted((says(1.0), 1.0), (says(None), 1.0))) is None
    nearly = score(weighted((says(1.0), 1e20), (says(0.0), 1e-20)))
    assert nearly is not None
    assert nearly < 1.0, "rounding never makes an answer right"
    sure = score(weighted((says(0.9999999), 1.0), (says(0.9999999), 1.0)))
    assert sure is not None
    assert sure < 1.0, "nor does printing it"


def test_vote() -> None:
    assert score(vote(says(1.0), says(1.0), says(0.0))) == 1.0
    assert score(vote(says(0.0), says(0.9), says(1.0))) == 0.0
    assert score(vote(says(1.0), says(0.0))) is None
    assert score(vote(says(1.0), says(None), says(None))) is None, "one voice is no majority"


@given(SCORES)
def test_no_combination_passes_what_nobody_passes(scores: list[float | None]) -> None:
    members = [says(s) for s in scores]
    for combined in (all_of, first_of, vote):
        if (found := combined(*members).verify(ASKED, "x").score) is not None:
            assert found < 1.0 or 1.0 in scores
    found = weighted(*((m, 0.1) for m in members)).verify(ASKED, "x").score
    assert found is None or (found == 1.0) == (set(scores) == {1.0})


def test_a_combination_is_another_one_when_a_member_changes() -> None:
    old, new = (verifier("m", version=v, isolation="trusted")(lambda answer: 1.0) for v in "12")
    assert all_of(old).name == all_of(new).name
    assert all_of(old).version != all_of(new).version
    assert weighted((old, 1.0)).version != weighted((old, 2.0)).version
    assert all_of(exact(), old).self_checking is False
    assert all_of(exact("a"), old).self_checking is True


@pytest.mark.parametrize("make", [all_of, first_of, vote, weighted])
def test_nothing_to_combine(make: Any) -> None:
    with pytest.raises(VerifierError, match="at least one"):
        make()


def test_only_verifiers_are_combined() -> None:
    with pytest.raises(VerifierError, match="found function; decorate"):
        all_of(fails)  # type: ignore[arg-type]
    with pytest.raises(VerifierError, match="weights above 0"):
        weighted((FAILS, 0.0))


# --- text


@pytest.mark.parametrize(
    ("made", "answer", "passed"),
    [
        (exact("New York"), " New  York\n", True),
        (exact("New York"), "new york", False),
        (exact("New York"), "", False),
        (choice("B"), "B", True),
        (choice("B"), " (b) ", True),
        (choice("B"), "The answer is (B).", True),
        (choice("B"), "answer: b", True),
        (choice("(3)"), "3.", True),
        (choice("B"), "A", False),
        (choice("B"), "A or B", False),
        (choice("B"), "A B C D", False),
        (choice("B"), "ABCD", False),
        (choice("B"), "B\nA", False),
        (choice("B"), "", False),
        (choice("B"), "Bananas", False),
        (choice("B"), "The answer is **B**.", True),
        (choice("B"), r"$\boxed{\text{B}}$", True),
        (choice("B"), r"\boxed{A}", False),
        (choice("S"), "ſ", False),
        (choice("I"), "ı", False),
        (regex(r"\d{4}"), "2026", True),
        (regex(r"\d{4}"), "20260", False),
        (regex(r"\d{4}"), "2026\n", False),
        (regex(r"a|b"), "ab", False),
    ],
)
def test_text(made: Verifier, answer: str, passed: bool) -> None:
    assert made.verify(ASKED, answer).passed is passed
    made.close()  # type: ignore[attr-defined]


def test_the_expected_text_may_be_the_reference() -> None:
    asked = Problem("general", "", "?", {}, "B")
    assert exact().verify(asked, "B").passed is True
    assert choice().verify(asked, "(B)").passed is True
    assert choice().verify(asked, "A").passed is False
    assert choice().verify(ASKED, "B").status is Status.UNJUDGED
    for made, empty in ((exact(), " "), (choice(), ""), (regex(), "")):
        verdict = made.verify(Problem("general", "", "?", {}, empty), "")
        assert verdict.passed is None, "whoever says nothing would be right"
        made.close()
    assert choice().verify(Problem("general", "", "?", {}, "Paris"), "B").passed is None
    assert exact("a").version != exact("b").version


def test_a_pattern_that_never_ends_is_killed() -> None:
    one = regex("(a+)+b")
    one.timeout = 0.3
    assert one.verify(ASKED, "a" * 60).status is Status.TIMEOUT
    assert one.verify(ASKED, "aab").passed is True
    one.close()


def test_text_that_can_not_be_expected() -> None:
    with pytest.raises(VerifierError, match="expected a regular expression"):
        regex("(")
    with pytest.raises(VerifierError, match="one letter"):
        choice("A or B")


def test_verdicts_compare_by_what_they_say() -> None:
    assert Verdict(1.0, seconds=1.0) == Verdict(1.0, seconds=2.0)
