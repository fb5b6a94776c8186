"""Beam search: level by level, keeping the states of highest value."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import nlargest

from .answers import Rank
from .nodes import ROOT
from .proposal import Job
from .tree import Tree

Path = tuple[int, ...]


@dataclass(slots=True)
class _Sweep:
    """How far one pass down the tree has come; a cache, rebuilt when it is lost."""

    scale: int = 1  # doubles with each pass
    level: list[Path] = field(default_factory=lambda: [(ROOT,)])  # states on the beam
    next: int = 0  # index into ``level`` of the next state to look at


@dataclass(frozen=True, slots=True)
class Beam:
    """Expand the ``width`` best states of each level by ``samples`` steps (Yao et al. 2023).

    When a pass ends without a verdict, the next one has twice the width and twice the samples
    a state, so more budget always buys new work.
    """

    width: int = 4
    samples: int = 8
    rank: Rank = Rank.VOTES

    def select(self, tree: Tree, seed: int) -> Job | None:
        sweep = tree.scratch.setdefault(self, _Sweep())
        assert isinstance(sweep, _Sweep)
        while not tree.exhausted:
            while sweep.next < len(sweep.level):
                path = sweep.level[sweep.next]
                sweep.next += 1
                if self._wants(tree, path[-1], sweep.scale):
                    return Job(path[-1], path, self.samples, tree.temperature, seed=seed)
            if tree.flying:  # a level is compared as a whole
                return None
            sweep.next = 0
            if any(self._wants(tree, path[-1], sweep.scale) for path in sweep.level):
                continue  # not enough at once, or the job failed
            sweep.level = self._below(tree, sweep)
            if not sweep.level:
                sweep.level, sweep.scale = [(ROOT,)], 2 * sweep.scale
        return None

    def _wants(self, tree: Tree, node: int, scale: int) -> bool:
        asked = tree.nodes.drawn[node] + tree.flying_samples(node)
        return (
            asked < self.samples * scale and tree.open(node) and not tree.frontier.saturated(node)
        )

    def _below(self, tree: Tree, sweep: _Sweep) -> list[Path]:
        """Paths of the best open states one level down."""
        nodes = tree.nodes
        merit: dict[int, tuple[float, Path]] = {}
        for path in sweep.level:
            for child, edge in nodes.children[path[-1]].items():
                if tree.open(child) and child not in merit:
                    q = nodes.q[child]
                    merit[child] = (q if q >= 0.0 else nodes.prior(path[-1], edge), path)
        best = nlargest(self.width * sweep.scale, merit, key=lambda child: merit[child][0])
        return [(*merit[child][1], child) for child in best]
