"""Monte-Carlo tree search: Gumbel Sequential Halving at the root, completed Q below."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random

from .answers import Rank
from .descent import Widening, descend
from .improved import advantages, softmax
from .nodes import ROOT
from .proposal import Job
from .tree import Tree


@dataclass(frozen=True, slots=True)
class Mcts:
    """Gumbel MuZero's search (Danihelka et al. 2022) for an open, growing set of actions.

    ``considered``: root steps compared in the first phase of a round; each phase halves them.
    ``flatten``: temperature of the prior at the root. Rounds double in length, so the search
    needs not know how long it may go on (anytime Sequential Halving).
    """

    widening: Widening = field(default_factory=Widening)
    considered: int = 16
    flatten: float = 2.0
    noise_seed: int = 0
    rank: Rank = Rank.VOTES

    def select(self, tree: Tree, seed: int) -> Job | None:
        return descend(tree, seed, self.widening, self.at_root, below_root)

    def at_root(self, tree: Tree, node: int, children: list[int]) -> int:
        """The least visited of the steps still considered in this phase."""
        nodes = tree.nodes
        edges = nodes.children[node]
        index, phase = halving(nodes.visits[ROOT] + len(tree.flying), self.considered)
        merit = {
            child: score + _gumbel(self.noise_seed, index, nodes.edge_text[edges[child]])
            for child, score in zip(
                children, advantages(tree, node, children, self.flatten), strict=True
            )
        }
        keep = max(2, self.considered >> phase)
        top = sorted(children, key=lambda child: -merit[child])[:keep]

        def visits(child: int) -> int:
            edge = edges[child]
            return nodes.edge_visits[edge] + nodes.edge_flying[edge]

        return min(top, key=lambda child: (visits(child), -merit[child]))


def below_root(tree: Tree, node: int, children: list[int]) -> int:
    """The step whose share of visits lags most behind the improved policy."""
    nodes = tree.nodes
    edges = nodes.children[node]
    policy = softmax(advantages(tree, node, children))
    visits = [
        nodes.edge_visits[edge] + nodes.edge_flying[edge]
        for edge in (edges[child] for child in children)
    ]
    total = 1.0 + sum(visits)
    best, _ = max(
        zip(children, (p - n / total for p, n in zip(policy, visits, strict=True)), strict=True),
        key=lambda pair: pair[1],
    )
    return best


def halving(visits: int, considered: int) -> tuple[int, int]:
    """(round, phase) of Sequential Halving after ``visits``.

    A round has log2(considered) phases of equal length; round r takes
    considered * log2(considered) * 2^r visits.
    """
    phases = max(1, considered.bit_length() - 1)
    first = considered * phases
    index = (visits // first + 1).bit_length() - 1
    into = visits - first * ((1 << index) - 1)
    return index, into * phases // (first << index)


@lru_cache(maxsize=65536)
def _gumbel(seed: int, index: int, text: str) -> float:
    """Gumbel(0) noise, the same for a step throughout a round."""
    uniform = Random(f"{seed}/{index}/{text}").random()
    return -math.log(-math.log(uniform or 1e-300))
