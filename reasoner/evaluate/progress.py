"""How far an evaluation is, on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .results import Row

if TYPE_CHECKING:
    from rich.console import Console

EVERY_S = 10.0  # between lines when there is no terminal


@contextmanager
def progress(console: Console, total: int, title: str) -> Iterator[Callable[[Row], None]]:
    """Yields what to call after each of ``total`` rows."""
    if console.is_terminal:
        with bar(console, total, title) as on_row:
            yield on_row
    else:
        yield lines(console, total, title)


@contextmanager
def bar(console: Console, total: int, title: str) -> Iterator[Callable[[Row], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("left"),
        TimeLeft(),
        TextColumn("{task.fields[right]}"),
    )
    count = Count()
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task(title, total=total, right="")

        def on_row(row: Row) -> None:
            shown.update(task, advance=1, right=count.add(row))

        yield on_row


def lines(console: Console, total: int, title: str) -> Callable[[Row], None]:
    count, started = Count(), time.monotonic()
    last = started

    def on_row(row: Row) -> None:
        nonlocal last
        right, now = count.add(row), time.monotonic()
        if now - last >= EVERY_S:
            last = now
            left = (now - started) / count.rows * (total - count.rows)
            console.print(f"{title}: {count.rows}/{total}, {right}, {left:.0f} s left")

    return on_row


class Count:
    """Rows so far, and how many of the judged ones are right."""

    def __init__(self) -> None:
        self.rows = self.judged = self.right = 0

    def add(self, row: Row) -> str:
        self.rows += 1
        self.judged += row.right is not None
        self.right += row.right is True
        return f"{self.right}/{self.judged} right"
