"""Accuracy against measured time on every suite, one question at a time; also the README's picture.

Answers are kept under work/bench/accuracy, so a stopped run goes on where it was
(see :func:`benchmarks._report.answers`).
"""

from __future__ import annotations

import argparse

from rich.console import Console

from reasoner.agent import Reasoner
from reasoner.evaluate import ArmReport, Plan, Report, Results, load, parse_arms, report, run
from reasoner.evaluate.asker import asker, identity
from reasoner.evaluate.plot import plot
from reasoner.evaluate.progress import progress
from reasoner.evaluate.table import show
from reasoner.sync import run as wait

from ._report import ROOT, answers, write

SHORT = "greedy,0.3s,1s,3s"
LONG = "greedy,0.3s,1s,3s,30s"
BUDGETS = {
    "game24": SHORT,
    "countdown": SHORT,
    "countdown5": LONG,
    "countdown6": LONG,
    "arithmetic": SHORT,
    "equations": SHORT,
    "word_problems": SHORT,
    "by_hand": SHORT,
}
SEED = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help="default: all")
    parser.add_argument("--limit", type=int, help="only the first N questions of each")
    parser.add_argument("--model", default="tiny")
    options = parser.parse_args()
    console = Console(stderr=True)
    reports = []
    kept = answers("accuracy")
    with Reasoner(options.model) as reasoner:
        name = identity(reasoner)
        reasoner.ask("Use 1 2 3 4 to make 24", 1, save=False)  # warm caches and threads
        for suite in options.suites or BUDGETS:
            items = tuple(load(suite, options.limit))
            arms = parse_arms(BUDGETS[suite], "auto")
            plan = Plan(items, arms, name, SEED, one_at_a_time=True)
            results = Results(kept / suite)
            with progress(console, len(plan.todo(results)), suite) as on_row:
                wait(run(plan, asker(reasoner), results, on_row))
            reports.append(report(suite, plan, results))
            show(reports[-1], console)
    workload = {
        "what": "Selected answers right, percent [95 % Wilson interval]; one question at a time.",
        "seed": SEED,
        "suites": {one.suite: one.questions for one in reports},
        "model": name,
    }
    measured = {one.suite: one.model_dump(mode="json") for one in reports}
    write("accuracy", workload, measured, accuracy_rows(reports))
    workload["what"] = "Stated confidence of the selected answers, at each suite's longest budget."
    write("calibration", workload, measured, [calibration_row(one) for one in reports])
    plot(reports, ROOT / "docs" / "accuracy.png")


def accuracy_rows(reports: list[Report]) -> list[dict[str, str]]:
    """One row a suite, one column a budget, and what the longest budget really took."""
    labels = list(dict.fromkeys(arm.arm for one in reports for arm in one.arms))
    rows = []
    for one in reports:
        arms = {arm.arm: arm for arm in one.arms}
        row = {"suite (questions)": f"{one.suite} ({one.questions})"}
        row |= {label: cell(arms.get(label)) for label in labels}
        row["mean time at the longest"] = f"{one.arms[-1].used_s_mean:.2f} s"
        rows.append(row)
    return rows


def cell(arm: ArmReport | None) -> str:
    if arm is None:
        return ""
    share = arm.accuracy
    return f"{100 * share.point:.1f} [{100 * share.low:.0f}, {100 * share.high:.0f}]"


def calibration_row(one: Report) -> dict[str, str]:
    arm = one.arms[-1]
    return {
        "suite": one.suite,
        "budget": arm.arm,
        "right": f"{100 * arm.accuracy.point:.1f} %",
        "Brier score": "" if arm.brier is None else f"{arm.brier:.3f}",
        "calibration error": ""
        if arm.calibration_error is None
        else f"{arm.calibration_error:.3f}",
    }


if __name__ == "__main__":
    main()
