"""A sitting: one stretch of work on a run. How long it may go on, and whom to tell."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from .ledger import Ledger

_EVERY_S = 1.0  # between entries of time in the ledger


class Stopped(Exception):
    """Somebody asked to stop, or time is up. Everything is saved; the same command goes on."""


class Audience(Protocol):
    """Who is told how it goes."""

    def tell(self, part: str, done: int, total: int, note: str) -> None:
        """Progress within one part."""
        ...

    def say(self, line: str) -> None:
        """Something worth a line of its own."""
        ...


@dataclass(slots=True)
class Sitting:
    """``seconds``: allowed in all, those of earlier sittings included; None: no limit."""

    ledger: Ledger
    audience: Audience
    seconds: float | None = None
    interrupted: Callable[[], bool] = lambda: False
    clock: Callable[[], float] = time.monotonic
    generation: int = 0
    stage: str = "play"
    _told: float = field(init=False)
    _spent: float = field(init=False)

    def __post_init__(self) -> None:
        self._told = self.clock()
        self._spent = sum(self.ledger.seconds().values())

    def enter(self, generation: int, stage: str) -> None:
        self.tick(force=True)
        self.generation, self.stage = generation, stage

    def tick(self, *, force: bool = False) -> None:
        """Enter the time since the last tick, now and then."""
        now = self.clock()
        if force or now - self._told >= _EVERY_S:
            self.ledger.spend(self.generation, self.stage, now - self._told)
            self._spent += now - self._told
            self._told = now

    @property
    def left(self) -> float | None:
        """Seconds; None without a limit."""
        if self.seconds is None:
            return None
        return self.seconds - self._spent - (self.clock() - self._told)

    def over(self, reserve: float = 0.0) -> bool:
        """Whether it is time to stop, ``reserve`` seconds being needed for something else."""
        left = self.left
        return self.interrupted() or (left is not None and left <= reserve)

    def check(self) -> None:
        """Raise :class:`Stopped` when it is time to."""
        self.tick()
        if self.over():
            self.tick(force=True)
            raise Stopped

    def report(self, part: str, done: int, total: int, note: str) -> None:
        """Progress that may be interrupted."""
        self.audience.tell(part, done, total, note)
        self.check()
