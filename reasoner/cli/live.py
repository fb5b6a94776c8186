"""The live view: time, speed, the best answer so far, and the most visited branch growing."""

from __future__ import annotations

import time
from collections import deque
from contextlib import suppress

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ..plain import one_line
from ..thinking import Progress, Thinking
from .text import duration, standing

FRAME_S = 0.2  # between repaints: a picture costs a few ms that the search could use
SPEED_S = 2.0  # tokens/s are averaged over this long
BRANCH = 8  # steps shown of the most visited branch


class LiveView:
    """Repaints a few lines on stderr; ``Console`` heeds NO_COLOR, TERM and COLUMNS."""

    def __init__(self, thinking: Thinking) -> None:
        self._thinking = thinking
        self._speed: deque[tuple[float, int]] = deque()
        self._painted_s = 0.0
        self._last: Progress | None = None
        self._live = Live(
            console=Console(stderr=True, highlight=False, emoji=False, markup=False),
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def show(self, progress: Progress) -> None:
        now = time.monotonic()
        self._last = progress
        if now - self._painted_s >= FRAME_S:
            self._paint(progress, now)

    def close(self) -> None:
        if self._live.is_started:
            if self._last is not None:
                self._paint(self._last, time.monotonic())
            self._live.stop()

    def _paint(self, progress: Progress, now: float) -> None:
        self._painted_s = now
        with suppress(OSError):  # the terminal went away; the think goes on
            self._live.update(self._picture(progress), refresh=True)

    def _picture(self, progress: Progress) -> RenderableType:
        parts: list[RenderableType] = [self._clock(progress)]
        if not self._thinking.started:
            parts.append(Text("loading the model", "dim"))
        else:
            parts.append(_best(progress))
            parts.extend(self._branch())
        return Group(*parts)

    def _clock(self, progress: Progress) -> RenderableType:
        row = Table.grid(padding=(0, 2))
        cells: list[RenderableType] = []
        if progress.seconds_left is not None:
            total = progress.t_s + progress.seconds_left
            style = "cyan" if progress.seconds_left > 0.1 * total else "yellow"
            cells.append(ProgressBar(total, progress.t_s, width=24, complete_style=style))
            cells.append(Text(f"{duration(progress.seconds_left)} left", "bold"))
        else:
            cells.append(Text(duration(progress.t_s), "bold"))
        cells.append(Text(f"{self._tokens_per_s(progress):,.0f} tokens/s"))
        cells.append(Text(f"{progress.nodes:,} nodes"))
        cells.append(Text(f"{progress.depth} deep"))
        row.add_row(*cells)
        return row

    def _tokens_per_s(self, progress: Progress) -> float:
        self._speed.append((progress.t_s, progress.tokens))
        while len(self._speed) > 2 and self._speed[1][0] < progress.t_s - SPEED_S:
            self._speed.popleft()
        (then_s, then), (now_s, now) = self._speed[0], self._speed[-1]
        return (now - then) / (now_s - then_s) if now_s > then_s else 0.0

    def _branch(self) -> list[RenderableType]:
        """The most visited line, one step a row, its share of its parent's visits as a bar."""
        tree = self._thinking.tree
        path = tree.principal()[: BRANCH + 1]
        nodes, rows = tree.nodes, Table.grid(padding=(0, 1))
        for depth, (node, step) in enumerate(zip(path[1:], tree.steps(path), strict=True)):
            q = nodes.q[node]
            good = "green" if q > 0.5 else "yellow" if q > 0.1 else "dim"
            solved = bool(tree.frontier.solved[node])
            share = nodes.visits[node] / max(1, nodes.visits[path[depth]])
            rows.add_row(
                Text("  " * depth + ("\u2514 " if depth else "") + one_line(step, 44),
                     "bold green" if solved else ""),
                ProgressBar(1.0, min(1.0, share), width=10, complete_style=good),
                Text(f"{nodes.visits[node]:,} visits", "dim"),
                Text(f"{q:.0%}" if q >= 0.0 else "", good),
            )  # fmt: skip
        return [rows] if len(path) > 1 else []


def _best(progress: Progress) -> RenderableType:
    best = progress.best
    if best is None:
        return Text("no answer yet", "dim")
    style = "green" if best.verified else "red" if best.verified is False else "yellow"
    mark = "\u2713" if best.verified else "\u2717" if best.verified is False else "?"
    return Text.assemble(
        (f"{mark} ", style),
        (one_line(best.answer, 60), f"bold {style}"),
        (f"  {standing(best.confidence, best.verified)}", style),
    )
