"""How many threads to compute with, learnt from what was quickest lately.

On an idle machine several threads win, but for the smallest batches. On a busy one each of the
dozens of parallel regions of a pass waits until the system runs the helpers again, milliseconds
every time, and one thread can be a hundred times faster. Results are the same bit for bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_SERIAL_TOKENS = 4  # up to here one thread is the first guess
_RETRY = 25  # the other choice is tried again once it would take 1/25 of the time since
_FRESH = 0.3  # weight of the newest measurement


@dataclass(slots=True)
class _Size:
    """What is known about batches of about one size."""

    first: int  # threads
    seconds: dict[int, float] = field(default_factory=dict)  # a token, by threads
    since: float = 0.0  # seconds of work since the slower choice was tried


class ThreadChoice:
    """Chooses between one thread and ``most`` for each pass."""

    def __init__(
        self,
        most: int,
        set_threads: Callable[[int], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """``set_threads``: called when the number changes, from the calling thread."""
        self._choices = (1, most) if most > 1 else (1,)
        self._set, self._clock = set_threads, clock
        self._now = 0
        self._sizes: dict[int, _Size] = {}

    @contextmanager
    def measured(self, tokens: int) -> Iterator[None]:
        """Run a pass over ``tokens`` tokens with the best number of threads, and learn."""
        first = 1 if tokens <= _SERIAL_TOKENS else self._choices[-1]
        size = self._sizes.setdefault(tokens.bit_length(), _Size(first))
        count = self._pick(size, tokens)
        if count != self._now:
            self._set(count)
            self._now = count
        began = self._clock()
        yield
        spent = self._clock() - began
        old = size.seconds.get(count, spent / tokens)
        size.seconds[count] = old + _FRESH * (spent / tokens - old)
        size.since += spent
        if count != min(size.seconds, key=size.seconds.__getitem__):
            size.since = 0.0

    def _pick(self, size: _Size, tokens: int) -> int:
        if not size.seconds:
            return size.first
        best = min(size.seconds, key=size.seconds.__getitem__)
        other = next((count for count in self._choices if count != best), best)
        expected = size.seconds.get(other, size.seconds[best]) * tokens
        return other if size.since > _RETRY * expected else best
