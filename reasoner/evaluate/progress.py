"""How far a long job is, on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .results import Row

if TYPE_CHECKING:
    from rich.console import Console

EVERY_S = 10.0  # between lines when there is no terminal
Show = Callable[[int, int, str], None]
"""How many are done, of how many, and a word on it."""


@contextmanager
def progress(console: Console, total: int, title: str) -> Iterator[Callable[[Row], None]]:
    """Yields what to call after each of ``total`` rows."""
    rows = judged = right = 0
    with shown(console, title) as show:

        def on_row(row: Row) -> None:
            nonlocal rows, judged, right
            rows += 1
            judged += row.right is not None
            right += row.right is True
            show(rows, total, f"{right}/{judged} right")

        yield on_row


@contextmanager
def shown(console: Console, title: str) -> Iterator[Show]:
    """Yields what to call whenever something is done."""
    if not console.is_terminal:
        yield _lines(console, title)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("left"),
        TimeLeft(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=None, note="")
        yield lambda done, total, note: bar.update(task, completed=done, total=total, note=note)


def _lines(console: Console, title: str) -> Show:
    last = started = time.monotonic()

    def show(done: int, total: int, note: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= EVERY_S:
            last = now
            left = (now - started) / done * (total - done)
            console.print(f"{title}: {done}/{total}, {note}, {left:.0f} s left")

    return show
