"""``reasoner verifiers``: which there are, what they do, and whether they can be fooled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import UnsafeExec

if TYPE_CHECKING:
    from verifiers import Verifier
    from verifiers.card import ScoreCard

app = typer.Typer(
    help="Verifiers: list, show, test.",
    rich_markup_mode=None,
    add_completion=False,
)

Spec = Annotated[
    str, typer.Argument(metavar="NAME|FILE:FN", help="A name, ./file.py:fn or module:fn.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_verifiers(json: AsJson = False) -> None:
    """List verifiers by name: built-in ones, extras, and those of other packages."""
    from verifiers.registry import listed

    rows: list[dict[str, Any]] = []
    for item in listed():
        row = {"name": item.name, "from": item.package or "built in", "missing": item.missing}
        if not item.missing:
            about = _about(item.name)
            row |= {key: about[key] for key in ("version", "kind", "judges", "test")}
        rows.append(row)
    if json:
        _print_json(rows)
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("name", "kind", "judges", "from", "test"):
        table.add_column(column)
    for row in rows:
        name = f"{row['name']}@{row['version']}" if "version" in row else row["name"]
        judges = row.get("judges") or row["missing"]
        table.add_row(
            *map(_safe, (name, row.get("kind", ""), judges, row["from"], row.get("test", "")))
        )
    _console().print(table)


@app.command("show")
def show(spec: Spec, json: AsJson = False) -> None:
    """Show one verifier: what it needs, where it runs, whether its test was passed."""
    about = _about(spec)
    if json:
        _print_json(about)
        return
    from ..plain import plain

    for key, value in about.items():
        if value != "":
            print(plain(f"{key:<10} {value}"))


@app.command("test")
def try_out(
    spec: Spec,
    unsafe_exec: UnsafeExec = False,
    json: AsJson = False,
) -> int:
    """Hold its examples and a corpus of attacks against a verifier; exit 0 when it stands.

    Only verdicts of a verifier that has passed may become training data.
    """
    from dataclasses import asdict

    from rich.console import Console

    from verifiers import VerifierError
    from verifiers.card import examine
    from verifiers.judge import opinion
    from verifiers.source import parse

    from ..cards import save
    from ..chosen import begin
    from ..errors import UsageError
    from ..evaluate.progress import shown
    from ..sync import run
    from .text import say

    verifier = begin(spec, unsafe_exec)
    try:
        with shown(Console(stderr=True), verifier.name) as show:
            card = run(examine(verifier, parse(spec), show))
    except VerifierError as error:
        raise UsageError(str(error)) from None
    try:
        if unsafe_exec:
            say("this card is not kept: what ran without isolation proves nothing")
        else:
            save(card)
    except OSError as error:
        say(f"this card is not kept ({error}): the verifier can not make training data yet")
    if json:
        checks = [{**asdict(check), "passed": check.passed} for check in card.checks]
        _print_json({**asdict(card), "checks": checks, "passed": card.passed})
    else:
        _show_card(card, opinion(verifier))
    return 0 if card.passed else 1


def _show_card(card: ScoreCard, opinion: bool) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("", "check", "tried", "failed", "the first that failed"):
        table.add_column(column, justify="right" if column in ("tried", "failed") else "left")
    for check in card.checks:
        mark = "ok" if check.passed else "FAIL"
        table.add_row(mark, check.name, str(check.tried), str(check.failed), _safe(check.detail))
    console = _console()
    console.print(table)
    word = "passed: its verdicts may become training data" if card.passed else "failed"
    if card.passed and opinion:
        word = "passed; a model's opinion all the same: its verdicts make no training data"
    console.print(_safe(f"{card.verifier}@{card.version} {word}"))


def _about(spec: str) -> dict[str, Any]:
    from verifiers import self_checking
    from verifiers.function import Function
    from verifiers.plugins import is_domain

    from .. import cards
    from ..chosen import find

    verifier: Verifier = find(spec)
    card = cards.find(verifier)
    about: dict[str, Any] = {
        "name": verifier.name,
        "version": verifier.version,
        "kind": "domain" if is_domain(verifier) else "verifier",
        "judges": "from the question" if self_checking(verifier) else "by a reference",
        "runs": "here, trusted",
        "test": "not run" if card is None else "passed" if card.passed else "failed",
    }
    if isinstance(verifier, Function):
        about["wants"] = ", ".join(want.name for want in verifier.wants)
        about["examples"] = len(verifier.examples)
        if verifier.isolation != "trusted":
            about["runs"] = (
                f"in a {verifier.isolation}, at most {verifier.timeout:g} s "
                f"and {verifier.memory >> 20:,} MiB"
            )
    elif isolation := getattr(verifier, "isolation", ""):
        about["runs"] = f"in a {isolation}"
    about["about"] = " ".join((verifier.__doc__ or "").split("\n\n")[0].split())
    return about


def _console() -> Any:
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def _safe(text: str) -> str:
    from ..plain import one_line

    return one_line(text, 200)


def _print_json(data: object) -> None:
    import json

    print(json.dumps(data, indent=2))
