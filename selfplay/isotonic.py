"""Isotonic regression by pool-adjacent-violators."""

from __future__ import annotations

from collections.abc import Sequence

Pair = tuple[float, float]  # (raw score, outcome in [0, 1])

SMALLEST_POOL = 30  # outcomes behind one knot: fewer would be noise taken for knowledge


def fit(pairs: Sequence[Pair], knots: int = 24) -> list[tuple[float, float]]:
    """The non-decreasing curve of least squared error, at most ``knots`` points.

    Pools are shrunk towards 1/2 by one pseudo-outcome each way, so that no finite sample
    promises certainty. Needs at least one pair.
    """
    if not pairs:
        raise ValueError("expected outcomes to fit a curve to, got none")
    ordered = sorted(pairs)
    size = max(SMALLEST_POOL, len(ordered) // knots)
    pools: list[tuple[float, float, int]] = []  # sum of raw, sum of outcomes, count
    for start in range(0, len(ordered), size):
        part = ordered[start : start + size]
        pools.append((sum(x for x, _ in part), sum(y for _, y in part), len(part)))
        while len(pools) > 1 and _mean(pools[-2]) >= _mean(pools[-1]):
            a, b = pools.pop(-2), pools.pop()
            pools.append((a[0] + b[0], a[1] + b[1], a[2] + b[2]))
    curve = [(round(x / n, 5), round((y + 1) / (n + 2), 5)) for x, y, n in pools]
    top = 0.0
    rising = []
    for x, y in curve:  # shrinking pools of unequal size can bend the curve by a hair
        top = max(top, y)
        rising.append((x, top))
    return rising


def _mean(pool: tuple[float, float, int]) -> float:
    return pool[1] / pool[2]
