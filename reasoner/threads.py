"""How many threads to compute with: one or all, whichever runs the passes faster here and now.

A pass is dozens of parallel regions of some microseconds. Whether a second core makes it faster
is not known from the number of cores: they may share one physical core, the search wants one for
itself, and where other work holds them, each region waits milliseconds for its helper threads.
So passes are timed as they come, by size, and the other number is tried now and then.
Results are the same bit for bit with any number of threads.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import TypeVar

_SERIAL_TOKENS = 4  # up to so many in a pass, one thread is as fast
_RECENT = 8  # passes that say what is usual
_TRIAL = 4  # passes; the first ones wake the helpers
_WAIT = 16  # passes between trials, at least
_SHARE = 25  # trying may cost 1/25 of the time
_BETTER = 0.95  # of the usual time: a change must be worth it
_AWFUL = 4.0  # times the usual: a trial ends at once, and helpers that are asleep are let go


@dataclass(slots=True)
class _Kind:
    """Passes of about one size, and the threads in use for them."""

    all: bool = False  # one thread, or all
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT))  # s a token
    trial: list[float] = field(default_factory=list)
    left: int = _WAIT  # passes until the next trial

    @property
    def trying(self) -> bool:
        return self.left == 0

    def took(self, seconds: float) -> None:
        if self.trying:
            self._tried(seconds)
            return
        awful = bool(self.recent) and seconds > _AWFUL * median(self.recent)
        if awful and self.all:
            self._use(all_threads=False)
        else:
            self.recent.append(seconds)
            self.left -= 1

    def _tried(self, seconds: float) -> None:
        usual = median(self.recent)
        self.trial.append(seconds)
        if len(self.trial) == _TRIAL and median(self.trial) < _BETTER * usual:
            self._use(all_threads=not self.all)
        elif len(self.trial) == _TRIAL or seconds > _AWFUL * usual:
            lost = sum(self.trial) / usual - len(self.trial)  # in passes
            self.left = max(_WAIT, int(_SHARE * lost))
            self.trial.clear()

    def _use(self, *, all_threads: bool) -> None:
        self.all = all_threads
        self.left = _WAIT
        self.recent.clear()
        self.trial.clear()


Result = TypeVar("Result")


class ThreadChoice:
    """Chooses between one thread and ``most`` for each pass."""

    def __init__(
        self,
        most: int,
        set_threads: Callable[[int], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """``set_threads``: for the calling thread."""
        self._most, self._set, self._clock = most, set_threads, clock
        self._now = 0
        self._kinds: dict[tuple[int, int], _Kind] = {}

    def run(self, rows: int, tokens: int, work: Callable[[], Result]) -> Result:
        """Do ``work``, a pass over ``tokens`` tokens in ``rows`` rows, and learn from it."""
        if self._most == 1 or tokens <= _SERIAL_TOKENS:
            self._use(1)
            return work()
        kind = self._kinds.setdefault((rows.bit_length(), tokens.bit_length()), _Kind())
        self._use(self._most if kind.all != kind.trying else 1)
        began = self._clock()
        result = work()
        kind.took((self._clock() - began) / tokens)
        return result

    def _use(self, threads: int) -> None:
        if threads != self._now:
            self._set(threads)
            self._now = threads
