"""Monte-Carlo tree search: Gumbel Sequential Halving at the root, completed Q below."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from heapq import nlargest
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

    ``considered``: root steps compared in the first round; see :func:`halving`.
    ``flatten``: temperature of the prior at the root.
    ``noise``: scale of the Gumbel noise at the root. 0 by default, because the steps compared
    were drawn from the policy, which is the Gumbel top-k trick itself (Kool et al. 2019);
    drawing a second time cost 3 points on simulated Games of 24. 1 for exploration in self-play.
    ``lines``: the chosen node is played out to the end, not by one step: AlphaGo's roll-outs
    (Silver et al. 2016), each of which also adds a path to the tree. So many lines at a time, at
    least and at most; between, half as many again as jobs are in flight: with few, an early answer
    is a matter of latency and thrift; with many, of feeding the engine. (0, 0): one step.
    """

    widening: Widening = field(default_factory=Widening)
    considered: int = 4
    flatten: float = 2.0
    noise: float = 0.0
    noise_seed: int = 0
    lines: tuple[int, int] = (4, 16)
    rank: Rank = Rank.VOTES

    def select(self, tree: Tree, seed: int) -> Job | None:
        least, most = self.lines
        lines = min(most, max(least, 3 * len(tree.flying) // 2))
        return descend(tree, seed, self.widening, self.at_root, below_root, lines)

    def at_root(self, tree: Tree, node: int, children: list[int]) -> int:
        """The least visited of the steps still considered in this phase."""
        nodes = tree.nodes
        edges = nodes.children[node]
        index, keep = halving(nodes.visits[ROOT] + len(tree.flying), self.considered)
        scores = advantages(tree, node, children, self.flatten)
        if self.noise:
            for i, child in enumerate(children):
                text = nodes.edge_text[edges[child]]
                scores[i] += self.noise * gumbel(self.noise_seed, index, text)
        merit = dict(zip(children, scores, strict=True))
        top = nlargest(keep, children, key=merit.__getitem__)

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
    """(round, steps still considered) after ``visits``: anytime Sequential Halving.

    Round r starts with k = considered * 2^r steps and halves them in log2(k) phases of k
    visits each, down to 2; so rounds grow longer and wider, and nobody needs to know the total.
    """
    index, keep = 0, max(2, considered)
    while visits >= (length := keep * (keep.bit_length() - 1)):
        visits -= length
        keep, index = 2 * keep, index + 1
    return index, max(2, keep >> visits // keep)


@lru_cache(maxsize=65536)
def gumbel(seed: int, index: int, text: str) -> float:
    """Gumbel(0) noise, the same for a step throughout a round."""
    uniform = Random(f"{seed}/{index}/{text}").random()
    return -math.log(-math.log(uniform or 1e-300))
