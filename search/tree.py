"""The tree of one search: nodes, what is open, the answers, and the one way to grow them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .answers import Answers
from .frontier import Frontier
from .nodes import ROOT, UNKNOWN, Nodes
from .proposal import Chain, Job, Outcome, Proposal, Thought

_OWN = 2.0  # a node's own value weighs as much as this many playouts
_WIDE = 128  # children; beyond that q is recomputed at every second, third... visit only


@dataclass(frozen=True, slots=True)
class Applied:
    """What one proposal brought. ``new_nodes``: ids, oldest first. ``paths``: of each of its chains
    the nodes from the root on, as far as its steps were allowed."""

    new_nodes: tuple[int, ...]
    outcomes: tuple[Outcome, ...]
    error: str | None = None
    paths: tuple[tuple[int, ...], ...] = ()


class Tree:
    """Everything a search knows. Built from its events alone: applying the same jobs and
    proposals in the same order gives the same tree, so a saved search is a list of events.

    A *playout* is a line drawn to its end, or one expansion; it adds a visit to every edge from
    the root to where it ended. A node's q is its own value and its children's, weighted by edge
    visits and recomputed from scratch at each visit, so that states reached by several paths
    stay consistent ("Monte-Carlo graph search from first principles", D. Wu 2023).
    """

    def __init__(self, value: float | None = None) -> None:
        """``value``: P(good) of the bare problem, when known."""
        self.nodes = Nodes(value)
        self.frontier = Frontier(self.nodes)
        self.answers = Answers()
        self.jobs = 0  # applied, failed ones not counted
        self.errors = 0  # failed jobs
        self.lines = 0  # lines drawn from the root, greedy ones not counted
        self.greedy = 0  # applied greedy roll-outs from the root
        self.dead_ends = 0  # samples that were not allowed or led back
        self.deepest = 0  # steps on the longest path
        self.flying: dict[int, Job] = {}  # jobs in flight, by seed
        self._flying_at: dict[int, int] = {}  # node -> samples in flight there
        self.scratch: dict[object, object] = {}  # strategies' caches: never saved, safe to lose

    def __len__(self) -> int:
        return len(self.nodes)

    @property
    def temperature(self) -> float:
        """What to sample at: rises when everything likelier is explored."""
        return self.frontier.temperature

    @property
    def exhausted(self) -> bool:
        return bool(self.frontier.closed[ROOT])

    def open(self, node: int) -> bool:
        return not self.frontier.closed[node]

    def flying_samples(self, node: int) -> int:
        """Samples in flight that were asked for at this node."""
        return self._flying_at.get(node, 0)

    def begin(self, job: Job) -> None:
        """Mark a job as in flight: it counts as a visit until released (virtual loss)."""
        if job.seed in self.flying:
            raise ValueError(f"expected a new seed for each job in flight, got {job.seed} again")
        for edge in self.nodes.edges(job.path):
            self.nodes.edge_flying[edge] += 1
        self.flying[job.seed] = job
        self._flying_at[job.node] = self._flying_at.get(job.node, 0) + job.samples

    def release(self, job: Job) -> None:
        """Take the mark of :meth:`begin` back: the job came home, failed or was cancelled."""
        del self.flying[job.seed]
        for edge in self.nodes.edges(job.path):
            self.nodes.edge_flying[edge] -= 1
        left = self._flying_at[job.node] - job.samples
        if left:
            self._flying_at[job.node] = left
        else:
            del self._flying_at[job.node]

    def apply(self, job: Job, proposal: Proposal) -> Applied:
        """Grow the tree by one proposal: the only way it grows, live or replayed.

        Raises ValueError when the job's path is not in this tree.
        """
        path_edges = self.nodes.edges(job.path)
        if proposal.error is not None:
            self._fail(job)
            return Applied((), (), proposal.error)
        before = len(self.nodes)
        growth = _Growth(self, job)
        for chain in proposal.chains:
            growth.add(chain)
        if not proposal.chains:
            growth.drawn[job.node] = job.samples
            self.nodes.drawn[job.node] += job.samples
        playouts = growth.playouts if job.to_end else 1
        for node, edge in zip(job.path[1:], path_edges, strict=True):
            self.nodes.edge_visits[edge] += playouts
            self.nodes.visits[node] += playouts
        self.nodes.visits[ROOT] += playouts
        self._count(job, growth)
        self._settle(job, growth.drawn, growth.fresh)
        for node in reversed(growth.walked):
            self.refresh(node)
        for node in reversed(job.path):
            self.refresh(node)
        self._climb()
        new = tuple(range(before, len(self.nodes)))
        return Applied(new, tuple(growth.outcomes), None, tuple(growth.paths))

    def _fail(self, job: Job) -> None:
        """A failed job's samples were drawn in vain: a node that always fails is left alone.

        Not the root: what fails there fails everywhere, and is worth another try.
        """
        self.errors += 1
        if job.node == ROOT:
            return
        self.frontier.loop(job.node)  # nothing new, yet no proof that the node is dead
        self._settle(job, {job.node: job.samples}, set())
        self._climb()

    def _settle(self, job: Job, drawn: dict[int, int], fresh: set[int]) -> None:
        """Note what was ``drawn`` (node -> samples), and close the nodes that are finished."""
        for node, samples in drawn.items():
            if node in fresh or job.temperature >= self.temperature:
                self.frontier.drawn(node, samples, node in fresh)
        closed = self.frontier.settle(drawn)
        above = [parent for node in closed for parent in self.nodes.parents(node)]
        for node in dict.fromkeys(closed + above):
            self.refresh(node)

    def _climb(self) -> None:
        """Reopen a closed tree for the next rung of its ladder, while there is one."""
        if self.frontier.next_rung():
            for node in reversed(range(len(self.nodes))):
                self.refresh(node)

    def _count(self, job: Job, growth: _Growth) -> None:
        self.jobs += 1
        self.dead_ends += growth.dead_ends
        self.deepest = max(self.deepest, growth.deepest)
        if job.to_end and job.node == ROOT:
            if job.temperature == 0.0:
                self.greedy += 1
            else:
                self.lines += job.samples

    def refresh(self, node: int) -> None:
        """Recompute q from the node's own value and its children."""
        nodes, frontier = self.nodes, self.frontier
        if node in nodes.outcome or frontier.solved[node] or frontier.dead[node]:
            return
        children = nodes.children[node]
        if nodes.visits[node] % (1 + len(children) // _WIDE):
            return  # a very wide node takes turns, so that its visits stay cheap
        q, visits = nodes.q, nodes.edge_visits
        total = weight = 0.0
        best = UNKNOWN
        for child, edge in children.items():
            value = q[child]
            if value < 0.0:
                continue
            if value > best:
                best = value
            count = visits[edge]
            total += count * value
            weight += count
        own = nodes.value[node]
        if own < 0.0:
            # A state only seen in passing, by lines that failed: too little to hold against it.
            q[node] = UNKNOWN if best <= 0.0 else (_OWN * best + total) / (_OWN + weight)
        else:
            # Half a step of lookahead: a state is about as good as the best way out of it.
            own = own if best < 0.0 else 0.5 * (own + best)
            q[node] = (_OWN * own + total) / (_OWN + weight)

    def principal(self) -> tuple[int, ...]:
        """Node ids along the most visited branch, root first (the winning one when solved)."""
        best = self.answers.best()
        if best is not None and best.verified:
            return best.path
        path = [ROOT]
        while children := self.nodes.children[path[-1]]:
            path.append(max(children, key=lambda c: (self.nodes.edge_visits[children[c]], -c)))
        return tuple(path)

    def steps(self, path: Sequence[int]) -> tuple[str, ...]:
        """Texts of the thoughts along a path of node ids from the root."""
        return self.nodes.steps(tuple(path))


class _Growth:
    """One proposal on its way into the tree."""

    def __init__(self, tree: Tree, job: Job) -> None:
        self._tree = tree
        self._job = job
        self._share = tree.nodes.share(job.path)
        self.drawn: dict[int, int] = {}  # node -> samples drawn there
        self.fresh: set[int] = set()  # nodes that got a new edge
        self.walked: list[int] = []  # nodes below the job's node, parents before children
        self.outcomes: list[Outcome] = []
        self.paths: list[tuple[int, ...]] = []
        self.dead_ends = 0
        self.playouts = 0
        self.deepest = 0

    def add(self, chain: Chain) -> None:
        """Walk a chain into the tree as far as it is allowed."""
        nodes = self._tree.nodes
        path = list(self._job.path)
        self.playouts += 1
        for thought in chain.thoughts:
            node = path[-1]
            nodes.drawn[node] += chain.count
            self.drawn[node] = self.drawn.get(node, 0) + chain.count
            child = self._step(node, thought)
            if child is None:
                self.dead_ends += chain.count
                break
            edge = nodes.children[node][child]
            nodes.edge_samples[edge] += chain.count
            if self._job.to_end:
                nodes.edge_visits[edge] += 1
                nodes.visits[child] += 1
            self.walked.append(child)
            path.append(child)
            if thought.outcome is not None:
                self._finish(chain, thought, tuple(path))
                break
        self.paths.append(tuple(path))
        self.deepest = max(self.deepest, len(path) - 1)

    def _step(self, node: int, thought: Thought) -> int | None:
        """The child a thought leads to; None when it is not allowed or leads back."""
        if thought.key is None:
            return None
        nodes, frontier = self._tree.nodes, self._tree.frontier
        outcome = thought.outcome
        # Where a line ended is part of what a finished state is.
        key = thought.key if outcome is None else f"{thought.key}\n{outcome.group}\n"
        child = nodes.find(key)
        if child is None:
            child = nodes.add(key, _probability(thought.value), outcome, node)
            if outcome is not None and outcome.score is not None:
                nodes.q[child] = outcome.score
            frontier.add(outcome)
        elif nodes.value[child] < 0.0 and (value := _probability(thought.value)) is not None:
            nodes.value[child] = value  # seen before by somebody who could not judge it
        known = len(nodes.edge_text)
        edge = nodes.link(node, child, thought.text)
        if edge is None:
            frontier.loop(node)
            return None
        if edge == known:
            frontier.link(node, child)
            self.fresh.add(node)
        return child

    def _finish(self, chain: Chain, thought: Thought, path: tuple[int, ...]) -> None:
        outcome = thought.outcome
        assert outcome is not None
        self.outcomes.append(outcome)
        job = self._job
        votes = self._share * chain.count / (1 if job.node == ROOT else max(1, job.samples))
        self._tree.answers.vote(outcome, votes, _probability(thought.value), path)


def _probability(value: float | None) -> float | None:
    """A value as a number in [0, 1]; what is not a number is unknown."""
    if value is None or value != value:
        return None
    return min(1.0, max(0.0, value))
