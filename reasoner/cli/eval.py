"""``reasoner eval``: accuracy against thinking time, on a suite or on your own questions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import UnsafeExec


def evaluate(
    what: Annotated[str, typer.Argument(metavar="SUITE|FILE.jsonl", show_default=False)],
    budgets: Annotated[
        str, typer.Option(help="Comma-separated thinking times; greedy: no search.")
    ] = "greedy,0.3s,1s,3s",
    model: Annotated[str, typer.Option(help="Model name or folder.")] = "tiny",
    strategy: Annotated[str, typer.Option(help="Strategy of the timed budgets.")] = "auto",
    one_at_a_time: Annotated[
        bool, typer.Option("--one-at-a-time", help="Each question has the machine to itself.")
    ] = False,
    verifier: Annotated[
        str | None,
        typer.Option(
            metavar="VERIFIER",
            help="Judge and grade answers by this: a name, ./file.py:function or module:function.",
            show_default=False,
        ),
    ] = None,
    unsafe_exec: UnsafeExec = False,
    seed: Annotated[int, typer.Option(help="Seed of every search.")] = 0,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only the first N questions.", show_default=False)
    ] = None,
    json: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the report as JSON; - is stdout.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="PNG", help="Draw accuracy against measured time.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep every answer; run again to resume.")
    ] = None,
) -> int:
    """How often is the selected answer right, and what does more thinking time buy?

    A suite is game24, countdown, countdown5, countdown6, arithmetic, equations, word_problems,
    by_hand, or gym:FAMILY of reasoning-gym.
    A JSONL file has one object a line: "question" and, where you have them, "reference" (the
    right answer), "domain" and "id". The table goes to stderr.
    """
    from rich.console import Console

    from ..agent import Reasoner
    from ..chosen import begin
    from ..errors import ReasonerError
    from ..evaluate import Plan, Results, grader_of, load, parse_arms, report, run
    from ..evaluate.asker import asker, identity
    from ..evaluate.plot import check_matplotlib
    from ..evaluate.plot import plot as draw
    from ..evaluate.progress import progress
    from ..evaluate.table import show
    from ..sync import run as wait

    if plot is not None:
        check_matplotlib()
    arms = parse_arms(budgets, strategy)
    judge = None if verifier is None else begin(verifier, unsafe_exec)
    items = tuple(load(what, limit, judge))
    own = grader_of(what)
    grader = begin(own) if judge is None and own is not None else judge
    name = Path(what).stem
    console = Console(stderr=True)
    stopped = False
    try:
        results = Results(out)
        with Reasoner(model, verifier=judge) as reasoner:
            plan = Plan(items, arms, identity(reasoner), seed, one_at_a_time, grader)
            with progress(console, len(plan.todo(results)), name) as on_row:
                try:
                    wait(run(plan, asker(reasoner), results, on_row))
                except KeyboardInterrupt:
                    stopped = True
        summary = report(name, plan, results)
        show(summary, console)
        text = summary.model_dump_json(indent=2)
        if json == "-":
            typer.echo(text)
        elif json is not None:
            Path(json).write_text(text + "\n", encoding="utf-8")
        if plot is not None:
            draw([summary], plot)
    except OSError as error:
        raise ReasonerError(f"expected a place to write, found {error}; choose another") from error
    if stopped:
        go_on = f"the same command goes on from {out}" if out else "with --out DIR it could go on"
        console.print(f"stopped; {go_on}")
        return 130
    return 1 if any(arm.errors for arm in summary.arms) else 0
