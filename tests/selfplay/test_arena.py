"""The gate: what it lets through, how often it errs, and what it asks to be played."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from selfplay.arena import ALPHA, ARMS, MARGIN, standing, summary, wanted
from selfplay.elo import Rating, rate
from selfplay.entries import Bout

FAMILIES = ("countdown", "equations")


def bouts(
    rng: Random, arm: str, family: str, count: int, only_new: float, only_old: float
) -> Iterator[Bout]:
    """``only_new``: share of problems that only the challenger solves."""
    for number in range(count):
        x = rng.random()
        new, old = x < only_new, only_new <= x < only_new + only_old
        both = not new and not old and rng.random() < 0.5
        yield Bout(arm, number, family, 1, old or both, new or both, 10)


def duel(
    seed: int, gain: float = 0.0, loss: float = 0.0, count: int = 400, families=FAMILIES
) -> list[Bout]:
    """System 1: ``gain`` and ``loss`` on top of a tenth of chance each way; search alike."""
    rng = Random(seed)
    found = []
    for family in families:
        found += bouts(rng, "policy", family, count, 0.1 + gain, 0.1 + loss)
        for arm in ("small", "large"):
            found += bouts(rng, arm, family, count, 0.02, 0.02)
    return found


def judge(found: list[Bout], **options: float):
    return standing(found, FAMILIES, trained=["countdown"], **options)


def test_a_better_challenger_is_promoted() -> None:
    promoted = [judge(duel(seed, gain=0.15, count=2500)).promoted for seed in range(6)]
    assert sum(promoted) >= 5


def test_being_better_in_one_family_is_enough_when_the_other_is_no_worse() -> None:
    rng = Random(3)
    found = duel(3, families=["equations"], count=2500)
    found += [b for b in duel(4, families=["countdown"]) if b.arm != "policy"]
    found += bouts(rng, "policy", "countdown", 1200, 0.15, 0.08)
    result = standing(found, FAMILIES, trained=FAMILIES)
    assert result.better == (("policy", "countdown"),)
    assert result.promoted


def test_an_equal_one_is_promoted_no_more_often_than_stated() -> None:
    """Also when one looks after every batch and stops at the first success."""
    promoted = 0
    for seed in range(100):
        rng, found = Random(seed), list[Bout]()
        for _ in range(6):
            for family in FAMILIES:
                found += bouts(rng, "policy", family, 50, 0.1, 0.1)
            found += bouts(rng, "small", "countdown", 50, 0.03, 0.03)
            if judge(found).better:
                promoted += 1
                break
    assert promoted <= 100 * ALPHA + 3


def test_one_that_forgot_a_family_is_rejected_however_good_elsewhere() -> None:
    for seed in range(10):
        rng = Random(seed)
        found = duel(seed, gain=0.3, families=["countdown"])
        found += bouts(rng, "policy", "equations", 400, 0.02, 0.15)
        result = judge(found)
        assert not result.promoted
        assert result.worse == (("policy", "equations"),)


def test_being_worse_by_the_margin_passes_no_more_often_than_stated() -> None:
    passed = 0
    for seed in range(60):
        found = list(bouts(Random(seed), "policy", "equations", 800, 0.05, 0.05 + MARGIN))
        passed += ("policy", "equations") in judge(found).sound
    assert passed <= 60 * ALPHA + 3


def test_search_is_not_cleared_by_the_families_that_were_trained() -> None:
    """They are played first; one whose search broke must still be asked."""
    rng = Random(0)
    found = list(bouts(rng, "small", "countdown", 480, 0.15, 0.05))
    result = judge(found)
    assert result.better == (("small", ""),)
    assert ("small", "") in result.open
    played = Counter((bout.arm, bout.family) for bout in found)
    played.update({(arm, family): 0 for arm in ARMS for family in FAMILIES})
    asked = wanted(
        replace(result, open=(("small", ""),)), played, dict.fromkeys(ARMS, 480), ["countdown"]
    )
    assert asked == [("small", "equations")]
    found += bouts(rng, "small", "equations", 480, 0.0, 0.3)
    assert ("small", "") not in judge(found).sound


def test_search_that_broke_in_one_family_is_not_outweighed_by_another() -> None:
    rng = Random(0)
    found = list(bouts(rng, "large", "countdown", 480, 0.3, 0.0))
    found += bouts(rng, "large", "equations", 480, 0.0, 0.15)
    result = judge(found)
    assert result.better == (("large", ""),)
    assert result.worse == (("large", "equations"),)
    assert result.rejected


def test_what_nobody_played_is_not_shown() -> None:
    assert not judge([]).promoted
    assert not judge([]).rejected
    only = [b for b in duel(1, gain=0.3) if b.arm == "policy"]
    assert not judge(only).promoted, "search is still to be shown not to be worse"


@pytest.mark.parametrize("damage", [1.0, 0.5])
def test_a_broken_challenger_is_found_out_at_once(damage: float) -> None:
    rng = Random(0)
    found = list(bouts(rng, "policy", "countdown", 120, 0.0, damage * 0.5))
    assert judge(found).rejected


def test_the_arena_asks_for_what_decides_and_ends() -> None:
    """Better at all, on what was trained for? Then: did anything else suffer?"""
    limits = dict.fromkeys(ARMS, 100)
    played = {(arm, family): 0 for arm in ARMS for family in FAMILIES}
    ask = lambda found, played: wanted(judge(found), played, limits, ["countdown"])  # noqa: E731
    assert ask([], played) == [("policy", "countdown")]
    rng = Random(0)
    level = list(bouts(rng, "policy", "countdown", 400, 0.01, 0.01))
    assert ask(level, played | {("policy", "countdown"): 100}) == [("small", "countdown")]
    assert ask(level, dict.fromkeys(played, 100)) == []
    rng = Random(0)
    better = list(bouts(rng, "policy", "countdown", 300, 0.3, 0.05))
    assert ask(better, played) == [("policy", "equations")]
    better += bouts(rng, "policy", "equations", 1000, 0.03, 0.03)
    assert ask(better, played) == [("small", "countdown"), ("small", "equations")]
    assert ask(duel(1, gain=0.2), played) == [], "decided already"


def test_what_can_not_be_shown_any_more_ends_it() -> None:
    """Better on countdown, and level on equations, but the bouts there are used up."""
    rng = Random(0)
    found = list(bouts(rng, "policy", "countdown", 300, 0.3, 0.05))
    found += bouts(rng, "policy", "equations", 100, 0.1, 0.1)
    result = judge(found)
    assert result.better
    assert ("policy", "equations") in result.open
    played = {(arm, family): 0 for arm in ARMS for family in FAMILIES}
    played |= {("policy", "countdown"): 300, ("policy", "equations"): 100}
    assert wanted(result, played, dict.fromkeys(ARMS, 100), ["countdown"]) == []
    assert wanted(result, played, dict.fromkeys(ARMS, 400), ["countdown"])


def test_a_summary_counts() -> None:
    found = duel(0, gain=0.2, count=50)
    n, old, new = summary(found, "policy", "countdown")
    assert n == 50
    assert new > old


def test_ratings_add_up_along_the_line_of_champions() -> None:
    better = [Bout("policy", i, "countdown", 1, i < 10, i >= 10, 1) for i in range(40)]
    first = rate(better, {})
    assert first["policy"].elo == pytest.approx(400 * 0.4636, abs=1)  # log10(30.5 / 10.5)
    second = rate(better, first)
    assert second["policy"].elo == pytest.approx(2 * first["policy"].elo)
    assert second["policy"].error == pytest.approx(2**0.5 * first["policy"].error)
    many = [Bout("policy", i, "countdown", 1, i % 40 < 10, i % 40 >= 10, 1) for i in range(400)]
    level = [Bout("policy", i, "equations", 1, i < 20, i >= 20, 1) for i in range(40)]
    assert rate([*better, *level], {})["policy"].elo == pytest.approx(
        rate([*many, *level], {})["policy"].elo, abs=10
    ), "how many bouts a family had was the arena's choice"
    assert rate([*many, *level], {})["policy"].error < rate([*better, *level], {})["policy"].error
    assert first["large"] == Rating(), "an arm that was not played keeps its champion's rating"
