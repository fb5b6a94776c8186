"""Accuracy against measured time as a picture: what a second of thinking buys."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from ..errors import ReasonerError
from .report import Report

COLOURS = ("#2457d6", "#d6552b", "#178f6b", "#8a4fc7", "#b8860b", "#c2387a", "#4a5568", "#00a3c4")


def check_matplotlib() -> None:
    """Cheap, so that a missing library is noticed before hours of evaluation, not after."""
    if find_spec("matplotlib") is None:
        raise ReasonerError(
            "expected matplotlib for --plot, found none; run: pip install 'system2-reasoner[plot]'"
        )


def plot(reports: Sequence[Report], path: Path) -> None:
    """One line a suite: mean measured seconds (log) against accuracy with 95 % bars.

    The mean is what a question costs: searches that stop early hide in a median.

    A hollow marker is System 1, the model's greedy answer; filled ones are searches. Raises
    ReasonerError when matplotlib is not installed.
    """
    check_matplotlib()
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import FuncFormatter

    figure, axes = pyplot.subplots(figsize=(8, 4.8), dpi=160, layout="constrained")
    for i, report in enumerate(reports):
        colour = COLOURS[i % len(COLOURS)]
        # judged arms only; a time of zero has no place on a log axis
        arms = [arm for arm in report.arms if arm.judged]
        seconds = [max(arm.used_s_mean, 1e-3) for arm in arms]  # [arms]
        points = [100 * arm.accuracy.point for arm in arms]
        bars = [
            [100 * (arm.accuracy.point - arm.accuracy.low) for arm in arms],
            [100 * (arm.accuracy.high - arm.accuracy.point) for arm in arms],
        ]  # [2, arms]
        hollow = ["white" if arm.think_s is None else colour for arm in arms]
        label = f"{report.suite} (n={max((arm.judged for arm in arms), default=0)})"
        axes.plot(seconds, points, color=colour, linewidth=2, label=label, zorder=2)
        axes.errorbar(
            seconds, points, bars, fmt="none", ecolor=colour, alpha=0.45, elinewidth=1.5, capsize=3
        )
        axes.scatter(seconds, points, s=44, c=hollow, edgecolors=colour, linewidths=2, zorder=3)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} s"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
    axes.set_ylim(0, 102)
    axes.set_xlabel("measured thinking time a question (mean)")
    axes.set_ylabel("right answers")
    axes.set_title("Accuracy against thinking time", loc="left", fontsize=13, fontweight="bold")
    axes.text(
        1.0, 1.02, f"{model_names(reports)} - hollow: greedy, no search - bars: 95 %",
        transform=axes.transAxes, ha="right", va="bottom", fontsize=8, color="#666666",
    )  # fmt: skip
    axes.grid(True, which="major", color="#e3e6ea", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    if len(reports) > 1:
        axes.legend(frameon=False, fontsize=9, loc="lower right")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    pyplot.close(figure)


def model_names(reports: Sequence[Report]) -> str:
    return ", ".join(dict.fromkeys(report.model.split("@")[0] for report in reports))
