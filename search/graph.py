"""The tree as a networkx graph, for analysis and drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .tree import Tree

if TYPE_CHECKING:
    from networkx import DiGraph


def to_networkx(tree: Tree) -> DiGraph[int]:
    """Node attributes: ``key, value, q, visits, closed, solved, dead, answer, score``; edge
    attributes: ``text, prior, visits``. Unknown numbers are None."""
    import networkx as nx  # heavy, and no search needs it

    nodes, frontier = tree.nodes, tree.frontier
    graph: DiGraph[int] = nx.DiGraph()
    for node in range(len(nodes)):
        outcome = nodes.outcome.get(node)
        graph.add_node(
            node,
            key=nodes.key[node],
            value=nodes.value[node] if nodes.value[node] >= 0.0 else None,
            q=nodes.q[node] if nodes.q[node] >= 0.0 else None,
            visits=nodes.visits[node],
            closed=bool(frontier.closed[node]),
            solved=bool(frontier.solved[node]),
            dead=bool(frontier.dead[node]),
            answer=outcome.answer if outcome else None,
            score=outcome.score if outcome else None,
        )
    for node, children in enumerate(nodes.children):
        for child, edge in children.items():
            graph.add_edge(
                node,
                child,
                text=nodes.edge_text[edge],
                prior=nodes.prior(node, edge),
                visits=nodes.edge_visits[edge],
            )
    return graph
