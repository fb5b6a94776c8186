"""Does it improve? An hour of self-improvement on countdown, and what became of the rest."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

from rich.console import Console

from reasoner.catalog import BUNDLED
from reasoner.cli.bars import Bars
from reasoner.evaluate.stats import paired_difference, wilson
from reasoner.tiny import TinyEngine
from search import StopWhen
from selfplay import estimate
from selfplay.corpus import fresh_problem
from selfplay.ledger import Ledger
from selfplay.loop import improve
from selfplay.play import Order, Player
from selfplay.rollouts import roll_out
from selfplay.settings import Settings
from selfplay.status import champion, status_lines
from selfplay.workers import workers
from verifiers import Problem, suite

from ._report import answers, write

SAMPLES = 16
FRESH = 1000  # countdown with other targets, never played: kept from every lesson
AT_ONCE = 96  # problems
OTHERS = ("arithmetic", "equations", "word_problems")

Measured: TypeAlias = Mapping[str, Sequence[bool]]  # of each column, whether each answer is right


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--model", type=Path, default=BUNDLED / "tiny")
    options = parser.parse_args()
    base = measure(options.model)
    table = [row("before", base)]
    found: dict[str, Any] = {"before": counts(base), "after": {}, "generations": {}}
    home, seconds = answers("improve"), 60 * options.minutes
    usual = Settings(model=str(options.model), domains=("countdown",))
    share = estimate.measure(usual, options.model).share(usual, seconds)
    for seed in options.seeds:
        folder = home / f"{options.minutes:g}m-seed{seed}"
        settings = usual.model_copy(update={"seed": seed}).scaled(share)
        with Bars(Console(stderr=True)) as bars:
            improve(
                folder,
                options.model,
                settings,
                lambda settings=settings: workers(options.workers, settings.patience_s),  # type: ignore[misc]
                bars,
                seconds=seconds,
            )
        ledger = Ledger(folder)
        lines, best = status_lines(ledger, folder), champion(ledger)
        ledger.close()
        print("\n".join(lines), file=sys.stderr)
        found["generations"][f"seed {seed}"] = lines[1:-1]
        after = measure(folder / "models" / best)
        found["after"][f"seed {seed}"] = counts(after)
        table.append(row(f"after {options.minutes:g} min, seed {seed}", after))
        table.append(gains("gained", base, after))
    write(
        "improve",
        {
            "what": f"System 1's answers before and after {options.minutes:g} minutes of "
            f"'reasoner improve' on countdown with {options.workers or 'no'} Ray workers; percent "
            f"[95 % Wilson interval], points gained [95 % paired bootstrap]. pass@{SAMPLES}: any "
            f"of {SAMPLES} lines at temperature 1. No lesson or play held any of these problems.",
            "seed": ", ".join(map(str, options.seeds)),
            "minutes": options.minutes,
            "workers": options.workers,
        },
        found,
        table,
    )


def fresh_countdowns() -> list[Problem]:
    """Four numbers, any target but 24; never in a lesson, a play or a duel's training."""
    rng, problems = Random("benchmark countdown"), list[Problem]()
    while len(problems) < FRESH:
        problem = fresh_problem(rng, "countdown", 4, reserved=True)
        if problem.data["target"] != 24:
            problems.append(problem)
    return problems


def measure(model: Path) -> Measured:
    hard = suite("game24")
    return {
        "hard slice": answered(model, hard),
        f"pass@{SAMPLES}": passed(model, hard),
        "fresh countdown": answered(model, fresh_countdowns()),
        **{name: answered(model, suite(name)) for name in OTHERS},
    }


def answered(model: Path, problems: Sequence[Problem], tokens: int = 0) -> list[bool]:
    """Whether each problem is answered right. ``tokens``: of search; 0: System 1 alone."""
    player = Player()
    player.model(str(model))

    async def ask() -> list[bool]:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(number: int, problem: Problem) -> bool:
            order = Order(
                str(number), 0, problem, str(model), number, tokens,
                until=StopWhen.CONFIDENT, keep=False,
            )  # fmt: skip
            async with gate:
                return (await player.play(order)).right is True

        return await asyncio.gather(*(one(i, problem) for i, problem in enumerate(problems)))

    try:
        return asyncio.run(ask())
    finally:
        player.close()


def passed(model: Path, problems: Sequence[Problem]) -> list[bool]:
    engine = TinyEngine(model)
    drawn = asyncio.run(roll_out(engine, problems, SAMPLES, 0))
    engine.close()
    return [any(line.right for line in lines) for lines in drawn]


def counts(measured: Measured) -> dict[str, tuple[int, int]]:
    """(right, asked) of each column."""
    return {column: (sum(right), len(right)) for column, right in measured.items()}


def row(name: str, measured: Measured) -> dict[str, str]:
    def cell(right: int, asked: int) -> str:
        share, low, high = wilson(right, asked)
        return f"{100 * share:.1f} [{100 * low:.0f}, {100 * high:.0f}]"

    return {"model": name} | {
        f"{column} ({asked})": cell(right, asked)
        for column, (right, asked) in counts(measured).items()
    }


def gains(name: str, before: Measured, after: Measured) -> dict[str, str]:
    """Paired differences, in points, below the columns of :func:`row`."""

    def cell(column: str) -> str:
        gain, low, high = paired_difference(before[column], after[column])
        return f"{100 * gain:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"

    return {"model": name} | {f"{c} ({len(right)})": cell(c) for c, right in before.items()}


if __name__ == "__main__":
    main()
