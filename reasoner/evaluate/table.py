"""A report as a table on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..plain import one_line
from .report import ArmReport, Report
from .stats import Interval

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

COLUMNS = ("budget", "right", "accuracy", "gain", "upper bound", "mean s", "first s", "tokens",
           "Brier", "ECE")  # fmt: skip
WIDTH = 116  # characters the table needs


def show(report: Report, console: Console) -> None:
    """Print on ``console``, at full width even where no terminal tells one."""
    before, console.width = console.width, max(console.width, WIDTH)
    console.print(table(report))
    console.width = before


def table(report: Report) -> Table:
    """One row an arm; "upper bound" is the share with a right answer anywhere in the search."""
    from rich import box
    from rich.table import Table

    timing = "one at a time" if report.one_at_a_time else "many at once, sharing the engine"
    result = Table(
        title=f"{report.suite}: {report.questions} questions, {report.model}, seed {report.seed}",
        caption=caption(report, timing),
        box=box.SIMPLE_HEAD,
    )
    for column in COLUMNS:
        justify: Literal["left", "right"] = "left" if column == "budget" else "right"
        result.add_column(column, justify=justify, no_wrap=True)
    for arm in report.arms:
        result.add_row(*cells(arm))
    return result


def caption(report: Report, timing: str) -> str:
    notes = [f"asked {timing}; brackets: 95 %"]
    for arm in report.arms:
        losses = (
            (
                arm.asked - arm.errors - arm.judged,
                "not judged (no reference or field for it)",
            ),
            (arm.no_answer, "without an answer"),
            (arm.errors, f"failed ({one_line(arm.first_error, 200)})"),
        )
        said = [f"{count} {what}" for count, what in losses if count]
        if said:
            notes.append(f"{arm.arm}: {', '.join(said)}")
    return "; ".join(notes)


def cells(arm: ArmReport) -> tuple[str, ...]:
    return (
        arm.arm,
        f"{arm.right}/{arm.judged}",
        span(arm.accuracy) if arm.judged else "-",
        span(arm.gain, signed=True) if arm.gain else "-",
        f"{100 * arm.upper_bound.point:.1f}" if arm.judged else "-",
        f"{arm.used_s_mean:.2f}",
        number(arm.first_answer_s_median, 2),
        f"{arm.tokens_median:.0f}",
        number(arm.brier, 3),
        number(arm.calibration_error, 3),
    )


def span(interval: Interval, signed: bool = False) -> str:
    """In percent with its 95 % interval: ``47.0 [38, 57]``."""
    sign = "+" if signed else ""
    point, low, high = (100 * value for value in interval)
    return f"{point:{sign}.1f} [{low:{sign}.0f}, {high:{sign}.0f}]"


def number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
