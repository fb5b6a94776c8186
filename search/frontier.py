"""The frontier: which nodes can still yield something new."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from .nodes import ROOT, Nodes
from .proposal import Outcome

LADDER = ((1.0, 16), (1.5, 16), (2.0, 16), (2.0, 64), (2.0, 256))
"""(temperature, patience): when one rung is used up, the next one reopens the tree. First what is
likely is drawn, then what is not, then rare steps by sheer patience: time must buy something."""

_DRY_JOBS = 2


class Frontier:
    """Open and closed nodes, after MCTS-Solver (Winands et al. 2008).

    A terminal is closed at once. Another node is closed when all its children are and sampling
    it ran dry: its last 2 jobs, with as many samples as the rung's patience or more, brought no new
    step at this temperature.
    ``solved``: an answer below is verified. ``dead``: closed, and all below it failed.
    Both write the node's q: 1 and 0. Nothing here recurses.
    """

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self.closed = bytearray()  # per node: 0 or 1
        self.solved = bytearray()
        self.dead = bytearray()
        self._open_children = array("l")
        self._dry_jobs = array("l")
        self._dry_samples = array("l")
        self._looped: set[int] = set()  # nodes with a step that led back, or failed
        self.rung = 0
        self.add(None)

    @property
    def temperature(self) -> float:
        return LADDER[self.rung][0]

    def saturated(self, node: int) -> bool:
        """Did sampling here stop giving new steps at this temperature?"""
        patience = LADDER[self.rung][1]
        return self._dry_jobs[node] >= _DRY_JOBS and self._dry_samples[node] >= patience

    def add(self, outcome: Outcome | None) -> None:
        """Start to keep the next node."""
        score = outcome.score if outcome is not None else None
        self.closed.append(outcome is not None)
        self.solved.append(score is not None and score >= 1.0)
        self.dead.append(score is not None and score <= 0.0)
        self._open_children.append(0)
        self._dry_jobs.append(0)
        self._dry_samples.append(0)

    def link(self, parent: int, child: int) -> None:
        """A new edge: whatever was closed above it is open again."""
        if not self.closed[child]:
            self._open_children[parent] += 1
        self._reopen(parent)
        if self.solved[child]:
            self._solve(parent)

    def loop(self, node: int) -> None:
        """A step from here leads back, or failed: nothing new, yet no proof that it is dead."""
        self._looped.add(node)

    def drawn(self, node: int, samples: int, fresh: bool) -> None:
        """A job at this temperature drew ``samples`` here; ``fresh``: with a new step."""
        if fresh:
            self._dry_jobs[node] = self._dry_samples[node] = 0
        else:
            self._dry_jobs[node] += 1
            self._dry_samples[node] += samples

    def settle(self, touched: Iterable[int]) -> list[int]:
        """Close what is finished among ``touched`` and above; returns the closed, lowest first."""
        queue = list(touched)
        done: list[int] = []
        for node in queue:  # grows while we walk
            if self.closed[node] or self._open_children[node] or not self.saturated(node):
                continue
            self.closed[node] = 1
            done.append(node)
            if node not in self._looped and all(
                self.dead[child] for child in self._nodes.children[node]
            ):
                self.dead[node] = 1
                self._nodes.q[node] = 0.0
            for parent in self._nodes.parents(node):
                self._open_children[parent] -= 1
                queue.append(parent)
        return done

    def next_rung(self) -> bool:
        """Reopen a closed, unsolved tree for the next rung of the ladder; False at the last one."""
        if not self.closed[ROOT] or self.solved[ROOT] or self.rung + 1 >= len(LADDER):
            return False
        self.rung += 1
        for node in range(len(self.closed)):
            if node not in self._nodes.outcome:
                self.closed[node] = self.dead[node] = 0
                self._dry_jobs[node] = self._dry_samples[node] = 0
        for node, children in enumerate(self._nodes.children):
            self._open_children[node] = sum(not self.closed[child] for child in children)
        return True

    def _reopen(self, node: int) -> None:
        stack = [node]
        while stack:
            node = stack.pop()
            if not self.closed[node]:
                continue
            self.closed[node] = self.dead[node] = 0
            for parent in self._nodes.parents(node):
                self._open_children[parent] += 1
                stack.append(parent)

    def _solve(self, node: int) -> None:
        stack = [node]
        while stack:
            node = stack.pop()
            if not self.solved[node]:
                self.solved[node] = 1
                self._nodes.q[node] = 1.0
                stack.extend(self._nodes.parents(node))
