"""Intervals against published values, and calibration against sums done by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoner.evaluate.stats import (
    brier,
    calibration_error,
    paired_difference,
    percentile,
    reliability,
    wilson,
)


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [  # Newcombe (1998), table I, method 3 (score interval without continuity correction)
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_matches_newcombe(right: int, n: int, low: float, high: float) -> None:
    interval = wilson(right, n)
    assert interval.point == right / n
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_its_point_and_mirrors(case: tuple[int, int]) -> None:
    right, n = case
    one, other = wilson(right, n), wilson(n - right, n)
    assert 0.0 <= one.low <= one.point <= one.high <= 1.0
    assert one.low == pytest.approx(1 - other.high)


def test_wilson_of_nothing_knows_nothing() -> None:
    assert wilson(0, 0) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize("right", [-1, 6])
def test_wilson_refuses_impossible_counts(right: int) -> None:
    with pytest.raises(ValueError, match="expected 0 <= right <= n"):
        wilson(right, 5)


def test_pairing_narrows_the_interval() -> None:
    """The same ten gains in 200 problems: paired they stand out, shuffled they drown."""
    first = [i < 100 for i in range(200)]
    paired = [i < 110 for i in range(200)]
    unpaired = [i >= 90 for i in range(200)]
    sharp, blunt = paired_difference(first, paired), paired_difference(first, unpaired)
    assert sharp.point == blunt.point == pytest.approx(0.05)
    assert 0.0 < sharp.low < sharp.high < 0.09
    assert blunt.low < 0.0


def test_bootstrap_agrees_with_the_normal_interval() -> None:
    first, second = [False] * 400, [i % 4 == 0 for i in range(400)]
    interval = paired_difference(first, second, seed=3)
    half = 1.96 * (0.25 * 0.75 / 400) ** 0.5
    assert interval.low == pytest.approx(0.25 - half, abs=0.01)
    assert interval.high == pytest.approx(0.25 + half, abs=0.01)


def test_difference_is_seeded_and_checks_its_lists() -> None:
    first, second = [True, False, True], [True, True, True]
    assert paired_difference(first, second) == paired_difference(first, second)
    assert paired_difference([], []) == (0.0, -1.0, 1.0)
    with pytest.raises(ValueError, match="lengths 3 and 1"):
        paired_difference(first, [True])


def test_percentile_is_nearest_rank() -> None:
    values = [float(v) for v in range(1, 201)]
    assert percentile(values, 50) == 100
    assert percentile(values, 99) == 198
    assert percentile(values, 100) == 200
    assert percentile([7.0], 1) == 7.0
    with pytest.raises(ValueError, match="at least one value"):
        percentile([], 50)


def test_calibration_by_hand() -> None:
    confidence, right = [0.9, 0.8, 0.25, 1.0], [True, False, False, True]
    assert brier(confidence, right) == pytest.approx((0.01 + 0.64 + 0.0625 + 0) / 4)
    table = reliability(confidence, right, bins=2)
    assert [(row.n, row.accuracy) for row in table] == [(1, 0.0), (3, pytest.approx(2 / 3))]
    expected = (1 * 0.25 + 3 * abs(2.7 / 3 - 2 / 3)) / 4
    assert calibration_error(table) == pytest.approx(expected)
    assert calibration_error(()) == 0.0


def test_an_outcome_may_be_a_share() -> None:
    assert brier([0.5, 1.0], [0.25, 1.0]) == pytest.approx(0.03125)
    assert reliability([0.5], [0.25])[0].accuracy == 0.25
