"""Whole lines drawn from the root."""

from __future__ import annotations

from dataclasses import dataclass

from .answers import Rank
from .nodes import ROOT
from .proposal import Job
from .tree import Tree


def lines_asked(tree: Tree) -> int:
    """Lines drawn from the root, those in flight included."""
    return tree.lines + sum(
        job.samples
        for job in tree.flying.values()
        if job.to_end and job.node == ROOT and job.temperature > 0.0
    )


def roll_out(tree: Tree, samples: int, seed: int) -> Job | None:
    """A job for ``samples`` lines from the root; None when every line is explored."""
    if tree.exhausted:
        return None
    return Job(ROOT, (ROOT,), samples, tree.temperature, to_end=True, seed=seed)


@dataclass(frozen=True, slots=True)
class Sample:
    """Self-consistency: lines vote for their answer, weighted by their value
    (Wang et al. 2022). ``batch``: lines per job."""

    batch: int = 8
    rank: Rank = Rank.VOTES

    def select(self, tree: Tree, seed: int) -> Job | None:
        return roll_out(tree, self.batch, seed)


@dataclass(frozen=True, slots=True)
class BestOfN:
    """Draw ``n`` lines (None: until the budget ends) and keep the one of highest value.

    ``batch``: lines per job. The verifier, where there is one, goes before the value.
    """

    n: int | None = None
    batch: int = 8
    rank: Rank = Rank.VALUE

    def select(self, tree: Tree, seed: int) -> Job | None:
        left = self.batch if self.n is None else self.n - lines_asked(tree)
        return roll_out(tree, min(left, self.batch), seed) if left > 0 else None
