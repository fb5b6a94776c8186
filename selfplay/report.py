"""A run as one page: drawn, self-contained, nothing to install for whoever reads it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.util import find_spec
from pathlib import Path

from reasoner.errors import ReasonerError

from . import figures
from .arena import ARMS, summary
from .entries import Generation
from .fight import Fight
from .ledger import Ledger
from .status import describe, ratings, status_lines

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; color: #1a202c }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse } td, th { padding: .2rem .7rem; text-align: right }
td:first-child, th:first-child { text-align: left } tr + tr td { border-top: 1px solid #e3e6ea }
svg { max-width: 100%; height: auto } p { max-width: 46rem }
"""


def render(ledger: Ledger, folder: Path) -> str:
    """The whole page. Raises :class:`ReasonerError` without matplotlib."""
    if find_spec("matplotlib") is None:
        raise ReasonerError(
            "expected matplotlib for the report, found none; "
            "run: pip install 'system2-reasoner[plot]'"
        )
    generations, rated = ledger.generations(), ratings(ledger)
    fights = [Fight(g, b) for g in generations if (b := ledger.bouts(g.number))]
    parts = [
        f"<h1>Self-improvement in {escape(str(folder))}</h1>",
        *(f"<p>{escape(line)}</p>" for line in status_lines(ledger, folder)[:1]),
        "<h2>In the arena: champion and challenger on the same fresh problems</h2>",
        "<p>Hollow: the champion, filled: its challenger; bars: 95 %.</p>",
        figures.accuracy(fights) if fights else "<p>No challenger has fought yet.</p>",
        _families(fights) if fights else "",
        "<h2>Strength</h2>",
        figures.elo(fights, rated) if fights else "<p>Nothing to show yet.</p>",
        "<h2>Improvement gap and transfer</h2>",
        "<p>Gap: accuracy of the champion's search (large budget) minus its System 1. Transfer: "
        "the share of that gap which training gave to the challenger's System 1. Each family that "
        "was asked counts alike.</p>",
        figures.gaps(fights) if fights else "",
        _gaps(fights),
        "<h2>Solve rate in play, by family and level</h2>",
        _cells(ledger, generations),
        "<h2>Where the time and the tokens went</h2>",
        _spent(ledger, generations),
        "<h2>Every generation</h2>",
        *(
            f"<p>{escape(describe(ledger, g.number, rated))}</p>"
            for g in generations
            if g.stage == "done"
        ),
    ]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv='
        "\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Self-improvement</title><style>{_STYLE}</style>" + "\n".join(parts) + "</html>\n"
    )


def _families(fights: Sequence[Fight]) -> str:
    """System 1 in each family."""
    families = sorted({bout.family for fight in fights for bout in fight.bouts})
    rows = []
    for fight in fights:
        cells = []
        for family in families:
            n, old, new = summary(fight.bouts, "policy", family)
            cells.append(f"{_percent(old / n)} → {_percent(new / n)} of {n:,}" if n else "")
        rows.append([str(fight.generation.number), *cells])
    return _table(["System 1, generation", *families], rows)


def _gaps(fights: Sequence[Fight]) -> str:
    head = ["generation", "System 1", "small budget", "large budget", "gap", "transfer", "verdict"]
    rows = []
    for fight in fights:
        pairs = []
        for arm in ARMS:
            asked = fight.families(arm)
            before, after = (fight.share(arm, asked, champion=old) for old in (True, False))
            pairs.append(f"{_percent(before)} → {_percent(after)}")
        transfer = "" if fight.transfer is None else f"{fight.transfer:+.2f}"
        verdict = fight.generation.verdict or "under way"
        rows.append([str(fight.generation.number), *pairs, _percent(fight.gap), transfer, verdict])
    return _table(head, rows)


def _cells(ledger: Ledger, generations: Sequence[Generation]) -> str:
    counts: dict[tuple[str, int], dict[int, list[int]]] = {}
    for g in generations:
        for row in ledger.results(g.number):
            cell = counts.setdefault((row["family"], row["level"]), {})
            tally = cell.setdefault(g.number, [0, 0, 0])
            tally[0] += 1
            tally[1] += row["greedy"] or 0
            tally[2] += row["solved"] or 0
    return figures.cells(counts)


def _spent(ledger: Ledger, generations: Sequence[Generation]) -> str:
    spent, numbers = ledger.seconds(), [g.number for g in generations]
    results = [ledger.results(number) for number in numbers]
    tokens = {
        "play": [sum(row["tokens"] or 0 for row in rows) for rows in results],
        "arena": [sum(bout.tokens for bout in ledger.bouts(number)) for number in numbers],
    }
    minutes = {
        name: [spent.get((number, stage), 0.0) / 60 for number in numbers]
        for name, stage in (("play", "play"), ("training", "train"), ("arena", "duel"))
    }
    head = ["generation", "problems", "tokens of play", "tokens of the arena", "steps",
            "play, min", "training, min", "arena, min"]  # fmt: skip
    rows = [
        [
            str(g.number), str(len(results[i])), *(f"{found[i]:,}" for found in tokens.values()),
            f"{g.trained.get('steps', 0):.0f}", *(f"{found[i]:.1f}" for found in minutes.values()),
        ]
        for i, g in enumerate(generations)
    ]  # fmt: skip
    return figures.spent(numbers, minutes, tokens) + _table(head, rows)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    return f"<table><tr>{top}</tr>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"
