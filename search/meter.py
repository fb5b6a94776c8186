"""A meter: a started budget."""

from __future__ import annotations

from dataclasses import dataclass

from .budget import Budget
from .clock import Clock, SystemClock
from .stop import StopReason


@dataclass(frozen=True, slots=True)
class Spent:
    """What a search has used so far."""

    seconds: float = 0.0
    tokens: int = 0
    nodes: int = 0
    dollars: float = 0.0


class Meter:
    """Counts what a search spends against its budget; starts running when made.

    ``already``: spent before this sitting (a resumed search).
    """

    def __init__(
        self,
        budget: Budget,
        clock: Clock | None = None,
        *,
        already: Spent = Spent(),
    ) -> None:
        self.budget = budget
        self.clock: Clock = clock or SystemClock()
        self.tokens = already.tokens
        self.nodes = already.nodes
        self.dollars = already.dollars
        self._started = self.clock.monotonic() - already.seconds

    def add(self, *, tokens: int = 0, nodes: int = 0, dollars: float = 0.0) -> None:
        self.tokens += tokens
        self.nodes += nodes
        self.dollars += dollars

    @property
    def elapsed(self) -> float:
        """Seconds used, those of earlier sittings included."""
        return self.clock.monotonic() - self._started

    @property
    def spent(self) -> Spent:
        return Spent(self.elapsed, self.tokens, self.nodes, self.dollars)

    @property
    def seconds_left(self) -> float | None:
        """Seconds to the deadline, 0 after it; None without one."""
        if self.budget.seconds is None:
            return None
        return max(0.0, self.budget.seconds - self.elapsed)

    def exhausted(self) -> StopReason | None:
        """The first limit that is used up, or None."""
        for used, limit, reason in self._limits():
            if limit is not None and used >= limit:
                return reason
        return None

    def _limits(self) -> tuple[tuple[float, float | None, StopReason], ...]:
        asked = self.budget
        return (
            (self.elapsed, asked.seconds, StopReason.TIME),
            (self.tokens, asked.tokens, StopReason.TOKENS),
            (self.nodes, asked.nodes, StopReason.NODES),
            (self.dollars, asked.dollars, StopReason.DOLLARS),
        )
