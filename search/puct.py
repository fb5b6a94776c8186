"""Monte-Carlo tree search as in AlphaZero: the baseline."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from .answers import Rank
from .descent import Widening, descend
from .improved import completed_q
from .proposal import Job
from .tree import Tree


@dataclass(frozen=True, slots=True)
class Puct:
    """argmax q + c * prior * sqrt(N) / (1 + n) at every node (Silver et al. 2017).

    Gets worse with budget on reasoning (arXiv 2603.21162); kept to compare with.
    """

    widening: Widening = field(default_factory=Widening)
    explore: float = 1.25
    rank: Rank = Rank.VOTES

    def select(self, tree: Tree, seed: int) -> Job | None:
        return descend(tree, seed, self.widening, self.choose, self.choose)

    def choose(self, tree: Tree, node: int, children: list[int]) -> int:
        nodes = tree.nodes
        edges = nodes.children[node]
        bonus = self.explore * math.sqrt(max(1, nodes.visits[node]))
        best, top = children[0], -1.0
        for child, q in zip(children, completed_q(tree, node, children), strict=True):
            edge = edges[child]
            visits = nodes.edge_visits[edge] + nodes.edge_flying[edge]
            score = q + bonus * nodes.prior(node, edge) / (1.0 + visits)
            if score > top:
                best, top = child, score
        return best
