"""Does the answer come on time? Asks with budgets from 0.05 to 5 s, and how late each came.

Every ask thinks to its deadline (``stop_when="budget"``) about a puzzle with six numbers, whose
tree no budget here explores. Runs are saved, as by default. Lateness is measured from outside,
around the whole call.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from random import Random

from reasoner.agent import Reasoner
from reasoner.evaluate import load
from reasoner.evaluate.asker import identity
from reasoner.evaluate.stats import percentile
from search import StopReason

from ._report import temporary_home, write

SHORTEST_S, LONGEST_S = 0.05, 5.0
SEED = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--asks", type=int, default=200)
    parser.add_argument("--model", default="tiny")
    options = parser.parse_args()
    rng = Random(SEED)
    items = load("countdown6")
    late_ms: list[float] = []
    budgets_s: list[float] = []
    reasons: Counter[str] = Counter()
    unanswered: list[float] = []
    with temporary_home(), Reasoner(options.model) as reasoner:
        name = identity(reasoner)
        reasoner.ask(items[0].problem, 1, save=False)  # warm caches and threads
        for i in range(options.asks):
            # log-uniform: as many short budgets as long ones
            budget_s = SHORTEST_S * (LONGEST_S / SHORTEST_S) ** rng.random()
            started = time.perf_counter()
            problem = items[i % len(items)].problem
            answer = reasoner.ask(problem, budget_s, stop_when="budget", seed=i)
            used_s = time.perf_counter() - started
            reasons[answer.stop_reason] += 1
            if answer.answer is None:
                unanswered.append(budget_s)
            if answer.stop_reason is StopReason.TIME:
                budgets_s.append(budget_s)
                late_ms.append(1000 * (used_s - budget_s))
    ordered = sorted(late_ms)
    p50, p99 = percentile(ordered, 50), percentile(ordered, 99)
    write(
        "deadlines",
        {
            "what": "Each ask thinks to its deadline and is saved; lateness includes the call and "
            "the answer.",
            "asks": options.asks,
            "budgets_s": [SHORTEST_S, LONGEST_S],
            "seed": SEED,
            "model": name,
        },
        {
            "budget_s": budgets_s,
            "late_ms": late_ms,  # parallel to budget_s
            "stop_reasons": dict(reasons),
            "unanswered_budgets_s": unanswered,
        },
        [
            {
                "asks": str(options.asks),
                "budgets": f"{SHORTEST_S:g} to {LONGEST_S:g} s",
                "late, median": f"{p50:.1f} ms",
                "late, p99": f"{p99:.1f} ms",
                "latest": f"{ordered[-1]:.1f} ms",
                "without an answer": str(len(unanswered)),
            }
        ],
    )


if __name__ == "__main__":
    main()
