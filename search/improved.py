"""The improved policy: what the search has learnt about the steps from one node."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .tree import Tree

VISIT_OFFSET = 50.0  # c_visit
VALUE_SCALE = 0.1  # c_scale, as in mctx's qtransform_completed_by_mix_value


def completed_q(tree: Tree, node: int, children: Sequence[int]) -> list[float]:
    """q of each child; what was never valued gets the mix of the node's value and its
    siblings' (Gumbel MuZero, Danihelka et al. 2022, appendix D)."""
    nodes = tree.nodes
    known = [nodes.q[child] for child in children]
    if min(known) >= 0.0:
        return known
    edges = nodes.children[node]
    total = weight = mass = 0.0
    for child, q in zip(children, known, strict=True):
        if q >= 0.0:
            prior = nodes.edge_samples[edges[child]]
            total += prior * q
            mass += prior
            weight += nodes.edge_visits[edges[child]]
    own = nodes.value[node]
    if mass > 0.0:
        own = total / mass if own < 0.0 else (own + weight * total / mass) / (1.0 + weight)
    mixed = own if own >= 0.0 else 0.5
    return [q if q >= 0.0 else mixed for q in known]


def advantages(tree: Tree, node: int, children: Sequence[int], flatten: float = 1.0) -> list[float]:
    """log prior / flatten + sigma(q) of each child: sigma grows with the most visited one."""
    nodes = tree.nodes
    edges = nodes.children[node]
    most = max(nodes.edge_visits[edges[child]] for child in children)
    scale = VALUE_SCALE * (VISIT_OFFSET + most)
    return [
        math.log(nodes.edge_samples[edges[child]] or 1) / flatten + scale * q
        for child, q in zip(children, completed_q(tree, node, children), strict=True)
    ]


def softmax(logits: Sequence[float]) -> list[float]:
    top = max(logits)
    weights = [math.exp(logit - top) for logit in logits]
    total = sum(weights)
    return [weight / total for weight in weights]
