"""Clocks: monotonic seconds, real or made up."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Never goes back, and knows nothing of dates."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""
        ...


class SystemClock:
    def monotonic(self) -> float:
        return time.monotonic()


class FakeClock:
    """Stands still until told to advance: for tests of deadlines without waiting."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def monotonic(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Raises ValueError for a step back."""
        if seconds < 0:
            raise ValueError(f"expected to advance by 0 seconds or more, got {seconds!r}")
        self.now += seconds
