"""Views of a search in progress: lines for logs, a live picture for terminals."""

from __future__ import annotations

import os
import sys
from typing import Protocol

from ..plain import one_line
from ..thinking import Progress, Thinking
from .text import duration, say, standing

QUIET_S = 10.0  # the longest silence of the plain view


class View(Protocol):
    def show(self, progress: Progress) -> None:
        """Called at every improvement, else every 0.1 s."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was. May be called twice."""
        ...


def choose_view(thinking: Thinking) -> View:
    """The live view where stderr is a terminal that can move its cursor, else lines."""
    if sys.stderr.isatty() and os.environ.get("TERM", "") not in ("", "dumb"):
        from .live import LiveView

        return LiveView(thinking)
    return PlainView()


class PlainView:
    """The first answer, each better one, and a sign of life every 10 s."""

    def __init__(self) -> None:
        self._told: tuple[str | bool, bool | None] | None = None
        self._told_s = 0.0

    def show(self, progress: Progress) -> None:
        best = progress.best
        # Which of several rejected answers leads is no news.
        state = None if best is None else (best.verified is not False and best.group, best.verified)
        if state == self._told and progress.t_s - self._told_s < QUIET_S:
            return
        self._told, self._told_s = state, progress.t_s
        if best is None:
            found = "no answer yet"
        else:
            found = f"{one_line(best.answer)} ({standing(best.confidence, best.verified)})"
        say(f"[{duration(progress.t_s)}] {found}; {progress.nodes:,} nodes")

    def close(self) -> None:
        pass
