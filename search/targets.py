"""What a finished search teaches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .improved import advantages, softmax
from .tree import Tree


@dataclass(frozen=True, slots=True)
class Target:
    """A better policy and value for one state.

    ``steps``: thoughts from the root to the state. ``thoughts`` and ``policy`` are parallel;
    ``policy`` sums to 1. ``value``: P(good) as searched; None when nothing is known.
    """

    node: int
    steps: tuple[str, ...]
    thoughts: tuple[str, ...]
    policy: tuple[float, ...]
    value: float | None
    visits: int


def training_targets(tree: Tree, min_visits: int = 8) -> Iterator[Target]:
    """Completed-Q policies of all nodes with enough visits, root first."""
    nodes = tree.nodes
    for node in range(len(nodes)):
        children = list(nodes.children[node])
        if not children or nodes.visits[node] < min_visits:
            continue
        q = nodes.q[node]
        yield Target(
            node,
            nodes.steps(nodes.path(node)),
            tuple(nodes.edge_text[nodes.children[node][child]] for child in children),
            tuple(softmax(advantages(tree, node, children))),
            q if q >= 0.0 else None,
            nodes.visits[node],
        )
