"""Does the search keep the engine busy? Tokens a second while thinking over the engine's own best.

Both think about the same hard puzzles, in turn, so that a slow minute of the machine falls on
both. The engine's best is its rate with nothing but requests to
serve, at the best of several widths.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

from reasoner.agent import Reasoner
from reasoner.engine import Request
from reasoner.evaluate import Item, load
from reasoner.evaluate.asker import identity
from reasoner.sync import run
from reasoner.tiny import TinyEngine

from ._report import write

WIDTHS = (64, 96, 128, 256)  # requests in flight
ROUNDS = 3
SEED = 0


class Rate(NamedTuple):
    """Of one measurement. ``busy``: share of the time inside the model."""

    tokens_per_s: float
    busy: float


class Gauge:
    """Reads an engine's counters over a stretch of time."""

    def __init__(self, engine: TinyEngine) -> None:
        self._engine = engine
        self._before = engine.stats
        self._started = time.perf_counter()

    def read(self) -> Rate:
        seconds = time.perf_counter() - self._started
        after = self._engine.stats
        return Rate(
            (after.tokens - self._before.tokens) / seconds,
            (after.busy_s - self._before.busy_s) / seconds,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="of each measurement")
    parser.add_argument("--model", default="tiny")
    options = parser.parse_args()
    items = load("countdown6", limit=50)
    searches: list[Rate] = []
    alone: dict[int, list[Rate]] = {width: [] for width in WIDTHS}
    with Reasoner(options.model) as reasoner:
        name = identity(reasoner)
        engine = reasoner.load().engine
        if not isinstance(engine, TinyEngine):
            raise SystemExit(f"expected an engine with counters, found {type(engine).__name__}")
        reasoner.ask(items[0].problem, 1, save=False)  # warm caches and threads
        for i in range(ROUNDS):
            gauge = Gauge(engine)
            reasoner.ask(
                items[i].problem, options.seconds, stop_when="budget", seed=SEED + i, save=False
            )
            searches.append(gauge.read())
            for width in WIDTHS:
                alone[width].append(run(serve(engine, items, width, options.seconds / 3)))
    rates = {width: median(rate.tokens_per_s for rate in alone[width]) for width in WIDTHS}
    width = max(rates, key=lambda width: rates[width])
    rate = median(search.tokens_per_s for search in searches)
    outside = 1 - median(search.busy for search in searches)
    write(
        "occupancy",
        {
            "what": f"Puzzles with six numbers, {options.seconds:g} s each, median of {ROUNDS}.",
            "seed": SEED,
            "model": name,
        },
        {
            "search": searches,
            "engine_alone": alone,
            "occupancy": rate / rates[width],
            "outside_the_model": outside,
        },
        [
            {
                "tokens/s while searching": f"{rate:,.0f}",
                "the engine's best": f"{rates[width]:,.0f} ({width} requests at once)",
                "occupancy": f"{100 * rate / rates[width]:.0f} %",
                "time outside the model": f"{100 * outside:.1f} %",
            }
        ],
    )


async def serve(engine: TinyEngine, items: Sequence[Item], width: int, seconds: float) -> Rate:
    """Keep ``width`` single lines in flight: every row its own, as in the midst of a search."""
    seeds = itertools.count(SEED)
    workers = [asyncio.create_task(worker(engine, items, seeds)) for _ in range(width)]
    await asyncio.sleep(seconds / 5)  # until the lines are at different places
    gauge = Gauge(engine)
    await asyncio.sleep(seconds)
    rate = gauge.read()
    for task in workers:
        task.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    return rate


async def worker(engine: TinyEngine, items: Sequence[Item], seeds: Iterator[int]) -> None:
    for seed in seeds:
        prompt = items[seed % len(items)].problem.prompt
        await engine.generate(Request(prompt, max_tokens=200, seed=seed, value=True))


if __name__ == "__main__":
    main()
