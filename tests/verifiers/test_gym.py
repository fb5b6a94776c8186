"""reasoning-gym: every family is generated, and nothing that its scorers fall for passes here."""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.verifiers.extra import as_deserved, needs, verdict
from verifiers import Problem, Status, VerifierError
from verifiers.attacks import injections
from verifiers.card import examine
from verifiers.extras import EXTRAS
from verifiers.function import Function
from verifiers.gym import EXAMPLES, families, gym, judged, problems
from verifiers.gym_scores import RESCORED

pytestmark = [needs("gym"), pytest.mark.filterwarnings("ignore")]

MANY = 100  # problems a family
FAMILIES: tuple[str, ...] = ()
if EXTRAS["gym"].installed:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own
        FAMILIES = families()


@pytest.fixture(scope="module")
def by_gym() -> Iterator[Function]:
    made = gym()
    yield made
    made.close()


def entry(problem: Problem) -> dict[str, Any]:
    assert problem.reference is not None
    return json.loads(problem.reference)["entry"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(("asked", "answer", "score"), EXAMPLES)
def test_an_example(by_gym: Function, asked: Any, answer: str, score: float) -> None:
    assert as_deserved(by_gym, asked, answer, score)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_generated_and_judged(by_gym: Function, family: str) -> None:
    (problem,) = problems(family, 1, seed=5)
    assert problem.data["family"] == family
    assert problem.question
    assert problem.public().reference is None
    right = entry(problem)["answer"]
    # Some have many answers and say none. An integral that the library could not solve is its own
    # "answer" there: whoever copied the question would be paid.
    if right is not None and "Integral(" not in right:
        assert verdict(by_gym, problem, right).passed is True
        assert verdict(by_gym, problem, f"<think>{right}").passed is False
        assert verdict(by_gym, problem, f"not {right}").passed is False
    assert verdict(by_gym, problem, "").passed is False
    assert verdict(by_gym, problem, "no idea").passed is not True
    assert verdict(by_gym, problem.public(), "no idea").status is Status.UNJUDGED


def test_the_same_seed_makes_the_same_problems() -> None:
    assert problems("gcd", 3, seed=1) == problems("gcd", 3, seed=1)
    assert problems("gcd", 3, seed=1) != problems("gcd", 3, seed=2)
    assert len(FAMILIES) >= 105


# --- what the library's scorers fall for


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_constant_of_game_of_24_never_passes() -> None:
    for problem in problems("puzzle24", MANY, seed=3):
        if sorted(entry(problem)["metadata"]["numbers"]) != [1, 1, 4, 6]:
            assert judged("4*6*1*1", str(problem.reference)).passed is False


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_literal_smuggles_a_number_into_countdown() -> None:
    for problem in problems("countdown", MANY, seed=3):
        known = entry(problem)["metadata"]
        total = "+".join(map(str, known["numbers"]))
        gap = known["target"] - sum(known["numbers"])
        for literal in (f"({gap}e0)", f"{gap}.0", f"0x{abs(gap):x}", f"int('{gap}')"):
            assert judged(f"{total}+{literal}", str(problem.reference)).passed is False


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("family", sorted(RESCORED))
def test_no_answer_is_executed(family: str, tmp_path: Path) -> None:
    """In this very process, where it would show: the child is a second wall, not the first."""
    canary = tmp_path / "canary"
    payloads = [attack.text for attack in injections(str(canary))]
    for problem in problems(family, MANY, seed=4):
        for text in payloads:
            assert judged(text, str(problem.reference)).passed is False
    assert not canary.exists()


@pytest.mark.parametrize(
    ("family", "answer"),
    [
        ("game_of_life_halting", "anything"),
        ("complex_arithmetic", "nan"),
        ("coin_flip", "0"),
        ("coin_flip", "nan"),
    ],
)
def test_a_constant_pays_nothing(family: str, answer: str) -> None:
    for problem in problems(family, 20, seed=3):
        if entry(problem)["answer"] not in ("0", "0.0"):
            assert judged(answer, str(problem.reference)).passed is False


@pytest.mark.parametrize(
    "family",
    [
        *("fraction_simplification", "gsm_symbolic", "spell_backward", "time_intervals"),
        *("knights_knaves", "word_sorting", "game_of_life_halting"),
    ],
)
def test_the_right_answer_with_another_behind_it_pays_nothing(family: str) -> None:
    one, two = problems(family, 2, seed=7)
    right, other = entry(one)["answer"], f"{entry(two)['answer']} x"
    assert judged(right, str(one.reference)).passed is True
    for text in (f"{right} or {other}", f"{right}, {other}", f"{right}\n{other}", f"not {right}"):
        assert judged(text, str(one.reference)).passed is False, text


@pytest.mark.parametrize(
    ("family", "right", "answer", "passed"),
    [
        ("complex_arithmetic", "-8.0 + 4.0i", "-8+4i", True),
        ("complex_arithmetic", "-8.0 + 4.0i", "4i - 8", False),
        ("complex_arithmetic", "-8.0 - 1.0i", "-8-i", True),
        ("complex_arithmetic", "-8.0 + 0.0i", "-8", True),
        ("complex_arithmetic", "0.0 + 4.0i", "4i", True),
        ("complex_arithmetic", "0.0 + 4.0i", "-4i", False),
        ("coin_flip", "0.234375", "15/64", True),
        ("coin_flip", "0.234375", "0.23", False),
        ("gsm_symbolic", "20", "20.0", True),
        ("gsm_symbolic", "1200", "1,200", True),
        ("gsm_symbolic", "20", "20 bananas", False),
        ("knights_knaves", "A is a fox, and B is an owl.", "B is an owl and A is a fox", True),
        ("knights_knaves", "A is a fox, and B is an owl.", "A is a fox, and B is a fox.", False),
        ("knights_knaves", "nobody", "anybody", False),
        ("spell_backward", "tac", "TAC", True),
        ("word_sorting", "a, b", "a,b", True),
        ("word_sorting", "a, b", "a, b, c", False),
    ],
)
def test_a_score_of_our_own(family: str, right: str, answer: str, passed: bool) -> None:
    known = {"family": family, "settings": {}, "entry": {"answer": right, "metadata": {}}}
    assert judged(answer, json.dumps(known)).passed is passed


# --- bad input


def test_what_is_not_ours_is_not_judged(by_gym: Function) -> None:
    (problem,) = problems("gcd", 1)
    for reference in ("12", "{}", "[]", '{"family": "none", "settings": {}, "entry": {}}'):
        found = verdict(by_gym, replace(problem, reference=reference), "12")
        assert found.status is Status.UNJUDGED


def test_unknown_families_and_settings_are_named() -> None:
    with pytest.raises(VerifierError, match="did you mean countdown"):
        problems("countdwn", 1)
    with pytest.raises(VerifierError, match="expected settings of 'gcd'"):
        problems("gcd", 1, colour="blue")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_card() -> None:
    card = asyncio.run(examine(gym()))
    assert [check for check in card.checks if not check.passed] == []
