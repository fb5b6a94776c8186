"""System 1: what the model says by itself, always taking the likeliest token."""

from __future__ import annotations

from dataclasses import dataclass

from .answers import Rank
from .nodes import ROOT
from .proposal import Job
from .tree import Tree


@dataclass(frozen=True, slots=True)
class Greedy:
    rank: Rank = Rank.VOTES

    def select(self, tree: Tree, seed: int) -> Job | None:
        if tree.greedy or any(job.temperature == 0.0 for job in tree.flying.values()):
            return None
        return Job(ROOT, (ROOT,), samples=1, temperature=0.0, to_end=True, seed=seed)
