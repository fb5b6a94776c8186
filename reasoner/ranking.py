"""The best answers of a tree as people get to see them: ranked, with calibrated confidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from search import Best, Rank, Tree


def ranked(
    tree: Tree, rank: Rank, confidence: Callable[[float], float], alternatives: int = 0
) -> Best | None:
    """The leading answer; ``confidence``: agreement and value of an unjudged one -> P(right)."""

    def calibrated(best: Best) -> Best:
        sure = best.confidence if best.score is not None else confidence(best.confidence)
        return replace(
            best, confidence=sure, alternatives=tuple(map(calibrated, best.alternatives))
        )

    best = tree.answers.best(rank, alternatives)
    return None if best is None else calibrated(best)
