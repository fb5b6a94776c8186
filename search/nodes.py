"""The nodes of a search: a flat, append-only graph of states."""

from __future__ import annotations

import math
from array import array
from itertools import pairwise

from .proposal import Outcome

ROOT = 0
UNKNOWN = -1.0
"""Stands for "no value" in the number arrays; real values are in [0, 1]."""

_RELEVEL_LIMIT = 1000


class Nodes:
    """States and the steps between them. Node and edge ids count up from 0; the root is 0.

    States with equal keys are one node, so this is a directed graph; it has no cycles.
    Every list below is parallel to the node ids or, where its name says so, to the edge ids.
    """

    def __init__(self, value: float | None = None) -> None:
        self.key: list[str] = []
        self.value = array("d")  # own P(good), or UNKNOWN
        self.q = array("d")  # value with all that was searched below, or UNKNOWN
        self.visits = array("l")  # finished playouts through or ending at the node
        self.drawn = array("l")  # samples drawn at the node, illegal ones included
        self.parent = array("l")  # the first parent; -1 for the root
        self.children: list[dict[int, int]] = []  # child id -> edge id
        self.more_parents: dict[int, list[int]] = {}  # those after the first
        self.outcome: dict[int, Outcome] = {}  # terminals only
        self.edge_text: list[str] = []
        self.edge_visits = array("l")  # finished playouts along the edge
        self.edge_samples = array("l")  # how often the step was drawn: the prior's numerator
        self.edge_flying = array("l")  # jobs in flight along the edge
        self._level = array("l")  # every edge leads to a higher level
        self._index: dict[str, int] = {}
        self.add("", value, None, -1)

    def __len__(self) -> int:
        return len(self.key)

    def find(self, key: str) -> int | None:
        return self._index.get(key)

    def add(self, key: str, value: float | None, outcome: Outcome | None, parent: int) -> int:
        node = len(self.key)
        self.key.append(key)
        if node:  # the root's key is unknown
            self._index[key] = node
        known = UNKNOWN if value is None else value
        self.value.append(known)
        self.q.append(known)
        self.visits.append(0)
        self.drawn.append(0)
        self.parent.append(parent)
        self.children.append({})
        self._level.append(self._level[parent] + 1 if node else 0)
        if outcome is not None:
            self.outcome[node] = outcome
        return node

    def link(self, parent: int, child: int, text: str) -> int | None:
        """The edge between two nodes, made when missing; None when it would close a cycle."""
        edge = self.children[parent].get(child)
        if edge is not None:
            return edge
        if not self._raise_level(parent, child):
            return None
        edge = len(self.edge_text)
        self.children[parent][child] = edge
        if self.parent[child] != parent:
            self.more_parents.setdefault(child, []).append(parent)
        self.edge_text.append(text)
        self.edge_visits.append(0)
        self.edge_samples.append(0)
        self.edge_flying.append(0)
        return edge

    def _raise_level(self, parent: int, child: int) -> bool:
        """Lift ``child`` and what hangs below it above ``parent``; False when parent is there.

        Gives up, as if it were a cycle, after 1000 nodes: the cost of a step stays bounded.
        """
        level = self._level
        if level[child] > level[parent]:
            return True
        if child == parent:
            return False
        lifted = {child: level[parent] + 1}
        stack = [child]
        while stack:
            node = stack.pop()
            floor = lifted[node]
            for below in self.children[node]:
                if lifted.get(below, level[below]) <= floor:
                    if below == parent or len(lifted) >= _RELEVEL_LIMIT:
                        return False
                    lifted[below] = floor + 1
                    stack.append(below)
        for node, floor in lifted.items():
            level[node] = floor
        return True

    def parents(self, node: int) -> list[int]:
        first = self.parent[node]
        return ([] if first < 0 else [first]) + self.more_parents.get(node, [])

    def path(self, node: int) -> tuple[int, ...]:
        """Node ids from the root to ``node``, along first parents."""
        back = []
        while node >= 0:
            back.append(node)
            node = self.parent[node]
        return tuple(reversed(back))

    def edges(self, path: tuple[int, ...]) -> list[int]:
        """Edge ids along a path; raises ValueError when it is not a path from the root."""
        try:
            if path[0] != ROOT or min(path) < 0:
                raise IndexError
            return [self.children[a][b] for a, b in pairwise(path)]
        except (IndexError, KeyError):
            raise ValueError(
                f"expected a path of this tree ({len(self)} nodes), got {path[:8]}...; "
                "replay the events of one search, all of them and in order"
            ) from None

    def steps(self, path: tuple[int, ...]) -> tuple[str, ...]:
        """Texts of the thoughts along a path."""
        return tuple(self.edge_text[edge] for edge in self.edges(path))

    def prior(self, node: int, edge: int) -> float:
        """Share of the samples drawn at ``node`` that took ``edge``."""
        drawn = self.drawn[node]
        return self.edge_samples[edge] / drawn if drawn else 0.0

    def share(self, path: tuple[int, ...]) -> float:
        """Share of the lines drawn from the root that would take ``path``, by the priors."""
        steps = zip(path, self.edges(path), strict=False)
        return math.prod(self.prior(node, edge) for node, edge in steps)
