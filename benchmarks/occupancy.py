"""Does the search keep the engine busy? Tokens a second while thinking over the engine's own best.

Both think about the same hard puzzles, in turn, and are compared round by round, so that a slow
minute of the machine falls on both. The engine's best is its rate with nothing but requests to
serve, at the best of several widths.

Three shares of the wall-clock of a search, runs being saved as by default:

- outside the network: all but the calls of ``Llama`` (:data:`MATHS`: the pass through the network,
  the logits, the choice of tokens), each timed from call to return. A call that waits for the
  interpreter's lock on its way out counts as inside for so long; the worker's processor time in
  the same calls, which holds no waiting (and no work of torch's other threads either), is recorded
  beside it;
- outside the model: less the moving of keys and values, too (:data:`MOVES`: rows that fork, and
  what the prefix cache takes and gives). What is outside is Python: the search, verifiers, the
  trace, the decoder's bookkeeping;
- outside the decoder: all but ``Stats.busy_s``. The decoder's Python is inside, so this is the
  time in which the engine had nothing to do or was taking in requests.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Any, NamedTuple

from reasoner.agent import Reasoner
from reasoner.engine import Request
from reasoner.evaluate import Item, load
from reasoner.evaluate.asker import identity
from reasoner.sync import run
from reasoner.tiny import TinyEngine

from ._report import temporary_home, write

WIDTHS = (64, 96, 128, 256)  # requests in flight
ROUNDS = 5
SEED = 0
MATHS = ("forward", "logits", "logits_of", "choose")  # all that the decoder calls of a Llama
MOVES = ("_copy", "load", "store")  # of the decoder, and of its prefix cache


class Rate(NamedTuple):
    """Of one measurement: tokens a second, and shares of its wall-clock.

    ``network_cpu``: processor time of the engine's thread inside the network.
    """

    tokens_per_s: float
    decoder: float
    model: float
    network: float
    network_cpu: float


class Stopwatch:
    """Seconds inside the named methods of some objects, which it wraps. None calls another."""

    def __init__(self, names: Sequence[str], *owners: object) -> None:
        self.wall_s = self.cpu_s = 0.0
        for owner in owners:
            for name in names:
                if hasattr(owner, name):
                    setattr(owner, name, self._timed(getattr(owner, name)))

    def _timed(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            wall, cpu = time.perf_counter(), time.thread_time()
            try:
                return method(*args)
            finally:
                self.cpu_s += time.thread_time() - cpu
                self.wall_s += time.perf_counter() - wall

        return call


class Gauge:
    """Reads an engine's counters and its stopwatches over a stretch of time."""

    def __init__(self, engine: TinyEngine, maths: Stopwatch, moves: Stopwatch) -> None:
        self._engine, self._maths, self._moves = engine, maths, moves
        self.start()

    def start(self) -> None:
        self._before = self._counters()

    def _counters(self) -> tuple[float, ...]:
        stats, maths, moves = self._engine.stats, self._maths, self._moves
        model_s = maths.wall_s + moves.wall_s
        now = time.perf_counter()
        return now, stats.tokens, stats.busy_s, model_s, maths.wall_s, maths.cpu_s

    def read(self) -> Rate:
        after = self._counters()
        seconds, *rest = (b - a for a, b in zip(self._before, after, strict=True))
        return Rate(*(value / seconds for value in rest))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="of each measurement")
    parser.add_argument("--model", default="tiny")
    options = parser.parse_args()
    items = load("countdown6", limit=50)
    searches: list[Rate] = []
    alone: dict[int, list[Rate]] = {width: [] for width in WIDTHS}
    with temporary_home(), Reasoner(options.model) as reasoner:
        name = identity(reasoner)
        engine = reasoner.load().engine
        if not isinstance(engine, TinyEngine):
            raise SystemExit(f"expected an engine with counters, found {type(engine).__name__}")
        decoder = engine._decoder
        maths = Stopwatch(MATHS, decoder._model)
        moves = Stopwatch(MOVES, decoder, decoder._cache)
        gauge = Gauge(engine, maths, moves)
        reasoner.ask(items[0].problem, 1, save=False)  # warm caches and threads
        for i in range(ROUNDS):
            gauge.start()
            reasoner.ask(items[i].problem, options.seconds, stop_when="budget", seed=SEED + i)
            searches.append(gauge.read())
            for width in WIDTHS:
                alone[width].append(run(serve(engine, gauge, items, width, options.seconds / 3)))
    rates = {width: median(rate.tokens_per_s for rate in alone[width]) for width in WIDTHS}
    width = max(rates, key=lambda width: rates[width])
    occupancy = median(
        search.tokens_per_s / best.tokens_per_s
        for search, best in zip(searches, alone[width], strict=True)
    )
    outside = {
        part: 1 - median(getattr(search, part) for search in searches) for part in Rate._fields[1:]
    }
    rate = median(search.tokens_per_s for search in searches)
    write(
        "occupancy",
        {
            "what": f"Puzzles with six numbers, {options.seconds:g} s each, {ROUNDS} rounds: the "
            "median, and for the occupancy that of the rounds' ratios. In the network are its "
            "pass, the logits and the choice of tokens; in the model is the moving of keys and "
            "values, too; in the decoder its bookkeeping, too.",
            "seed": SEED,
            "model": name,
        },
        {
            "search": [search._asdict() for search in searches],
            "engine_alone": {w: [rate._asdict() for rate in alone[w]] for w in WIDTHS},
            "occupancy": occupancy,
            "outside": outside,
        },
        [
            {
                "tokens/s while searching": f"{rate:,.0f}",
                "the engine's best": f"{rates[width]:,.0f} ({width} requests at once)",
                "occupancy": f"{100 * occupancy:.0f} %",
                "outside the network": f"{100 * outside['network']:.1f} %",
                "outside the model": f"{100 * outside['model']:.1f} %",
                "outside the decoder": f"{100 * outside['decoder']:.1f} %",
            }
        ],
    )


async def serve(
    engine: TinyEngine, gauge: Gauge, items: Sequence[Item], width: int, seconds: float
) -> Rate:
    """Keep ``width`` single lines in flight: every row its own, as in the midst of a search."""
    seeds = itertools.count(SEED)
    workers = [asyncio.create_task(worker(engine, items, seeds)) for _ in range(width)]
    await asyncio.sleep(seconds / 5)  # until the lines are at different places
    gauge.start()
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
