"""``reasoner pretrain``: make the bundled model from scratch."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer


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
    base: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="MODEL", help="Go on from this model, name or folder, in less time."
        ),
    ] = None,
) -> int:
    """Train a model on four task families: imitation of experts, then its own roll-outs.

    Takes about an hour on two CPU cores, and nothing but this package. Ctrl-C or a crash loses
    a minute or two: the same command goes on. Use the result with --model DIR.
    """
    from rich.console import Console

    from selfplay.entrance import trainable_model
    from selfplay.pretrain import pretrain as make

    from .bars import Bars

    console = Console(stderr=True)
    began = time.monotonic()
    with Bars(console) as bars:
        report = make(out, work, seed, scale, bars.tell, trainable_model(base) if base else None)
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
