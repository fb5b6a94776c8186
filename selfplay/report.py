"""A run as one page: drawn, self-contained, nothing to install for whoever reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any

from reasoner.errors import ReasonerError
from reasoner.evaluate.stats import wilson

from .arena import ARMS, summary
from .elo import Rating
from .entries import Bout, Generation
from .folder import challenger
from .ledger import Ledger
from .status import describe, ratings, status_lines

COLOURS = {"policy": "#2457d6", "small": "#178f6b", "large": "#d6552b"}
NAMES = {"policy": "System 1", "small": "small budget", "large": "large budget"}
FAMILIES = ("#2457d6", "#d6552b", "#178f6b", "#8a4fc7", "#b8860b", "#c2387a")
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; color: #1a202c }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse } td, th { padding: .2rem .7rem; text-align: right }
td:first-child, th:first-child { text-align: left } tr + tr td { border-top: 1px solid #e3e6ea }
svg { max-width: 100%; height: auto } p { max-width: 46rem }
"""


@dataclass(frozen=True, slots=True)
class Fight:
    """A generation that reached the arena."""

    generation: Generation
    bouts: list[Bout]

    def share(self, arm: str, champion: bool) -> float | None:
        n, old, new = summary(self.bouts, arm)
        return None if not n else (old if champion else new) / n

    @property
    def gap(self) -> float | None:
        """What the champion's search finds and its System 1 does not."""
        policy, large = self.share("policy", True), self.share("large", True)
        return None if policy is None or large is None else large - policy

    @property
    def transfer(self) -> float | None:
        """How much of the gap training recovered."""
        before, after = self.share("policy", True), self.share("policy", False)
        if before is None or after is None or not self.gap:
            return None
        return (after - before) / self.gap


def render(ledger: Ledger, folder: Path) -> str:
    """The whole page. Raises :class:`ReasonerError` without matplotlib."""
    if find_spec("matplotlib") is None:
        raise ReasonerError(
            "expected matplotlib for the report, found none; "
            "run: pip install 'system2-reasoner[plot]'"
        )
    generations = ledger.generations()
    fights = [Fight(g, b) for g in generations if (b := ledger.bouts(g.number))]
    parts = [
        f"<h1>Self-improvement in {escape(str(folder))}</h1>",
        *(f"<p>{escape(line)}</p>" for line in status_lines(ledger, folder)[:1]),
        "<h2>In the arena: champion and challenger on the same fresh problems</h2>",
        _accuracy(fights) if fights else "<p>No challenger has fought yet.</p>",
        _families(fights) if fights else "",
        "<h2>Strength</h2>",
        _elo(fights, ratings(ledger)) if fights else "<p>Nothing to show yet.</p>",
        "<h2>Improvement gap and transfer</h2>",
        "<p>Gap: accuracy of the champion's search (large budget) minus its System 1. Transfer: "
        "the share of that gap which training gave to the challenger's System 1.</p>",
        _gaps(fights),
        "<h2>Solve rate in play, by family and level</h2>",
        _cells(ledger, generations),
        "<h2>Where the time and the tokens went</h2>",
        _spent(ledger, generations),
        "<h2>Every generation</h2>",
        *(f"<p>{escape(describe(ledger, g.number))}</p>" for g in generations if g.stage == "done"),
    ]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv='
        "\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Self-improvement</title><style>{_STYLE}</style>" + "\n".join(parts) + "</html>\n"
    )


def _axes(title: str, ylabel: str) -> tuple[Any, Any]:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import MaxNLocator

    figure, axes = pyplot.subplots(figsize=(9, 3.6), layout="constrained")
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_ylabel(ylabel)
    axes.set_xlabel("generation")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(True, color="#e3e6ea")
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _svg(figure: Any) -> str:
    from matplotlib import pyplot

    text = StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    drawn = text.getvalue()
    return drawn[drawn.index("<svg") :]


def _accuracy(fights: Sequence[Fight]) -> str:
    figure, axes = _axes("hollow: the champion, filled: its challenger; bars: 95 %", "right, %")
    for arm in ARMS:
        for fight in fights:
            n, old, new = summary(fight.bouts, arm)
            if not n:
                continue
            x = fight.generation.number
            for right, shift, face in ((old, -0.08, "white"), (new, 0.08, COLOURS[arm])):
                low, high = wilson(right, n)[1:]
                share = right / n
                axes.errorbar(
                    x + shift, 100 * share, [[100 * (share - low)], [100 * (high - share)]],
                    color=COLOURS[arm], marker="o", markerfacecolor=face, capsize=2,
                )  # fmt: skip
        ends = [(f.generation.number, f.share(arm, False)) for f in fights]
        known = [(x, 100 * y) for x, y in ends if y is not None]
        if known:
            axes.plot(*zip(*known, strict=True), color=COLOURS[arm], alpha=0.5, label=NAMES[arm])
    axes.set_ylim(0, 102)
    axes.set_xlim(0.5, fights[-1].generation.number + 0.5)
    axes.legend(frameon=False, fontsize=9)
    return _svg(figure)


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


def _elo(fights: Sequence[Fight], known: dict[str, dict[str, Rating]]) -> str:
    figure, axes = _axes("points over the base model; crosses: rejected; bars: 95 %", "Elo")
    for i, arm in enumerate(ARMS):
        xs, ys, errors = [0.0], [0.0], [0.0]
        for fight in fights:
            rating = known[challenger(fight.generation.number)].get(arm, Rating())
            x = fight.generation.number + 0.08 * (i - 1)
            if fight.generation.verdict == "rejected":
                axes.errorbar(x, rating.elo, rating.error, fmt="x", color=COLOURS[arm], alpha=0.4)
            else:
                xs, ys, errors = [*xs, x], [*ys, rating.elo], [*errors, rating.error]
        axes.errorbar(xs, ys, errors, marker="o", capsize=2, color=COLOURS[arm], label=NAMES[arm])
    axes.legend(frameon=False, fontsize=9)
    return _svg(figure)


def _gaps(fights: Sequence[Fight]) -> str:
    head = ["generation", "System 1", "small budget", "large budget", "gap", "transfer", "verdict"]
    rows = []
    for fight in fights:
        pairs = [
            f"{_percent(fight.share(arm, True))} → {_percent(fight.share(arm, False))}"
            for arm in ARMS
        ]
        transfer = "" if fight.transfer is None else f"{fight.transfer:+.2f}"
        verdict = fight.generation.verdict or "under way"
        rows.append([str(fight.generation.number), *pairs, _percent(fight.gap), transfer, verdict])
    return _table(head, rows)


def _cells(ledger: Ledger, generations: Sequence[Generation]) -> str:
    figure, axes = _axes("lines: System 1; dots: search; shade: level", "solved, %")
    counts: dict[tuple[str, int], dict[int, list[int]]] = {}
    for g in generations:
        for row in ledger.results(g.number):
            cell = counts.setdefault((row["family"], row["level"]), {})
            tally = cell.setdefault(g.number, [0, 0, 0])
            tally[0] += 1
            tally[1] += row["greedy"] or 0
            tally[2] += row["solved"] or 0
    families = sorted({family for family, _ in counts})
    for (family, level), by_generation in sorted(counts.items()):
        colour = FAMILIES[families.index(family) % len(FAMILIES)]
        shade = max(0.25, 1.0 - 0.15 * (level - 1))
        xs = sorted(by_generation)
        greedy = [100 * by_generation[x][1] / by_generation[x][0] for x in xs]
        axes.plot(xs, greedy, color=colour, alpha=shade, marker=".", label=f"{family} {level}")
        searched = [(x, 100 * by_generation[x][2] / by_generation[x][0]) for x in xs if x]
        if searched:
            axes.scatter(*zip(*searched, strict=True), color=colour, alpha=shade, s=22)
    axes.set_ylim(0, 102)
    if counts:
        axes.legend(frameon=False, fontsize=8, ncols=2)
    return _svg(figure)


def _spent(ledger: Ledger, generations: Sequence[Generation]) -> str:
    spent = ledger.seconds()
    rows = []
    for g in generations:
        results = ledger.results(g.number)
        play = sum(row["tokens"] or 0 for row in results)
        fought = sum(bout.tokens for bout in ledger.bouts(g.number))
        minutes = [f"{spent.get((g.number, s), 0.0) / 60:.1f}" for s in ("play", "train", "duel")]
        steps = f"{g.trained.get('steps', 0):.0f}"
        rows.append([str(g.number), str(len(results)), f"{play:,}", f"{fought:,}", steps, *minutes])
    head = ["generation", "problems", "tokens of play", "tokens of the arena", "steps",
            "play, min", "training, min", "arena, min"]  # fmt: skip
    return _table(head, rows)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    return f"<table><tr>{top}</tr>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"
