"""``reasoner doctor``: what this machine can do, and whether its sandbox holds."""

from __future__ import annotations

from typing import Annotated

import typer


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """Try every part: engines, model, GPU, Ray, disk, and live attacks on the sandbox.

    Exit code 1 when something is broken; what is merely missing is not.
    """
    from dataclasses import asdict

    from ..doctor import State, examine_machine

    if json:
        import json as json_text

        findings = list(examine_machine())
        broken = sum(finding.state is State.BROKEN for finding in findings)
        report = {"broken": broken, "findings": [asdict(finding) for finding in findings]}
        print(json_text.dumps(report, indent=2))
        return 1 if broken else 0
    from rich.console import Console
    from rich.table import Table

    from ..plain import one_line

    console = Console(highlight=False, markup=False, emoji=False)
    with Console(stderr=True).status("trying every part; the sandbox takes some seconds"):
        findings = list(examine_machine())
    table = Table(box=None, pad_edge=False)
    for column in ("", "part", "name", "found"):
        table.add_column(column)
    styles = {State.OK: "green", State.MISSING: "yellow", State.BROKEN: "bold red"}
    for finding in findings:
        texts = (finding.state, finding.part, finding.name, finding.detail)
        table.add_row(*(one_line(text, 200) for text in texts), style=styles[finding.state])
    console.print(table)
    broken = sum(finding.state is State.BROKEN for finding in findings)
    console.print(f"{broken} broken" if broken else "all that is here works")
    return 1 if broken else 0
