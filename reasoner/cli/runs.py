"""``reasoner runs``: look at saved runs, think on, export, judge and remove them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import UnsafeExec

if TYPE_CHECKING:
    from ..runs import Summary

app = typer.Typer(
    help="Saved runs: list, show, resume, export, mark, remove.",
    rich_markup_mode=None,
    add_completion=False,
)

RunId = Annotated[str, typer.Argument(help="A run's id, any unique start of it, or: last.")]


@app.command("list")
def list_runs(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False,
) -> None:
    """List saved runs, oldest first."""
    from json import dumps

    from ..errors import RunError
    from ..runs import Store
    from .text import say

    store = Store()
    ids = store.ids()
    rows: list[dict[str, object]] = []
    if not ids:
        say(f"no runs are saved in {store.folder}")
    for run_id in ids:
        try:
            run = store.summary(run_id)
        except RunError as error:
            rows.append({"run_id": run_id, "error": str(error)})
        else:
            rows.append(_row(run))
        if not json:
            print(_line(rows[-1]))
    if json:
        print(dumps(rows, indent=2))


def _row(run: Summary) -> dict[str, object]:
    best = run.best
    return {
        "run_id": run.header.run_id,
        "created": run.header.created,
        "state": run.state,
        "used_s": round(run.used_s, 4),
        "resumes": run.resumes,
        "question": run.header.question,
        "domain": run.header.domain,
        "model": run.header.model,
        "answer": best and best.answer,
        "verified": best and best.verified,
        "confidence": best and best.confidence,
    }


def _line(row: dict[str, Any]) -> str:
    from ..plain import one_line
    from .text import duration

    if "error" in row:
        return f"{row['run_id']}  unreadable: {one_line(row['error'], 100)}"
    mark = {None: " ", True: "+", False: "-"}[row["verified"]]
    return (
        f"{row['run_id']}  {row['created'][:16].replace('T', ' ')}  {row['state']:<11} "
        f"{duration(row['used_s']):>8}  {mark} {one_line(row['answer'] or '', 32):<32}  "
        f"{one_line(row['question'], 48)}"
    )


@app.command("show")
def show(run_id: RunId) -> None:
    """Show one run: the question, the best line of thought, how the answer changed."""
    from ..plain import one_line, plain
    from ..recorder import revive
    from ..records import BestAnswer, Mark
    from ..runs import Store
    from .text import duration, standing

    store = Store()
    trace = store.read(store.find(run_id))
    header, past = trace.header, revive(trace)
    tree = past.tree
    print(f"{header.run_id}: {one_line(header.question, 500)}")
    print(
        f"  {header.domain}, {header.model}, {past.terms.strategy}, seed {past.terms.seed}; "
        f"{duration(past.used.seconds)}, {past.used.tokens:,} tokens, {past.used.nodes:,} nodes, "
        f"{tree.deepest} steps deep"
    )
    if trace.corrupt or trace.torn or past.lost:
        print(
            f"  damage: {trace.corrupt} records skipped, {past.lost} more could not be used"
            f"{', the last one was cut short' if trace.torn else ''}"
        )
    for record in trace.records:
        if isinstance(record, BestAnswer):
            sure = standing(record.confidence, record.verified)
            print(f"  [{duration(record.t_s)}] {one_line(record.answer)} ({sure})")
        elif isinstance(record, Mark):
            print(f"  marked {'good' if record.good else 'bad'}")
    best = past.best(alternatives=5)
    if best is not None:
        print("best line:")
        print("\n".join(f"  {plain(step)}" for step in tree.steps(best.path)))
        for other in best.alternatives:
            sure = standing(other.confidence, other.verified)
            print(f"  else: {one_line(other.answer)} ({sure})")


@app.command("resume")
def resume(
    run_id: RunId,
    think: Annotated[str, typer.Option(help="How much longer: +30s, 10m, 1h30m.")] = "+30s",
    strategy: Annotated[str | None, typer.Option(help="Another strategy than before.")] = None,
    stop_when: Annotated[
        str | None, typer.Option(help="verified, confident or budget; as before by default.")
    ] = None,
    unsafe_exec: UnsafeExec = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """Think on about a saved question, on the same tree; also after it was killed."""
    from ..agent import Reasoner
    from ..runs import Store
    from .conduct import conduct

    store = Store()
    run_id = store.find(run_id)
    model = store.read(run_id, growth=False).header.model
    thinking = Reasoner(model, store=store).resume(
        run_id, think, strategy=strategy, stop_when=stop_when, unsafe_exec=unsafe_exec
    )
    return conduct(thinking, json=json)


@app.command("export")
def export(
    run_id: RunId,
    html: Annotated[Path, typer.Option(help="Write this file: one page, no network needed.")],
) -> None:
    """Write a run as a page to look at: the tree, and how the answer changed over time."""
    from ..errors import UsageError
    from ..html import render
    from ..runs import Store
    from .text import say

    store = Store()
    page = render(store.read(store.find(run_id)))
    try:
        html.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"can not write {html}: {error.strerror}") from None
    say(f"wrote {html} ({len(page.encode()) / 1024:,.0f} kB)")


class Judgement(StrEnum):
    GOOD = "good"
    BAD = "bad"


@app.command("mark")
def mark(run_id: RunId, judgement: Judgement) -> None:
    """Say whether a run's answer was good or bad: 'reasoner improve --from-runs' learns from it."""
    from ..errors import UsageError
    from ..records import Mark
    from ..runs import Store
    from ..traces import TraceWriter
    from .text import say

    store = Store()
    run_id = store.find(run_id)
    writer = TraceWriter(store.path(run_id), create=False)
    try:
        trace = store.read(run_id)
        if not trace.records:
            raise UsageError(f"run {run_id} has no answer yet; nothing to judge")
        writer.truncate(trace.good_bytes)
        writer.write(Mark(trace.records[-1].t_s, judgement is Judgement.GOOD))
    finally:
        writer.close()
    say(f"{run_id} is marked {judgement}")


@app.command("rm")
def remove(run_ids: Annotated[list[str], typer.Argument(help="Ids, or unique starts.")]) -> None:
    """Remove saved runs for good."""
    from ..runs import Store

    store = Store()
    for run_id in [store.find(prefix) for prefix in run_ids]:  # all are found before any goes
        store.remove(run_id)
