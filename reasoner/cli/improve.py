"""``reasoner improve``: let the model learn from what it searched."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Play, learn, keep what is better. Also: status, report, export, rollback, rescore.",
    rich_markup_mode=None,
    add_completion=False,
    invoke_without_command=True,
)

Run = Annotated[Path, typer.Argument(metavar="DIR", help="The folder given to --out.")]


@app.callback()
def improve(
    context: typer.Context,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The run's folder; run again to go on.")
    ] = Path("work/improve"),
    model: Annotated[str, typer.Option(help="Model name or folder to begin from.")] = "tiny",
    domains: Annotated[
        str, typer.Option(help="Families to play, comma-separated.")
    ] = "countdown,equations",
    hours: Annotated[
        float | None, typer.Option(help="Stop after so long in all.", show_default=False)
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help="The same in minutes.", show_default=False)
    ] = None,
    generations: Annotated[
        int | None, typer.Option(help="Stop after so many in all.", show_default=False)
    ] = None,
    think: Annotated[
        str | None,
        typer.Option(
            help="Search time a problem, such as 2s, shared by those in flight; by default tokens."
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=0, help="Ray workers, one core each; 0: play in this process.")
    ] = 0,
    ray_address: Annotated[
        str | None, typer.Option(help="A Ray cluster; auto: the one this machine belongs to.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of every problem and every search.")] = 0,
    lora: Annotated[
        int, typer.Option(min=0, help="Train adapters of this rank; 0: all weights.")
    ] = 0,
    from_runs: Annotated[
        bool, typer.Option("--from-runs", help="Learn from saved questions that were judged, too.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on in --out as it was begun; other flags aside.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Measure a little; print time, disk and memory.")
    ] = False,
) -> int:
    """Improve a model: it plays problems by tree search, learns from what verifiers confirmed,
    and its challenger takes over when the arena shows that it is better.

    Ctrl-C ends cleanly, and the same command goes on; so it does after kill -9. The best model
    so far is the folder that 'reasoner improve status' names: use it with --model.
    """
    if context.invoked_subcommand is not None:
        return 0
    from rich.console import Console

    from selfplay.adapters import need_peft
    from selfplay.entrance import playable_domains, trainable_model
    from selfplay.estimate import estimate, measure
    from selfplay.feedback import from_runs as from_saved
    from selfplay.ledger import LEDGER, Ledger
    from selfplay.loop import improve as run
    from selfplay.settings import Settings
    from selfplay.workers import workers as hire

    from ..runs import Store
    from .bars import Bars
    from .text import say

    seconds = _seconds(hours, minutes)
    if generations is not None and generations < 1:
        _refuse("--generations", "at least 1", generations)
    if ray_address is not None and not workers:
        _refuse("--workers", "at least 1 with --ray-address", workers)
    if out.exists() and not out.is_dir():
        _refuse("--out", "a folder", f"the file {out}")
    if resume:
        ledger = Ledger(out)
        settings = ledger.settings
        ledger.close()
        base = out / "models" / "base"
    else:
        settings = Settings(
            model=model,
            domains=playable_domains(domains),
            seed=seed,
            think_s=None if think is None else _think(think),
            lora=lora,
        )
        base = trainable_model(model)
    if settings.lora:
        need_peft()
    begins = not resume and not (out / LEDGER).exists()
    if dry_run or (begins and seconds is not None):
        say("measuring how long a generation takes here (about half a minute)")
        cost = measure(settings, base)
        if seconds is not None and not resume:
            settings = settings.scaled(cost.share(settings, seconds))
        if dry_run:
            print("\n".join(estimate(settings, cost, seconds)))
            return 0
    with _signals() as stop, Bars(Console(stderr=True)) as bars:
        done = run(
            out,
            base,
            settings,
            lambda: hire(workers, settings.patience_s, ray_address),
            bars,
            generations=generations,
            seconds=seconds,
            interrupted=stop.wanted,
            feedback=(lambda: from_saved(Store())) if from_runs else tuple,
        )
    if not done and stop.wanted():
        say(f"stopped within a generation; all is kept in {out}, the same command goes on")
    elif not done:
        say(
            f"time is up within a generation; all is kept in {out}, "
            "the same command with more --minutes or --hours goes on"
        )
    _print_status(out)
    return stop.code


@app.command("status")
def status(folder: Run) -> None:
    """Print how a run stands: its generations, its strength, its best model."""
    _print_status(folder)


@app.command("rescore")
def rescore(folder: Run) -> None:
    """Judge all plays that are kept again, after a verifier was repaired."""
    from selfplay.folder import Folder, claim
    from selfplay.ledger import Ledger
    from selfplay.rescore import rescore as judge

    ledger = Ledger(folder)
    try:
        with claim(folder):
            for change in judge(ledger, Folder(folder)):
                print(
                    f"generation {change.generation}: {change.changed} of {change.plays} plays "
                    f"judged otherwise{f', {change.lost} unreadable' if change.lost else ''}"
                )
    finally:
        ledger.close()


@app.command("rollback")
def rollback(folder: Run) -> None:
    """Take back the newest promotion: the run goes on from the champion before."""
    from selfplay.folder import Folder, claim
    from selfplay.ledger import Ledger
    from selfplay.rollback import mend, roll_back

    from .text import say

    ledger = Ledger(folder)
    try:
        with claim(folder):
            roll_back(ledger, "by hand")
            mend(Folder(folder), ledger, say)
    finally:
        ledger.close()
    _print_status(folder)


@app.command("report")
def report(
    folder: Run,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="By default report.html in DIR.")
    ] = None,
    html: Annotated[
        bool, typer.Option("--html", help="One page, no network needed: the only kind so far.")
    ] = True,
) -> None:
    """Write a run as a page to look at: accuracy and Elo over generations and budgets."""
    from selfplay.ledger import Ledger
    from selfplay.report import render

    from ..errors import UsageError
    from .text import say

    ledger, file = Ledger(folder), file or folder / "report.html"
    try:
        page = render(ledger, folder)
    finally:
        ledger.close()
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"can not write {file}: {error.strerror}") from None
    say(f"wrote {file} ({len(page.encode()) / 1024:,.0f} kB)")


@app.command("export")
def export(
    folder: Run,
    out: Annotated[Path, typer.Option(help="A new folder, for --model.")],
) -> None:
    """Copy the best model out of a run, with the run's ledger beside it as evidence."""
    from selfplay.release import release

    from .text import say

    say(f"copied {release(folder, out)} to {out}; reasoner ask QUESTION --model {out}")


def _print_status(folder: Path) -> None:
    from selfplay.ledger import Ledger
    from selfplay.status import status_lines

    ledger = Ledger(folder)
    try:
        print("\n".join(status_lines(ledger, folder)))
    finally:
        ledger.close()


class _Stop:
    """What signals asked for. ``code``: the exit code they lead to."""

    code = 0

    def wanted(self) -> bool:
        return self.code != 0


@contextmanager
def _signals() -> Iterator[_Stop]:
    """The first Ctrl-C or SIGTERM ends the run cleanly; the second one at once."""
    stop = _Stop()

    def handle(number: int, _: object) -> None:
        if stop.code:
            raise KeyboardInterrupt
        stop.code = 128 + number

    before = {n: signal.signal(n, handle) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _seconds(hours: float | None, minutes: float | None) -> float | None:
    if hours is None and minutes is None:
        return None
    for flag, value in (("--hours", hours), ("--minutes", minutes)):
        if value is not None and not 0 < value < 1e6:
            _refuse(flag, "above 0", value)
    return 3600 * (hours or 0.0) + 60 * (minutes or 0.0)


def _think(text: str) -> float:
    from search import parse_seconds

    from ..errors import UsageError

    try:
        return parse_seconds(text)
    except ValueError as error:
        raise UsageError(f"--think: {error}") from None


def _refuse(flag: str, wanted: str, found: object) -> None:
    from ..errors import UsageError

    raise UsageError(f"expected {flag} {wanted}, found {found}")
