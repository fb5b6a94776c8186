"""The way down: from the root to the node that should be sampled next."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from .nodes import ROOT
from .proposal import Job
from .tree import Tree

_WIDE = 128  # of more open children, the first found are compared: likely steps come up early


class Choose(Protocol):
    def __call__(self, tree: Tree, node: int, children: list[int]) -> int:
        """One of the open ``children`` (never empty) of ``node``."""
        ...


@dataclass(frozen=True, slots=True)
class Widening:
    """Progressive widening: how many samples a node deserves for its visits.

    ``samples * max(1, visits / patience) ** growth``, drawn ``samples`` at a time. It counts
    samples, not children, so that nodes with few possible steps stop asking as well.
    """

    samples: int = 8
    root_samples: int = 16
    patience: float = 2.0
    growth: float = 0.5

    def batch(self, node: int) -> int:
        return self.root_samples if node == ROOT else self.samples

    def wants(self, tree: Tree, node: int) -> bool:
        nodes = tree.nodes
        asked = nodes.drawn[node] + tree.flying_samples(node)
        batch = self.batch(node)
        if asked < batch:
            return not tree.frontier.saturated(node)
        deserved = batch * (nodes.visits[node] / self.patience) ** self.growth
        return asked < deserved and not tree.frontier.saturated(node)


def descend(
    tree: Tree, seed: int, widening: Widening, root: Choose, below: Choose, lines: int = 0
) -> Job | None:
    """Walk from the root by ``root`` and ``below`` to a node that wants samples.

    ``lines``: so many are drawn from there to their end; 0: steps, as many as it deserves. Passes
    by children whose first samples are still in flight. Where only such are left, waiting would
    leave the engine idle, so lines are drawn all the same; for steps, None: wait.
    """
    if tree.exhausted:
        return None
    closed, edges, drawn = tree.frontier.closed, tree.nodes.children, tree.nodes.drawn
    path, busy = [ROOT], False
    while not widening.wants(tree, path[-1]):
        node = path[-1]
        children = list(islice((child for child in edges[node] if not closed[child]), _WIDE))
        if not children:
            busy = tree.flying_samples(node) > 0
            break
        children = [child for child in children if drawn[child] or not tree.flying_samples(child)]
        if not children:  # all of them are being looked at for the first time
            busy = True
            break
        choose = below if len(path) > 1 else root
        path.append(children[0] if len(children) == 1 else choose(tree, node, children))
    node = path[-1]
    if busy and not lines:
        return None
    samples = lines or widening.batch(node)
    return Job(node, tuple(path), samples, tree.temperature, to_end=lines > 0, seed=seed)
