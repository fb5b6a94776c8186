"""How many threads to compute with: all on a quiet machine, one on a busy one.

A pass is dozens of parallel regions of some microseconds. When other work holds the cores, each
region waits until the system runs the helper threads again, milliseconds every time: one thread
is then a hundred times faster than two. So a small piece of work is timed both ways now and then.
Results are the same bit for bit with any number of threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable

_SERIAL_TOKENS = 4  # up to so many in a pass, one thread is as fast
_FIRST_S = 0.25  # before the first look: on a starved machine a look can take seconds, and the
# first answer, which one thread gives as fast, must not wait for it
_AGAIN_S = 0.5  # seconds between looks
_SHARE = 25  # looking may take 1/25 of the time
_SLOW = 2.0  # helpers that make the work so many times slower are not awake


class ThreadChoice:
    """Chooses between one thread and ``most`` for each pass."""

    def __init__(
        self,
        most: int,
        set_threads: Callable[[int], None],
        probe: Callable[[], object],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """``set_threads``: for the calling thread. ``probe``: a small piece of parallel work."""
        self._most, self._set, self._probe, self._clock = most, set_threads, probe, clock
        self._now = 0
        self._quiet = False
        self._look_at: float | None = None  # when to look again, on the clock

    def use_for(self, tokens: int) -> None:
        """Set the number of threads for a pass over ``tokens`` tokens."""
        several = self._most > 1 and tokens > _SERIAL_TOKENS
        self._use(self._most if several and self._is_quiet() else 1)

    def _is_quiet(self) -> bool:
        began = self._clock()
        if self._look_at is None:
            self._look_at = began + _FIRST_S
        if began >= self._look_at:
            alone = min(self._timed(1), self._timed(1))
            # Twice, since the first wakes the helpers; when that helps, the machine is quiet.
            self._quiet = any(self._timed(self._most) < _SLOW * alone for _ in range(2))
            now = self._clock()
            self._look_at = now + max(_AGAIN_S, _SHARE * (now - began))
        return self._quiet

    def _timed(self, threads: int) -> float:
        self._use(threads)
        began = self._clock()
        self._probe()
        return self._clock() - began

    def _use(self, threads: int) -> None:
        if threads != self._now:
            self._set(threads)
            self._now = threads
