"""What a fight shows does not depend on how many bouts the arena gave to whom."""

from __future__ import annotations

import pytest

from selfplay import figures
from selfplay.entries import Bout, Generation
from selfplay.fight import Fight

NOW = Generation(1, "base", "duel", {}, None, "", {})


def bouts(arm: str, family: str, count: int, before: float, after: float) -> list[Bout]:
    """So many, with these shares right."""
    return [Bout(arm, i, family, 1, i < before * count, i < after * count, 1) for i in range(count)]


def fight(hard: int, easy: int, searched: int = 40) -> Fight:
    return Fight(
        NOW,
        [
            *bouts("policy", "countdown", hard, 0.2, 0.3),
            *bouts("policy", "arithmetic", easy, 0.9, 0.9),
            *bouts("large", "countdown", searched, 0.8, 0.8),
            *bouts("large", "arithmetic", searched, 0.9, 0.9),
        ],
    )


def test_gap_and_transfer_compare_the_same_families_alike() -> None:
    for one in (fight(40, 40), fight(4000, 40), fight(40, 4000, 80)):
        assert one.gap == pytest.approx(0.85 - 0.55)
        assert one.transfer == pytest.approx(0.05 / 0.3)


def test_the_gain_does_not_depend_on_how_many_were_asked() -> None:
    for one in (fight(40, 40), fight(4000, 40), fight(40, 4000, 80)):
        assert one.gain("policy")[0] == pytest.approx(0.05)
    few, many = fight(40, 40).gain("policy")[1], fight(4000, 40).gain("policy")[1]
    assert few == pytest.approx((0.1 * 0.9 / 40) ** 0.5 / 2)
    assert many == pytest.approx(few / 10)


def test_a_legend_names_every_line() -> None:
    """Of all families: the first one may have been asked in System 1 alone."""
    pytest.importorskip("matplotlib")
    alone = [b for b in fight(40, 40).bouts if (b.arm, b.family) != ("large", "arithmetic")]
    assert "large budget" in figures.accuracy([Fight(NOW, alone)])


def test_families_that_search_was_not_asked_are_left_out() -> None:
    alone = [b for b in fight(40, 40).bouts if (b.arm, b.family) != ("large", "arithmetic")]
    one = Fight(NOW, alone)
    assert one.families("policy") == ["arithmetic", "countdown"]
    assert one.gap == pytest.approx(0.6)
    assert one.transfer == pytest.approx(1 / 6)


def test_what_was_not_played_is_not_known() -> None:
    one = Fight(NOW, bouts("policy", "countdown", 40, 0.2, 0.3))
    assert (one.gap, one.transfer, one.share("large", [], champion=True)) == (None, None, None)
    assert Fight(NOW, fight(40, 40).bouts[:80]).gap is None
