"""Rows to numbers: accuracy with intervals, gains between budgets, calibration, cost."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, median

from pydantic import BaseModel, ConfigDict

from .results import Results, Row
from .run import Plan
from .stats import (
    Bin,
    Interval,
    brier,
    calibration_error,
    paired_difference,
    percentile,
    reliability,
    wilson,
)


class ArmReport(BaseModel):
    """One arm over the judged questions. Intervals are 95 %; times are seconds a question.

    ``accuracy``: the selected answer is right (the headline). ``upper_bound``: some answer the
    search wrote was right, which nobody without the reference could have picked. ``gain``: over
    the arm before, on the questions both have answered. ``first_error``: why the first of
    ``errors`` failed.
    """

    model_config = ConfigDict(frozen=True)

    arm: str
    strategy: str
    think_s: float | None
    asked: int
    judged: int
    right: int
    accuracy: Interval
    gain: Interval | None
    upper_bound: Interval
    no_answer: int
    errors: int
    first_error: str
    used_s_mean: float
    used_s_median: float
    used_s_p99: float
    first_answer_s_median: float | None
    tokens_median: float
    nodes_median: float
    brier: float | None
    calibration_error: float | None
    reliability: tuple[Bin, ...]
    stop_reasons: dict[str, int]


class Report(BaseModel):
    """One suite under all arms; what ``--json`` writes."""

    model_config = ConfigDict(frozen=True)

    suite: str
    model: str
    seed: int
    one_at_a_time: bool
    questions: int
    arms: tuple[ArmReport, ...]


def report(suite: str, plan: Plan, results: Results) -> Report:
    """What is known so far; arms without any row are left out."""
    arms: list[ArmReport] = []
    before: dict[str, Row] = {}
    for arm in plan.arms:
        found = ((item.id, results.get(plan.setting(arm), item.id)) for item in plan.items)
        rows = {name: row for name, row in found if row is not None}
        if rows:
            arms.append(arm_report(arm.label, arm.strategy, arm.think_s, rows, before))
            before = rows
    return Report(
        suite=suite,
        model=plan.model,
        seed=plan.seed,
        one_at_a_time=plan.one_at_a_time,
        questions=len(plan.items),
        arms=tuple(arms),
    )


def arm_report(
    label: str, strategy: str, think_s: float | None, rows: dict[str, Row], before: dict[str, Row]
) -> ArmReport:
    done = [row for row in rows.values() if row.error is None]
    judged = [row for row in done if row.right is not None]
    stated = [row for row in judged if row.answer is not None]
    table = reliability([row.confidence for row in stated], [bool(row.right) for row in stated])
    firsts = [row.first_answer_s for row in done if row.first_answer_s is not None]
    right = sum(bool(row.right) for row in judged)
    reasons = [row.stop_reason for row in done]
    return ArmReport(
        arm=label,
        strategy=strategy,
        think_s=think_s,
        asked=len(rows),
        judged=len(judged),
        right=right,
        accuracy=wilson(right, len(judged)),
        gain=gain(before, rows) if before else None,
        upper_bound=wilson(sum(bool(row.covered) for row in judged), len(judged)),
        no_answer=sum(row.answer is None for row in done),
        errors=len(rows) - len(done),
        first_error=next((row.error for row in rows.values() if row.error), ""),
        used_s_mean=mean([row.used_s for row in done]) if done else 0.0,
        used_s_median=middle([row.used_s for row in done]),
        used_s_p99=percentile(sorted(row.used_s for row in done), 99) if done else 0.0,
        first_answer_s_median=median(firsts) if firsts else None,
        tokens_median=middle([row.tokens for row in done]),
        nodes_median=middle([row.nodes for row in done]),
        brier=(
            brier([row.confidence for row in stated], [bool(row.right) for row in stated])
            if stated
            else None
        ),
        calibration_error=calibration_error(table) if stated else None,
        reliability=table,
        stop_reasons={reason: reasons.count(reason) for reason in sorted(set(reasons))},
    )


def gain(before: dict[str, Row], rows: dict[str, Row]) -> Interval | None:
    both = [
        (before[name].right, row.right)
        for name, row in rows.items()
        if name in before and before[name].right is not None and row.right is not None
    ]
    if not both:
        return None
    return paired_difference([bool(a) for a, _ in both], [bool(b) for _, b in both])


def middle(values: Sequence[float]) -> float:
    return float(median(values)) if values else 0.0
