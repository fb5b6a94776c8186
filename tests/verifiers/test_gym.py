"""reasoning-gym: every family is generated, and nothing that its scorers fall for passes here."""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import Callable, Iterator
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
        ("gsm_symbolic", "413", "4,13", False),
        ("products", "413", "4,13", False),
        ("chain_sum", "1413", "1,413.0", True),
        ("decimal_arithmetic", "0.125", "0.1250", True),
        ("decimal_arithmetic", "0.125", "0.126", False),
        ("number_format", "757954645.211", "7.579546452110e+08", True),
        ("number_format", "757954645.211", "757,954,645.211", True),
        ("number_format", "757954645.211", "757954645.212", False),
        ("number_sorting", "['-3.5', '2']", "[-3.5, 2.0]", True),
        ("number_sorting", "['-3.5', '2']", "['-3.5', '3']", False),
        ("number_sorting", "['-3.5', '2']", "['-3.5', '2', '2']", False),
        ("polynomial_equations", "0.0, 0.5909", "0.5909, 0", True),
        ("polynomial_equations", "0.0, 0.5909", "0.0, 0.5909, no more", False),
        ("polynomial_equations", "0.0, 0.5909", "0.0, 0.591", False),
        ("polynomial_equations", "", "no idea", False),
        ("polynomial_equations", "", '""', True),
        ("calendar_arithmetic", "-1", "5", False),
        ("calendar_arithmetic", "-1", "-1", True),
        ("calendar_arithmetic", "Friday", "friday", True),
        ("game_of_life", "[[0,1],[1,0]]", "[[0, 1], [1, 0]]", True),
        ("game_of_life", "[[0,1],[1,0]]", "[[0,1,1],[1,0]]", False),
        ("game_of_life", "[[0,1],[1,0]]", "[[0,1],[1,0],[1,1]]", False),
        ("game_of_life", "[[0,1],[1,0]]", "[" * 99_000, False),
        ("pool_matrix", "4.5 4.5\n4.75 5.0", "4.5 4.50\n4.75 5", True),
        ("pool_matrix", "4.5 4.5\n4.75 5.0", "4.5 4.5\n4.75 5.01", False),
        ("pool_matrix", "4.5 4.5\n4.75 5.0", "4.5 4.5 4.75 5.0", False),
        ("advanced_geometry", "(4.051, -5.487)", "4.051, -5.487", True),
        ("advanced_geometry", "(4.051, -5.487)", "(4.051, -5.487), 0.98", False),
        ("advanced_geometry", "(4.051, -5.487)", "(-5.487, 4.051)", False),
        ("advanced_geometry", "78.69°", "78.690", True),
        ("advanced_geometry", "78.69°", "78.7°", False),
    ],
)
def test_a_score_of_our_own(family: str, right: str, answer: str, passed: bool) -> None:
    known = {"family": family, "settings": {}, "entry": {"answer": right, "metadata": {}}}
    assert judged(answer, json.dumps(known)).passed is passed


@pytest.mark.parametrize(
    ("family", "change"),
    [
        ("cryptarithm", lambda right: f"{right[0]}=9,{right}"),
        ("cryptarithm", lambda right: f"{right},{right}"),
        ("jugs", lambda right: right.replace('"]', ' or not"]')),
        ("kakurasu", lambda right: right + " or 2"),
        ("quantum_lock", lambda right: f"x {right}"),
        ("sokoban", lambda right: right + " if you like"),
        ("survo", lambda right: right.replace("\n", " or\n")),
        ("tower_of_hanoi", lambda right: f"not{right}"),
        ("graph_color", lambda right: right.replace("{", '{"0": 9, ', 1)),
    ],
)
def test_a_reader_that_skips_what_it_does_not_know_is_not_asked(
    family: str, change: Callable[[str], str]
) -> None:
    for problem in problems(family, 3, seed=7):
        right = entry(problem)["answer"]
        if right is not None:
            assert judged(right, str(problem.reference)).passed is True
            assert judged(f" {right}\n", str(problem.reference)).passed is True
            assert judged(change(right), str(problem.reference)).passed is False


def test_targets_do_not_move_to_their_boxes() -> None:
    (problem,) = problems("boxnet", 1, seed=1)
    board = entry(problem)["metadata"]["initial_state"]
    here, box = next((at, i) for at, items in board.items() for i in items if i[:4] == "box_")
    known = json.loads(str(problem.reference))
    (x, y), target = map(float, here.split("_")), box.replace("box_", "target_")
    there = f"{x}_{y + 1}"
    known["entry"]["metadata"]["initial_state"] = {here: [box], there: [target]}
    spot, beside = f"Agent[{x}, {y}]", f"Agent[{x}, {y + 1}]"
    pull = {beside: f"move({target}, square[{x}, {y}])"}
    push = {spot: f"move({box}, square[{x}, {y + 1}])"}
    ends = {spot: f"move({box}, {target})"}, {beside: f"move({box}, {target})"}
    assert judged(json.dumps([push, ends[1]]), json.dumps(known)).passed is True
    assert judged(json.dumps([pull, ends[0]]), json.dumps(known)).passed is False
    for garbage in ("no idea", "7", "[]", "null", "[[]]"):
        assert judged(garbage, json.dumps(known)).passed is False


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
