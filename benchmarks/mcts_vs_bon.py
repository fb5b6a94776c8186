"""Tree search against best-of-n on the same puzzles at equal wall-clock, paired.

Both stop as soon as an answer is verified, so the time of a solved puzzle is its time to solve
and one run at the longest budget gives the share solved by any earlier moment. Best-of-128 draws
128 lines, no more; the question is how soon tree search has solved as many.
"""

from __future__ import annotations

import argparse

from rich.console import Console

from reasoner.agent import Reasoner
from reasoner.evaluate import Arm, Plan, Results, Row, load, run
from reasoner.evaluate.asker import asker, identity
from reasoner.evaluate.progress import progress
from reasoner.evaluate.stats import paired_difference
from reasoner.sync import run as wait
from search import BestOfN, StopWhen
from search.strategies import STRATEGIES

from ._report import answers, write

BUDGETS_S = (0.1, 0.3, 1.0, 3.0)
MCTS, BON, BON128 = "mcts", "best-of-n", "best-of-128"
SEED = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", default="game24")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--model", default="tiny")
    options = parser.parse_args()
    STRATEGIES[BON128] = lambda: BestOfN(n=128)
    arms = [
        Arm(f"{strategy} {budget_s:g}s", strategy, budget_s, StopWhen.VERIFIED)
        for budget_s in BUDGETS_S
        for strategy in (MCTS, BON)
    ]
    arms.append(Arm(BON128, BON128, None, StopWhen.VERIFIED))
    items = tuple(load(options.suite, options.limit))
    results = Results(answers("mcts_vs_bon") / options.suite)
    with Reasoner(options.model) as reasoner:
        plan = Plan(items, tuple(arms), identity(reasoner), SEED, one_at_a_time=True)
        reasoner.ask(items[0].problem, 1, save=False)  # warm caches and threads
        console = Console(stderr=True)
        with progress(console, len(plan.todo(results)), options.suite) as on_row:
            wait(run(plan, asker(reasoner), results, on_row))
    rows = {arm.label: answered(plan, arm, results) for arm in arms}
    paired = [equal_time(rows, budget_s) for budget_s in BUDGETS_S]
    reach = reaching(rows)
    write(
        "mcts_vs_bon",
        {
            "what": f"{len(items)} puzzles of {options.suite}, each strategy alone on the machine, "
            "stopping when verified; difference with 95 % paired bootstrap interval. "
            f"{reach['sentence']}",
            "seed": SEED,
            "budgets_s": BUDGETS_S,
            "suite": options.suite,
            "model": plan.model,
        },
        {"equal_time": paired, "best_of_128": reach},
        [
            {
                "budget": f"{row['budget_s']:g} s",
                "tree search right": f"{row['mcts']}/{row['n']}",
                "best-of-n right": f"{row['bon']}/{row['n']}",
                "difference": f"{row['gain']:+.1f} [{row['low']:+.1f}, {row['high']:+.1f}] points",
            }
            for row in paired
        ],
    )


def answered(plan: Plan, arm: Arm, results: Results) -> list[Row]:
    """Rows of one arm, in the order of the plan's items."""
    rows = [results.get(plan.setting(arm), item.id) for item in plan.items]
    failed = [row.error for row in rows if row is not None and row.error]
    if failed or None in rows:
        raise SystemExit(f"expected an answer to every question under {arm.label}; {failed[:3]}")
    return [row for row in rows if row is not None]


def equal_time(rows: dict[str, list[Row]], budget_s: float) -> dict[str, float]:
    mcts = [bool(row.right) for row in rows[f"{MCTS} {budget_s:g}s"]]
    bon = [bool(row.right) for row in rows[f"{BON} {budget_s:g}s"]]
    gain, low, high = (100 * value for value in paired_difference(bon, mcts, seed=SEED))
    return {
        "budget_s": budget_s,
        "n": len(mcts),
        "mcts": sum(mcts),
        "bon": sum(bon),
        "gain": gain,
        "low": low,
        "high": high,
    }


def reaching(rows: dict[str, list[Row]]) -> dict[str, float | str | None]:
    """When each had solved as many as best-of-128 solves, in seconds a puzzle."""
    goal = sum(bool(row.right) for row in rows[BON128])
    bon_s = time_to(goal, rows[BON128])
    mcts_s = time_to(goal, rows[f"{MCTS} {BUDGETS_S[-1]:g}s"])
    if mcts_s is None or not bon_s:
        said = f"Tree search does not reach best-of-128's {goal} within {BUDGETS_S[-1]:g} s."
    else:
        said = (
            f"Best-of-128 solves {goal}, the last after {bon_s:.2f} s; tree search has solved as "
            f"many after {mcts_s:.2f} s, {mcts_s / bon_s:.2f} of that time."
        )
    return {"right": goal, "best_of_128_s": bon_s, "mcts_s": mcts_s, "sentence": said}


def time_to(goal: int, rows: list[Row]) -> float | None:
    """Thinking time a puzzle after which ``goal`` of them are solved; None if never."""
    solved = sorted(row.used_s for row in rows if row.right)
    return solved[goal - 1] if 0 < goal <= len(solved) else None


if __name__ == "__main__":
    main()
