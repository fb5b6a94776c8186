"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

UnsafeExec = Annotated[
    bool, typer.Option("--unsafe-exec", help="Where no sandbox works, run code without one.")
]
