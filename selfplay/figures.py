"""Figures of a run: drawn by matplotlib, as SVG within a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

from reasoner.evaluate.stats import wilson

from .arena import ARMS, summary
from .elo import Rating
from .fight import Fight
from .folder import challenger

COLOURS = {"policy": "#2457d6", "small": "#178f6b", "large": "#d6552b"}
NAMES = {"policy": "System 1", "small": "small budget", "large": "large budget"}
STAGES = {"play": "#2457d6", "training": "#b8860b", "arena": "#d6552b"}
FAMILIES = ("#2457d6", "#d6552b", "#178f6b", "#8a4fc7", "#b8860b", "#c2387a")

Tally = Mapping[tuple[str, int], Mapping[int, Sequence[int]]]
"""By (family, level) and generation: problems, right at once, right after search."""


def accuracy(fights: Sequence[Fight]) -> str:
    """Family by family; the line is the champion's, up to one that was promoted last."""
    families = sorted({bout.family for fight in fights for bout in fight.bouts})
    figure, panels = _panels(families, "right, %", sharey=True)
    for axes, family in zip(panels, families, strict=True):
        for arm in ARMS:
            line = []
            for fight in fights:
                n, old, new = summary(fight.bouts, arm, family)
                if not n:
                    continue
                x, colour = fight.generation.number, COLOURS[arm]
                for right, at, face in ((old, x - 0.08, "white"), (new, x + 0.08, colour)):
                    share, low, high = (100 * part for part in wilson(right, n))
                    axes.errorbar(
                        at, share, [[share - low], [high - share]], color=colour, marker="o",
                        markerfacecolor=face, capsize=2,
                    )  # fmt: skip
                line.append((x - 0.08, 100 * old / n))
                if fight.generation.verdict == "promoted" and fight is fights[-1]:
                    line.append((x + 0.08, 100 * new / n))
            if line:
                axes.plot(*zip(*line, strict=True), color=COLOURS[arm], alpha=0.5, label=NAMES[arm])
        axes.set_ylim(0, 102)
        axes.set_xlim(0.5, fights[-1].generation.number + 0.5)
    return _svg(figure, *panels)


def elo(fights: Sequence[Fight], known: Mapping[str, Mapping[str, Rating]]) -> str:
    figure, (axes,) = _panels(
        ["points over the base model; crosses: not promoted; bars: 95 %"], "Elo"
    )
    for i, arm in enumerate(ARMS):
        xs, ys, errors = [0.0], [0.0], [0.0]
        for fight in fights:
            if not fight.families(arm):
                continue
            rating = known[challenger(fight.generation.number)].get(arm, Rating())
            x = fight.generation.number + 0.08 * (i - 1)
            if fight.generation.verdict == "promoted":
                xs, ys, errors = [*xs, x], [*ys, rating.elo], [*errors, rating.error]
            else:
                axes.errorbar(x, rating.elo, rating.error, fmt="x", color=COLOURS[arm], alpha=0.4)
        axes.errorbar(xs, ys, errors, marker="o", capsize=2, color=COLOURS[arm], label=NAMES[arm])
    return _svg(figure, axes)


def gaps(fights: Sequence[Fight]) -> str:
    figure, panels = _panels(["improvement gap, points", "transfer"], "")
    both = [(f.generation.number, f.gap, f.transfer) for f in fights]
    known = [[(x, 100 * gap) for x, gap, _ in both if gap is not None]]
    known += [[(x, part) for x, _, part in both if part is not None]]
    for axes, points in zip(panels, known, strict=True):
        axes.axhline(0, color="#1a202c", linewidth=0.8)
        if points:
            axes.plot(*zip(*points, strict=True), color=COLOURS["policy"], marker="o")
    return _svg(figure)


def cells(counts: Tally) -> str:
    figure, (axes,) = _panels(["lines: System 1; dots: search; shade: level"], "solved, %")
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
    return _svg(figure, axes)


def spent(
    generations: Sequence[int], minutes: Mapping[str, Sequence[float]],
    tokens: Mapping[str, Sequence[int]],
) -> str:  # fmt: skip
    """``minutes``, ``tokens``: by what they were for, parallel to ``generations``."""
    figure, panels = _panels(["minutes", "tokens, millions"], "")
    scaled = {name: [n / 1e6 for n in found] for name, found in tokens.items()}
    for axes, parts in zip(panels, (minutes, scaled), strict=True):
        below = [0.0] * len(generations)
        for name, found in parts.items():
            axes.bar(generations, found, bottom=below, color=STAGES[name], label=name, width=0.6)
            below = [a + b for a, b in zip(below, found, strict=True)]
    return _svg(figure, panels[0])


def _panels(titles: Sequence[str], ylabel: str, *, sharey: bool = False) -> tuple[Any, Any]:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import MaxNLocator

    figure, grid = pyplot.subplots(
        1, len(titles), figsize=(9, 3.6), layout="constrained", squeeze=False, sharey=sharey
    )
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title, loc="left", fontsize=11)
        axes.set_xlabel("generation")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(True, color="#e3e6ea")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    grid[0][0].set_ylabel(ylabel)
    return figure, grid[0]


def _svg(figure: Any, *named: Any) -> str:
    """``named``: axes whose lines need a legend, each name once; it is beside all of them, where
    it hides none."""
    from matplotlib import pyplot

    handles = {
        label: handle
        for axes in named
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    if handles:
        figure.legend(
            list(handles.values()), list(handles), loc="outside right upper", frameon=False,
            fontsize=8,
        )  # fmt: skip
    text = StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    drawn = text.getvalue()
    return drawn[drawn.index("<svg") :]
