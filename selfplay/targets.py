"""Targets: what one play teaches. Pure functions of the play and today's verifiers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from search import Job, Proposal, Tree
from search.nodes import ROOT
from verifiers import Problem, Proofreader, domain

from .choice import Choice, improved
from .play import EDIT, Play, rejudged
from .rollouts import Rollout

LOST = 4  # different lines without a verified answer, after which a state is worse than its sibling
OPTIONS = 16  # of a choice, the likeliest
CHOICES = 8  # of a play, those met most often


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
    was found. ``choices``: the policy, by the improved one in every state that was solved.
    ``rollouts``: the value, by lines that the policy itself drew from the start. ``pairs``: the
    value, by siblings compared (rStar-Math, Guan et al. 2025). ``edited``: the problem came from
    the proposer."""

    problem: Problem
    line: tuple[str, ...]
    rollouts: tuple[Rollout, ...]
    pairs: tuple[Pair, ...] = ()
    choices: tuple[Choice, ...] = ()
    edited: bool = False


def teach(play: Play) -> Taught:
    judged = rejudged(play)
    searched = _Searched(play.problem)
    for job, proposal in judged.growth:
        searched.add(job, proposal)
    return Taught(
        play.problem,
        searched.line(),
        tuple(_rollouts(judged)),
        tuple(searched.pairs()),
        tuple(searched.choices()),
        play.id.startswith(EDIT),
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


@dataclass(slots=True)
class _Searched:
    """A search played again, with how its playouts ended: ``tries`` and ``wins`` through a node.

    Not the search's own q: to it a solved state is worth 1 and all ways to a solution are equal,
    and what was only seen to fail in passing counts as unknown. Nor is an answer won that came by
    mistakes, where a family can tell.
    """

    problem: Problem
    tree: Tree = field(default_factory=Tree)
    tries: Counter[int] = field(default_factory=Counter)
    wins: Counter[int] = field(default_factory=Counter)

    def add(self, job: Job, proposal: Proposal) -> None:
        paths = self.tree.apply(job, proposal).paths
        for path, chain in zip(paths, proposal.chains, strict=False):
            outcome = self.tree.nodes.outcome.get(path[-1])
            if outcome is None and not job.to_end:
                continue  # one step is no playout
            if outcome is not None and outcome.score is None:
                continue  # not judged is not wrong
            won = outcome is not None and outcome.score == 1.0 and self._sound(path)
            for node in path:
                self.tries[node] += chain.count
                self.wins[node] += chain.count * won

    def _sound(self, path: tuple[int, ...]) -> bool:
        family = domain(self.problem.domain)
        return not isinstance(family, Proofreader) or family.sound(
            self.problem, self.tree.nodes.steps(path)
        )

    def line(self) -> tuple[str, ...]:
        """The best verified line: at each state the improved policy's best step of those that
        lead to a verified answer; empty when there is none."""
        nodes, path = self.tree.nodes, [ROOT]
        while path[-1] not in nodes.outcome:
            policy = self._policy(path[-1])
            good = [child for child in policy if self.wins[child]]
            if not good:
                return ()
            path.append(max(good, key=policy.__getitem__))
        return nodes.steps(tuple(path))

    def choices(self) -> Iterator[Choice]:
        nodes = self.tree.nodes
        solved = [n for n in self.wins if self.wins[n] and n not in nodes.outcome]
        many = 0
        for node in sorted(solved, key=lambda n: (-self.tries[n], n)):
            policy = self._policy(node)
            likely = sorted(policy, key=lambda c: (-self._samples(node, c), -policy[c], c))
            kept = likely[:OPTIONS]
            rates = {self.wins[c] / self.tries[c] for c in kept if self.tries[c]}
            if len(rates) < 2:
                continue  # nothing to choose between
            shares: dict[str, float] = {}
            for child in kept:  # one text may end in several answers
                text = nodes.edge_text[nodes.children[node][child]]
                shares[text] = shares.get(text, 0.0) + policy[child]
            total = sum(shares.values())
            steps = nodes.steps(nodes.path(node))
            yield Choice(steps, tuple(shares), tuple(share / total for share in shares.values()))
            if (many := many + 1) == CHOICES:
                return

    def pairs(self) -> Iterator[Pair]:
        """At each winning state its best step against the one searched in vain most often, by
        different lines. Ends of lines are left out: a verifier tells them apart."""
        nodes, tries, wins = self.tree.nodes, self.tries, self.wins
        for node in sorted(n for n in wins if wins[n] and n not in nodes.outcome):
            edges = nodes.children[node]
            inner = [child for child in edges if child not in nodes.outcome]
            won = [child for child in inner if wins[child]]
            lost = [c for c in inner if not wins[c] and nodes.visits[c] >= LOST]
            if won and lost:
                best = max(won, key=lambda child: wins[child] / tries[child])
                worst = max(lost, key=nodes.visits.__getitem__)
                better, worse = (nodes.edge_text[edges[child]] for child in (best, worst))
                yield Pair(nodes.steps(nodes.path(node)), better, worse)

    def _samples(self, node: int, child: int) -> int:
        return self.tree.nodes.edge_samples[self.tree.nodes.children[node][child]]

    def _policy(self, node: int) -> dict[int, float]:
        """The improved policy over the node's children."""
        children = list(self.tree.nodes.children[node])
        if not children:
            return {}
        shares = improved(
            [self._samples(node, child) for child in children],
            [self.tries[child] for child in children],
            [self.wins[child] for child in children],
        )
        return dict(zip(children, shares, strict=True))
