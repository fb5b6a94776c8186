"""``@verifier``: what it accepts, what it injects, what it makes of what comes back."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifiers import Problem, Status, Verdict, Verifier, VerifierError, domains, judge, verifier
from verifiers.function import Function
from verifiers.judge import AsyncVerifier, ajudge

ASKED = Problem("chess", "chess e4\n", "Mate?", {"fen": "8/8", "moves": (1, 2)}, None, 3)
WITH = Problem("chess", "chess e4\n", "Mate?", {"fen": "8/8", "moves": (1, 2)}, "Qh7#", 3)


def trusted(function: Any, **terms: Any) -> Function:
    return verifier(isolation="trusted", **terms)(function)  # type: ignore[no-any-return]


def said(value: object) -> Verdict:
    return trusted(lambda answer: value).verify(ASKED, "x")


def test_every_domain_is_a_verifier_and_so_is_a_function() -> None:
    assert all(isinstance(family, Verifier) for family in domains())
    one = trusted(lambda answer: True)
    assert isinstance(one, Verifier)
    assert isinstance(one, AsyncVerifier)


def test_bare_named_and_still_a_function() -> None:
    @verifier
    def even(answer: str) -> bool:
        """Says whether a number is even."""
        return int(answer) % 2 == 0

    @verifier("mate-in-two", timeout=2.0, version="3")
    def mate(answer: str) -> bool:
        return True

    assert (even.name, even.version, even.isolation) == ("even", "1", "process")
    assert (mate.name, mate.version, mate.timeout) == ("mate-in-two", "3", 2.0)
    assert even("24") is True
    assert even(answer="7") is False
    assert even.__doc__ == "Says whether a number is even."


@pytest.mark.parametrize(
    ("value", "score"), [(True, 1.0), (False, 0.0), (0.25, 0.25), (1.0, 1.0), (0.0, 0.0)]
)
def test_scores(value: object, score: float) -> None:
    verdict = said(value)
    assert (verdict.status, verdict.score) == (Status.JUDGED, score)
    assert type(verdict.score) is float


def test_none_is_not_judged_and_a_verdict_is_kept() -> None:
    assert (said(None).status, said(None).passed) == (Status.UNJUDGED, None)
    verdict = said(Verdict(0.5, reason="half"))
    assert (verdict.score, verdict.reason, verdict.verifier) == (0.5, "half", "verifier@1")


@pytest.mark.parametrize(
    "value",
    [1, 0, -1, 2.0, -0.1, math.nan, math.inf, -math.inf, "1", "", [], (True,), 1j, object()],
)
def test_what_is_no_verdict_is_an_error_and_never_wrong(value: object) -> None:
    verdict = said(value)
    assert (verdict.status, verdict.score, verdict.passed) == (Status.ERROR, None, None)
    assert "expected a bool, a float in [0, 1], None or a Verdict" in verdict.reason
    assert type(value).__name__ in verdict.reason


@given(st.one_of(st.floats(), st.integers(), st.text(), st.none(), st.binary(), st.booleans()))
def test_any_value_gives_a_sound_verdict(value: object) -> None:
    verdict = said(value)
    assert (verdict.score is not None) == (verdict.status is Status.JUDGED)
    assert verdict.score is None or 0.0 <= verdict.score <= 1.0


@pytest.mark.parametrize("error", [ValueError("no"), KeyError(), RecursionError(), SystemExit(0)])
def test_what_it_raises_is_an_error(error: BaseException) -> None:
    def fails(answer: str) -> bool:
        raise error

    verdict = trusted(fails).verify(ASKED, "x")
    assert (verdict.status, verdict.score) == (Status.ERROR, None)
    assert type(error).__name__ in verdict.reason


def test_arguments_come_by_name() -> None:
    seen: dict[str, object] = {}

    def check(
        answer: str,
        problem: Problem,
        question: str,
        prompt: str,
        domain: str,
        level: int,
        fen: str,
        *,
        moves: tuple[int, ...],
        depth: int = 7,
        reference: str | None = None,
    ) -> bool:
        seen.update(locals())
        return True

    assert trusted(check).verify(ASKED, "Qh7#").passed
    del seen["seen"]
    assert seen == {
        "answer": "Qh7#",
        "problem": ASKED,
        "question": "Mate?",
        "prompt": "chess e4\n",
        "domain": "chess",
        "level": 3,
        "fen": "8/8",
        "moves": (1, 2),
        "depth": 7,
        "reference": None,
    }
    trusted(check).verify(WITH, "x")
    assert seen["reference"] == "Qh7#"


def test_without_a_reference_nothing_is_judged() -> None:
    one = trusted(lambda answer, reference: answer == reference)
    assert one.self_checking is False
    assert one.verify(ASKED, "Qh7#").status is Status.UNJUDGED
    assert one.verify(WITH, "Qh7#").passed is True
    assert one.verify(WITH, "x").passed is False


def test_a_field_that_the_problem_lacks_gives_no_verdict() -> None:
    verdict = trusted(lambda answer, board: True).verify(ASKED, "x")
    assert verdict.status is Status.UNJUDGED
    assert "'board'" in verdict.reason
    assert "fen, moves" in verdict.reason


@pytest.mark.parametrize(
    ("function", "hint"),
    [
        (lambda: True, "a parameter named answer"),
        (lambda anwser: True, "a parameter named answer"),
        (lambda answer, *more: True, "'*more'"),
        (lambda answer, **more: True, "'**more'"),
        (lambda answer, /: True, "parameters that can be given by name"),
        (max, "a readable signature"),
    ],
)
def test_a_signature_that_can_not_be_injected_is_one_clear_error(function: Any, hint: str) -> None:
    with pytest.raises(VerifierError, match=None) as raised:
        verifier(function)
    assert hint in str(raised.value)
    assert "\n" not in str(raised.value)
    assert "found" in str(raised.value)


@pytest.mark.parametrize(
    "terms",
    [
        {"timeout": 0},
        {"timeout": -1.0},
        {"timeout": math.nan},
        {"timeout": math.inf},
        {"timeout": "2"},
        {"timeout": True},
        {"memory": 1},
        {"memory": 2.5},
        {"memory": "1G"},
        {"isolation": "none"},
        {"version": 1},
        {"version": ""},
        {"version": "1@2"},
    ],
)
def test_terms_that_make_no_sense(terms: dict[str, Any]) -> None:
    with pytest.raises(VerifierError, match=r"expected .* found"):
        verifier("named", **terms)(lambda answer: True)


@pytest.mark.parametrize("name", ["", "two words", "a@1", "a:b", "./a", "-a", "ä"])
def test_names_that_could_not_be_asked_for(name: str) -> None:
    with pytest.raises(VerifierError, match="expected a name"):
        verifier(name)(lambda answer: True)


def test_a_trusted_async_function_has_a_deadline_everywhere() -> None:
    async def check(answer: str) -> bool:
        await asyncio.sleep(3600 if answer == "hang" else 0)
        return answer == "right"

    one = trusted(check, timeout=0.05)
    assert one.verify(ASKED, "right").passed is True
    assert one.verify(ASKED, "hang").status is Status.TIMEOUT

    async def inside() -> tuple[Verdict, Verdict]:
        return one.verify(ASKED, "right"), await one.averify(ASKED, "hang")

    first, second = asyncio.run(inside())
    assert first.passed is True
    assert second.status is Status.TIMEOUT


def test_judging_never_raises() -> None:
    class Broken:
        name, version = "broken", "1"

        def verify(self, problem: Problem, answer: str) -> Verdict:
            raise ZeroDivisionError(answer)

    class Wordy(Broken):
        def verify(self, problem: Problem, answer: str) -> Verdict:
            return 1.0  # type: ignore[return-value]

    class Late(Broken):
        async def averify(self, problem: Problem, answer: str) -> Verdict:
            raise KeyError(answer)

    assert judge(Broken(), ASKED, "x").reason == "raised ZeroDivisionError: x"
    assert judge(Wordy(), ASKED, "x").reason == "expected a Verdict, found float; return a Verdict"
    verdict = asyncio.run(ajudge(Late(), ASKED, "x"))
    assert (verdict.status, verdict.verifier) == (Status.ERROR, "broken@1")
    assert judge(Broken(), ASKED, "x" * 1_000_001).status is Status.UNJUDGED


def test_an_unscored_verdict_can_not_carry_a_score() -> None:
    for status in Status:
        if status is not Status.JUDGED:
            assert Verdict(None, status).passed is None
            with pytest.raises(ValueError, match="can not have score"):
                Verdict(0.0, status)
    for score in (None, math.nan, 1.5, -0.1):
        with pytest.raises(ValueError, match="score"):
            Verdict(score)
