"""Targets: what one play teaches. Pure functions of the play and today's verifiers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from search import Tree, training_targets
from search.nodes import ROOT
from verifiers import Problem

from .play import Play, rejudged
from .rollouts import Rollout

LOST = 4  # visits without a verified answer, after which a state counts as worse than its sibling


@dataclass(frozen=True, slots=True)
class Pair:
    """Two steps from the state after ``steps``: below ``better`` lies a verified answer, below
    ``worse`` none was found, however often it was looked for."""

    steps: tuple[str, ...]
    better: str
    worse: str


@dataclass(frozen=True, slots=True)
class Taught:
    """What one play teaches. ``line``: the policy, by a verified line of thought; empty when none
    was found. ``rollouts``: the value, by lines that the policy itself drew from the start.
    ``pairs``: the value, by siblings compared (rStar-Math, Guan et al. 2025)."""

    problem: Problem
    line: tuple[str, ...]
    rollouts: tuple[Rollout, ...]
    pairs: tuple[Pair, ...] = ()


def teach(play: Play) -> Taught:
    judged = rejudged(play)
    tree = Tree()
    for job, proposal in judged.growth:
        tree.apply(job, proposal)
    winning = _winning(tree)
    _forget_proofs(tree)
    return Taught(
        play.problem,
        _line(tree, winning),
        tuple(_rollouts(judged)),
        tuple(_pairs(tree, winning)),
    )


def _rollouts(play: Play) -> Iterator[Rollout]:
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


def _pairs(tree: Tree, winning: set[int]) -> Iterator[Pair]:
    """At each winning state its best step against the one searched in vain most often. Ends of
    lines are left out: a verifier tells them apart."""
    nodes = tree.nodes
    for node in sorted(winning - nodes.outcome.keys()):
        edges = nodes.children[node]
        inner = [child for child in edges if child not in nodes.outcome]
        won = [child for child in inner if child in winning]
        lost = [c for c in inner if c not in winning and nodes.visits[c] >= LOST]
        if won and lost:
            best, worst = max(won, key=nodes.q.__getitem__), max(lost, key=nodes.visits.__getitem__)
            better, worse = (nodes.edge_text[edges[child]] for child in (best, worst))
            yield Pair(nodes.steps(nodes.path(node)), better, worse)


def _line(tree: Tree, winning: set[int]) -> tuple[str, ...]:
    """The best verified line: at each state the improved policy's best step of those that lead to
    a verified answer. Learning several, by their probabilities, was no better: see docs/log.md."""
    nodes, path = tree.nodes, [ROOT]
    if ROOT not in winning:
        return ()
    policy = {
        target.node: dict(zip(nodes.children[target.node], target.policy, strict=True))
        for target in training_targets(tree, min_visits=1)
    }
    while path[-1] not in nodes.outcome:
        steps = policy.get(path[-1], {})
        good = [child for child in nodes.children[path[-1]] if child in winning]
        path.append(max(good, key=lambda child: steps.get(child, 0.0)))
    return nodes.steps(tuple(path))


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
