"""Targets: what one play teaches. Pure functions of the play and today's verifiers."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

from search import Tree, training_targets
from search.nodes import ROOT
from verifiers import Problem

from .play import Play, rejudged
from .rollouts import Rollout

MAX_LINES = 1  # of one problem: its best alone; four were no better, see docs/log.md
_RARE = 0.03  # lines less likely than this under the improved policy are left out


@dataclass(frozen=True, slots=True)
class Line:
    """A verified line of thought. ``weight``: its probability under the improved policy, given
    that the line ends right; the lines of one problem sum to 1."""

    steps: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Taught:
    """What one play teaches. ``lines``: the policy. ``rollouts``: the value, by lines that the
    policy itself drew from the start."""

    problem: Problem
    lines: tuple[Line, ...]
    rollouts: tuple[Rollout, ...]


def teach(play: Play) -> Taught:
    judged = rejudged(play)
    tree = Tree()
    for job, proposal in judged.growth:
        tree.apply(job, proposal)
    return Taught(play.problem, tuple(_lines(tree)), tuple(_rollouts(judged, tree)))


def _rollouts(play: Play, tree: Tree) -> Iterator[Rollout]:
    """Lines that the policy drew from the root, unguided: what becomes of a state by itself."""
    for job, proposal in play.growth:
        if job.node != ROOT or not job.to_end or not 0.0 < job.temperature <= 1.0:
            continue
        for chain in proposal.chains:
            outcome = chain.thoughts[-1].outcome
            if outcome is not None and outcome.score is None:
                continue  # not judged is not wrong
            right = outcome is not None and outcome.score == 1.0
            steps = tuple(thought.text for thought in chain.thoughts)
            yield Rollout(play.problem, steps, outcome is not None, right, chain.count)


def _lines(tree: Tree) -> list[Line]:
    """The likeliest verified lines under the improved policy, best first."""
    nodes = tree.nodes
    winning = _winning(tree)
    if ROOT not in winning:
        return []
    _forget_proofs(tree)
    policy = {
        target.node: dict(zip(nodes.children[target.node], target.policy, strict=True))
        for target in training_targets(tree, min_visits=1)
    }
    found: list[tuple[float, tuple[str, ...]]] = []
    heap: list[tuple[float, tuple[int, ...]]] = [(-1.0, (ROOT,))]
    while heap and len(found) < MAX_LINES and (not found or -heap[0][0] >= _RARE):
        minus, path = heapq.heappop(heap)
        if path[-1] in nodes.outcome:
            found.append((-minus, nodes.steps(path)))
            continue
        known = policy.get(path[-1], dict.fromkeys(nodes.children[path[-1]], 1.0))
        good = {child: p for child, p in known.items() if child in winning}
        total = sum(good.values())
        for child, p in good.items():
            heapq.heappush(heap, (minus * (p / total if total else 1 / len(good)), (*path, child)))
    mass = sum(p for p, _ in found)
    return [Line(steps, round(p / mass, 4)) for p, steps in found]


def _winning(tree: Tree) -> set[int]:
    """Nodes with a verified answer at or below them."""
    stack = [n for n, outcome in tree.nodes.outcome.items() if outcome.score == 1.0]
    winning = set(stack)
    while stack:
        for parent in tree.nodes.parents(stack.pop()):
            if parent not in winning:
                winning.add(parent)
                stack.append(parent)
    return winning


def _forget_proofs(tree: Tree) -> None:
    """Let q say how often a state was solved, not whether it can be.

    To the search a solved state is worth 1 and all ways to a solution are equal. System 1 does
    not search: for it the better step is the one from which solutions are easy to find.
    """
    for node in reversed(range(len(tree.nodes))):
        if node not in tree.nodes.outcome:
            tree.frontier.solved[node] = 0
            tree.refresh(node)
