"""Who may make training data: only a verifier whose test was passed, as it is now."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from reasoner.cards import find, licence, save
from reasoner.errors import UsageError
from reasoner.scripted import ScriptedEngine
from selfplay.rollouts import roll_out
from verifiers import Verifier, all_of, domain, find_verifier, first_of, vote
from verifiers.card import Check, ScoreCard, digest
from verifiers.opinion import llm_judge
from verifiers.source import Source, parse

FAMILY = domain("countdown")
PASSED = ScoreCard("countdown", FAMILY.version, digest(FAMILY), (Check("right", 3, 0),))


def may_mint(verifier: Verifier) -> bool:
    card = find(verifier)
    return card is not None and card.passed


def test_without_a_card_nothing_is_minted(home: Path) -> None:
    assert not may_mint(FAMILY)


def test_with_a_passed_card_it_may(home: Path) -> None:
    save(PASSED)
    assert may_mint(FAMILY)
    assert find(FAMILY) == PASSED
    asyncio.run(licence(FAMILY, Source("name", "countdown")))
    assert not may_mint(domain("equations"))


@pytest.mark.parametrize(
    "card",
    [
        replace(PASSED, checks=(Check("right", 3, 1),)),
        replace(PASSED, checks=(Check("right", 0, 0),)),
        replace(PASSED, checks=()),
    ],
)
def test_with_a_failed_or_empty_card_it_may_not(home: Path, card: ScoreCard) -> None:
    save(PASSED)
    save(card)
    assert not may_mint(FAMILY)
    with pytest.raises(UsageError, match=r"fails .*; run: reasoner verifiers test countdown"):
        asyncio.run(licence(FAMILY, Source("name", "countdown")))


def test_one_without_a_card_is_tested_first(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "gullible.py"
    file.write_text(
        "from verifiers import verifier\n"
        "@verifier('gullible', examples=[('Which?', 'a', True), ('Which?', 'b', False)])\n"
        "def gullible(answer): return answer.startswith('a')\n"
    )
    spec = f"{file}:gullible"
    with pytest.raises(UsageError, match=r"gullible@1 fails .*all options at once"):
        asyncio.run(licence(find_verifier(spec), parse(spec)))
    card = find(find_verifier(spec))
    assert card is not None
    assert not card.passed


def test_an_opinion_makes_no_training_data_by_itself(home: Path) -> None:
    """Whatever its card says; behind a proof it may."""
    judge = llm_judge(lambda prompt: "A")
    here = Source("name", "countdown")  # never opened: none of these is tested here
    for alone in (judge, first_of(FAMILY, judge), vote(judge, judge, FAMILY), all_of(judge)):
        save(ScoreCard(alone.name, alone.version, digest(alone), PASSED.checks))
        with pytest.raises(UsageError, match=r"found .*, a model's opinion; use all_of"):
            asyncio.run(licence(alone, here))
    proved = all_of(judge, FAMILY)
    save(ScoreCard(proved.name, proved.version, digest(proved), PASSED.checks))
    asyncio.run(licence(proved, here))


def test_a_verifier_that_fails_its_test_makes_no_roll_outs(home: Path) -> None:
    save(replace(PASSED, checks=(Check("right", 3, 1),)))
    problem = FAMILY.generate(Random(0), 3)
    engine = ScriptedEngine({})
    with pytest.raises(UsageError, match="found that countdown@2 fails"):
        asyncio.run(roll_out(engine, [problem], 2, 0))


def test_a_changed_version_or_source_needs_a_new_card(home: Path, tmp_path: Path) -> None:
    save(replace(PASSED, version="0"))
    save(replace(PASSED, digest="0" * 16))
    assert not may_mint(FAMILY)
    file = tmp_path / "mine.py"
    file.write_text("def check(answer): return answer == 'a'\n")
    mine = find_verifier(f"{file}:check")
    save(ScoreCard(mine.name, mine.version, digest(mine), PASSED.checks))
    assert may_mint(mine)
    file.write_text("def check(answer): return True\n")
    assert not may_mint(mine)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"checks": [{}]}', '{"checks": 3}', "\0"])
def test_a_damaged_card_is_no_card(home: Path, text: str) -> None:
    path = save(PASSED)
    path.write_text(text)
    assert not may_mint(FAMILY)


def test_a_card_moved_to_another_verifiers_place_is_no_card(home: Path) -> None:
    mine = save(PASSED)
    other = domain("equations")
    theirs = save(ScoreCard(other.name, other.version, digest(other), ()))
    mine.replace(theirs)
    assert not may_mint(other)
