"""Intervals and calibration: how sure a measured number is. Pure Python, no arrays needed."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt
from random import Random
from typing import NamedTuple

Z95 = 1.959963984540054  # two-sided 95 % quantile of the normal distribution


class Interval(NamedTuple):
    """A point estimate with its 95 % interval."""

    point: float
    low: float
    high: float


def wilson(right: int, n: int, z: float = Z95) -> Interval:
    """Share right/n with its score interval (Wilson, 1927), honest at 0 and at n.

    ``n`` = 0 knows nothing: (0, 0, 1).
    """
    if not 0 <= right <= n:
        raise ValueError(f"expected 0 <= right <= n, found right={right}, n={n}")
    if n == 0:
        return Interval(0.0, 0.0, 1.0)
    share = right / n
    centre = share + z * z / (2 * n)
    spread = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # the bounds are exact at the ends; rounding must not push them past the point itself
    low = 0.0 if right == 0 else (centre - spread) / scale
    high = 1.0 if right == n else (centre + spread) / scale
    return Interval(share, low, high)


def paired_difference(
    first: Sequence[bool], second: Sequence[bool], *, draws: int = 4000, seed: int = 0
) -> Interval:
    """Accuracy of ``second`` minus ``first`` on the same problems, percentile bootstrap.

    Both are parallel, one entry a problem. Resampling problems keeps the pairing, so problems
    that both arms find easy or hard do not widen the interval.
    """
    if len(first) != len(second):
        raise ValueError(f"expected parallel lists, found lengths {len(first)} and {len(second)}")
    if not first:
        return Interval(0.0, -1.0, 1.0)
    gains = [int(b) - int(a) for a, b in zip(first, second, strict=True)]  # [n], each -1, 0 or 1
    n, rng = len(gains), Random(seed)
    means = sorted(sum(rng.choices(gains, k=n)) / n for _ in range(draws))
    return Interval(sum(gains) / n, percentile(means, 2.5), percentile(means, 97.5))


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Nearest-rank percentile of values in ascending order; always one of the values."""
    if not ordered:
        raise ValueError("expected at least one value, found none")
    return ordered[max(0, ceil(percent / 100 * len(ordered)) - 1)]


def brier(confidence: Sequence[float], right: Sequence[float]) -> float:
    """Mean squared error of the stated confidence: 0 is perfect, 0.25 is a coin's.

    Here and below: parallel lists [n], all in [0, 1]; an outcome is a bool or a share.
    """
    pairs = list(zip(confidence, right, strict=True))
    if not pairs:
        raise ValueError("expected at least one answer, found none")
    return sum((c - r) ** 2 for c, r in pairs) / len(pairs)


class Bin(NamedTuple):
    """One row of a reliability table."""

    low: float
    high: float
    n: int
    confidence: float  # mean stated
    accuracy: float  # share right


def reliability(
    confidence: Sequence[float], right: Sequence[float], bins: int = 10
) -> tuple[Bin, ...]:
    """Equal-width bins of stated confidence against the share right; empty bins are left out."""
    held: list[list[tuple[float, float]]] = [[] for _ in range(bins)]
    for c, r in zip(confidence, right, strict=True):
        held[min(int(c * bins), bins - 1)].append((c, r))
    return tuple(
        Bin(
            i / bins,
            (i + 1) / bins,
            len(rows),
            sum(c for c, _ in rows) / len(rows),
            sum(r for _, r in rows) / len(rows),
        )
        for i, rows in enumerate(held)
        if rows
    )


def calibration_error(table: Sequence[Bin]) -> float:
    """Expected calibration error of a reliability table (Naeini et al., 2015)."""
    total = sum(row.n for row in table)
    return sum(row.n * abs(row.confidence - row.accuracy) for row in table) / max(total, 1)
