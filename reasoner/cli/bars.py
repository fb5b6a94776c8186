"""Progress of long work on stderr: bars on a terminal, a line a minute elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..plain import plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID


class Bars:
    """One bar a part; one line a minute where nobody watches."""

    def __init__(self, console: Console) -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._console = console
        self._progress = Progress(
            TextColumn("{task.description:<24}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._spoke = -60.0

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def tell(self, part: str, done: int, total: int, note: str) -> None:
        if not self._console.is_terminal:
            if time.monotonic() - self._spoke >= 60 or done == total:
                self._spoke = time.monotonic()
                self._console.print(f"{part} {done}/{total} {note}", highlight=False)
            return
        if part not in self._tasks:
            self._tasks[part] = self._progress.add_task(part, total=total, note=note)
        self._progress.update(self._tasks[part], completed=done, total=total, note=note)

    def say(self, line: str) -> None:
        """A line that stays; the bars before it are done."""
        for task in self._tasks.values():
            self._progress.remove_task(task)
        self._tasks.clear()
        self._console.print(plain(line), highlight=False, markup=False, soft_wrap=True)
