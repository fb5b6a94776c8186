"""``reasoner pretrain``: make the bundled model from scratch."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID


def pretrain(
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the finished model's folder goes.")
    ] = Path("work/model"),
    work: Annotated[
        Path, typer.Option(metavar="DIR", help="Checkpoints; run again to resume from them.")
    ] = Path("work/pretrain"),
    seed: Annotated[int, typer.Option(help="Seed of the weights and of every problem.")] = 0,
    scale: Annotated[
        float, typer.Option(min=0.001, max=10.0, help="Share of the full recipe; 1 ships.")
    ] = 1.0,
) -> int:
    """Train a model on four task families: imitation of experts, then its own roll-outs.

    Takes under an hour on two CPU cores, and nothing but this package. Ctrl-C or a crash loses
    a minute or two: the same command goes on. Use the result with --model DIR.
    """
    from rich.console import Console

    from selfplay.pretrain import pretrain as make

    console = Console(stderr=True)
    began = time.monotonic()
    with _Bars(console) as bars:
        report = make(out, work, seed, scale, bars.tell)
    for name in ("value", "confidence"):
        parts = report[name]
        assert isinstance(parts, dict)
        for family, row in parts.items():
            console.print(
                f"{name:<10} {family:<14} Brier {row['brier']:.3f} "
                f"(base rate {row['brier_of_base_rate']:.3f})  "
                f"calibration error {row['calibration_error']:.3f}  {row['states']} held out",
                highlight=False,
            )
    console.print(f"{out} is ready after {(time.monotonic() - began) / 60:.0f} min", style="bold")
    return 0


class _Bars:
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

    def __enter__(self) -> _Bars:
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
        self._progress.update(self._tasks[part], completed=done, note=note)
