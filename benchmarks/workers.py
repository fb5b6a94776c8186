"""What do Ray workers cost? Plays a second with and without them; what plays take to keep."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

from reasoner.catalog import BUNDLED
from reasoner.traces import encode
from selfplay import window
from selfplay.admission import Admission
from selfplay.draw import lot, order_seed
from selfplay.play import Order, Play, Player
from selfplay.settings import Settings
from selfplay.targets import teach
from selfplay.workers import IN_FLIGHT, RayWorkers

from ._report import peak_rss_bytes, write

MODEL = str(BUNDLED / "tiny")
_player: Player | None = None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plays", type=int, default=192, help="of each worker, each round")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    if find_spec("ray") is None:
        print("left out: it needs ray; pip install 'system2-reasoner[ray]'", file=sys.stderr)
        return
    rates: dict[str, list[float]] = {}
    plays: list[Play] = []
    for n in (1, 2):
        team = RayWorkers(
            n, 600.0
        )  # one team at a time: Ray has a processor for each of its workers
        with ProcessPoolExecutor(n, get_context("spawn"), _load) as pool:
            for number in range(-1, options.rounds):  # round -1 warms up
                orders = draw(n * options.plays, number)
                began = time.monotonic()
                found = list(pool.map(play_all, [orders[i::n] for i in range(n)]))
                direct = time.monotonic()
                asyncio.run(_through(team, orders))
                ended = time.monotonic()
                if number >= 0:
                    rates.setdefault(f"{n} direct", []).append(len(orders) / (direct - began))
                    rates.setdefault(f"{n} through Ray", []).append(len(orders) / (ended - direct))
                    plays += [play for part in found for play in part]
        team.close()
    kept = sum(len(encode(play)) for play in plays) / len(plays)
    lessons, held = lesson_bytes(plays)
    size = {
        "plays_mb": kept * 1e4 / 2**20,
        "lessons_mb": lessons * 1e4 / 2**20,
        "lessons_in_memory_mb": held * 1e4 / 2**20,
    }
    loss = {n: _loss(rates[f"{n} direct"], rates[f"{n} through Ray"]) for n in (1, 2)}
    write(
        "workers",
        {
            "what": f"{options.plays} plays a worker (countdown and equations, 400 tokens each), "
            f"one thread each, {options.rounds} rounds of both ways in turn: medians. On disk, "
            f"10,000 plays take {size['plays_mb']:.0f} MB and their lessons "
            f"{size['lessons_mb']:.0f} MB; in memory while a challenger learns from them, "
            f"{size['lessons_in_memory_mb']:.0f} MB.",
            "seed": 0,
            "plays": options.plays,
            "rounds": options.rounds,
        },
        {"plays_per_s": rates, "loss": loss, "size_per_10k": size,
         "driver_memory_mb": peak_rss_bytes() / 2**20},
        [
            {
                "processes": str(n),
                "plays/s, called directly": f"{statistics.median(rates[f'{n} direct']):.2f}",
                "plays/s, through Ray": f"{statistics.median(rates[f'{n} through Ray']):.2f}",
                "lost to Ray, %": f"{100 * loss[n]:.1f}",
            }
            for n in (1, 2)
        ],
    )  # fmt: skip


def lesson_bytes(plays: Sequence[Play]) -> tuple[float, float]:
    """What one play's lessons take on disk, and in memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lessons"
        window.write(map(teach, plays), path)
        next(window.read(path))  # loads what reading needs
        tracemalloc.start()
        view = window.Window.of([path])
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert view.solved
        return path.stat().st_size / len(plays), held / len(plays)


def draw(count: int, number: int) -> list[Order]:
    settings = Settings(model="tiny", domains=("countdown", "equations"), problems=count)
    found = lot(settings, number + 2, {}, Admission(lambda form: False))
    return [
        Order(name, 1, problem, MODEL, order_seed(name), settings.tokens)
        for name, _, problem in found
    ]


def _loss(direct: Sequence[float], through: Sequence[float]) -> float:
    """Median of the rounds' shares lost: both halves of a round met the same neighbours."""
    return statistics.median(1 - b / a for a, b in zip(direct, through, strict=True))


def _load() -> None:
    global _player
    _player = Player(threads=1)
    _player.model(MODEL)


def play_all(orders: list[Order]) -> list[Play]:
    """In a process of its own."""
    assert _player is not None
    return asyncio.run(_gather(_player, orders, IN_FLIGHT))


async def _through(team: RayWorkers, orders: list[Order]) -> list[Play]:
    return await _gather(team, orders, team.capacity)


async def _gather(player: Player | RayWorkers, orders: list[Order], at_once: int) -> list[Play]:
    gate = asyncio.Semaphore(at_once)

    async def one(order: Order) -> Play:
        async with gate:
            return await player.play(order)

    return await asyncio.gather(*map(one, orders))


if __name__ == "__main__":
    main()
