"""Tree search against best-of-n on the same puzzles at equal wall-clock, paired.

Both stop as soon as an answer is verified, so the time of a solved puzzle is its time to solve.
Best-of-128 comes three times: as the textbook has it, drawing all its 128 lines before it chooses;
stopping at its first verified line, which is the harder one to beat; and as 128 requests that share
nothing but the prompt, which is how engines draw it that do not compute shared beginnings once.
The question is how soon tree search has solved as many.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from statistics import fmean

from rich.console import Console

from reasoner.agent import Reasoner
from reasoner.engine import Engine
from reasoner.evaluate import Arm, Item, Plan, Results, Row, load, run
from reasoner.evaluate.asker import asker, identity
from reasoner.evaluate.progress import progress
from reasoner.evaluate.stats import paired_difference
from reasoner.policy import Policy
from reasoner.sync import run as wait
from search import BestOfN, Budget, Job, Meter, StopWhen
from search.nodes import ROOT
from search.strategies import STRATEGIES
from verifiers import domain

from ._report import answers, write

BUDGETS_S = (0.1, 0.3, 1.0, 3.0)
SUITES = ("game24", "countdown6")
MCTS, BON, BON128 = "mcts", "best-of-n", "best-of-128"
WHOLE = f"{BON128}, all drawn"
SEED = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", action="append", help=f"default: {', '.join(SUITES)}")
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--model", default="tiny")
    options = parser.parse_args()
    STRATEGIES[BON128] = lambda: BestOfN(n=128)
    measured, table, said = {}, [], []
    with Reasoner(options.model) as reasoner:
        reasoner.ask("Use 1 2 3 4 to make 24", 1, save=False)  # warm caches and threads
        for suite in options.suite or SUITES:
            rows = play(reasoner, suite, options.limit)
            paired = [equal_time(rows, budget_s) for budget_s in BUDGETS_S]
            reach = reaching(rows, apart(reasoner, suite, options.limit))
            measured[suite] = {"equal_time": paired, "best_of_128": reach}
            said.append(f"{suite}: {reach['sentence']}")
            table += [
                {
                    "suite": suite,
                    "budget": f"{row['budget_s']:g} s",
                    "tree search right": f"{row['mcts']}/{row['n']}",
                    "best-of-n right": f"{row['bon']}/{row['n']}",
                    "difference": f"{row['gain']:+.1f} [{row['low']:+.1f}, {row['high']:+.1f}] "
                    "points",
                }
                for row in paired
            ]
        write(
            "mcts_vs_bon",
            {
                "what": "Each strategy alone on the machine, both on the same engine, which "
                "computes shared beginnings once; stopping when verified; difference with 95 % "
                f"paired bootstrap interval. {' '.join(said)}",
                "seed": SEED,
                "budgets_s": BUDGETS_S,
                "suites": list(measured),
                "model": identity(reasoner),
            },
            measured,
            table,
        )


def play(reasoner: Reasoner, suite: str, limit: int) -> dict[str, list[Row]]:
    """Rows of every arm, by its label, in the order of the suite's items."""
    arms = [
        Arm(f"{strategy} {budget_s:g}s", strategy, budget_s, StopWhen.VERIFIED)
        for budget_s in BUDGETS_S
        for strategy in (MCTS, BON)
    ]
    arms.append(Arm(BON128, BON128, None, StopWhen.VERIFIED))
    arms.append(Arm(WHOLE, BON128, None, StopWhen.BUDGET))
    items = tuple(load(suite, limit))
    results = Results(answers("mcts_vs_bon") / suite)
    plan = Plan(items, tuple(arms), identity(reasoner), SEED, one_at_a_time=True)
    console = Console(stderr=True)
    with progress(console, len(plan.todo(results)), suite) as on_row:
        wait(run(plan, asker(reasoner), results, on_row))
    return {arm.label: answered(plan, arm, results) for arm in arms}


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


def apart(reasoner: Reasoner, suite: str, limit: int) -> list[tuple[float, bool]]:
    """:func:`drawn_apart` of every item; drawn once for each commit, as the rows are."""
    kept, items = answers("mcts_vs_bon") / suite / "apart.json", load(suite, limit)
    if kept.exists() and len(found := json.loads(kept.read_text("utf-8"))) == len(items):
        return [(seconds, solved) for seconds, solved in found]
    engine = reasoner.load().engine
    drawn = [wait(drawn_apart(engine, item, SEED + i)) for i, item in enumerate(items)]
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(drawn), "utf-8")
    return drawn


async def drawn_apart(engine: Engine, item: Item, seed: int) -> tuple[float, bool]:
    """Seconds for 128 lines of one puzzle as separate requests, and whether one is verified."""
    family = domain(item.problem.domain)
    policy = Policy(engine, family, item.problem, None, Meter(Budget()))
    began = time.perf_counter()
    drawn = await asyncio.gather(
        *(
            policy.propose((), Job(ROOT, (ROOT,), samples=1, to_end=True, seed=128 * seed + i))
            for i in range(128)
        )
    )
    outcomes = (chain.thoughts[-1].outcome for each in drawn for chain in each.chains)
    solved = any(outcome is not None and outcome.score == 1.0 for outcome in outcomes)
    return time.perf_counter() - began, solved


def reaching(
    rows: dict[str, list[Row]], drawn: list[tuple[float, bool]]
) -> dict[str, float | str | None]:
    """When tree search had solved as many as best-of-128 solves, in seconds a puzzle."""
    mcts = rows[f"{MCTS} {BUDGETS_S[-1]:g}s"]
    goal = sum(bool(row.right) for row in rows[WHOLE])
    whole_s = fmean(row.used_s for row in rows[WHOLE])
    early_s, mcts_s = time_to(goal, rows[BON128]), time_to(goal, mcts)
    apart_goal, apart_s = sum(solved for _, solved in drawn), fmean(s for s, _ in drawn)
    mcts_apart_s = time_to(apart_goal, mcts)
    said = f"best-of-128 solves {goal} and draws its lines in {whole_s:.2f} s (mean); "
    if mcts_s is None:
        said += f"tree search does not solve as many within {BUDGETS_S[-1]:g} s."
    else:
        said += f"tree search has solved as many after {mcts_s:.2f} s, "
        said += f"{mcts_s / whole_s:.2f} of that time"
        if early_s is not None:
            said += f", and {mcts_s / early_s:.2f} of the {early_s:.2f} s after which best-of-128 "
            said += "has when it stops at its first verified line"
        said += "."
    if mcts_apart_s is not None:
        said += f" As 128 separate requests it takes {apart_s:.2f} s and solves {apart_goal}; tree "
        said += f"search has solved as many after {mcts_apart_s / apart_s:.2f} of that time."
    return {
        "right": goal,
        "best_of_128_s": whole_s,
        "best_of_128_early_s": early_s,
        "mcts_s": mcts_s,
        "apart_right": apart_goal,
        "apart_s": apart_s,
        "mcts_apart_s": mcts_apart_s,
        "sentence": said,
    }


def time_to(goal: int, rows: list[Row]) -> float | None:
    """Thinking time a puzzle after which ``goal`` of them are solved; None if never."""
    solved = sorted(row.used_s for row in rows if row.right)
    return solved[goal - 1] if 0 < goal <= len(solved) else None


if __name__ == "__main__":
    main()
