"""Playing: a generation's open problems to the workers, their plays to shard and ledger."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from reasoner.errors import ModelError, ReasonerError

from .draw import order_seed
from .entries import Entry
from .ledger import Ledger
from .play import Order, Play
from .settings import Settings
from .shards import Shard
from .sitting import Sitting, Stopped
from .workers import Workers

_TICK_S = 0.5  # how soon a stop is seen


@dataclass(slots=True)
class _Score:
    done: int = 0
    greedy: int = 0
    solved: int = 0

    def add(self, play: Play) -> None:
        self.done += 1
        self.greedy += play.greedy is True
        self.solved += play.right is True

    def __str__(self) -> str:
        share = 100 / max(1, self.done)
        return f"System 1 {self.greedy * share:.0f} %  search {self.solved * share:.0f} %"


async def play_all(
    generation: int,
    model: str,
    settings: Settings,
    ledger: Ledger,
    shard: Shard,
    workers: Workers,
    sitting: Sitting,
    reserve_s: float,
) -> None:
    """Play what is open. Ends early when only ``reserve_s`` seconds are left of the sitting.

    A problem that failed once waits until all others are done and is then played alone, so that a
    second failure is surely its own. Raises :class:`Stopped` when interrupted, ``OSError`` when the
    disk is full, ``ModelError`` when the model can not be loaded, and ``ReasonerError`` when no
    problem at all can be played.
    """
    ledger.release(generation)
    states = ledger.states(generation)
    total, score = sum(states.values()), _Score()
    part = f"generation {generation}: play"
    before = total - states.get("open", 0)
    flights: dict[asyncio.Task[Play], Entry] = {}

    def launch(entry: Entry) -> None:
        order = Order(
            entry.id,
            generation,
            entry.problem,
            model,
            order_seed(entry.id),
            settings.tokens if generation else 0,
            settings.think_s,
            settings.plan,
            keep=generation > 0,
        )
        flights[asyncio.ensure_future(workers.play(order))] = entry

    def land(task: asyncio.Task[Play]) -> None:
        entry = flights.pop(task)
        error = task.exception()
        if error is None:
            play = task.result()
            ledger.finish(play, shard.append(play) if play.growth else None)
            score.add(play)
        elif isinstance(error, ModelError):  # no problem's fault: all of them would fail
            raise error
        elif ledger.fail(entry, f"{type(error).__name__}: {error}"):
            told = f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"
            if total > 1 and not ledger.states(generation).get("done"):
                raise ReasonerError(
                    f"not one of {total} problems could be played ({told}); "
                    "the same command goes on when the cause is gone"
                ) from error
            sitting.audience.say(
                f"quarantined: {entry.problem.prompt.strip()!r} failed twice ({told})"
            )

    try:
        while not sitting.over(reserve_s):
            room = workers.capacity - len(flights)
            for entry in ledger.lease(generation, room, 0) if room else ():
                launch(entry)
            if not flights:
                for entry in ledger.lease(generation, 1, 1):
                    launch(entry)
            if not flights:
                return
            done, _ = await asyncio.wait(
                flights, timeout=_TICK_S, return_when=asyncio.FIRST_COMPLETED
            )
            for task in sorted(done, key=lambda task: flights[task].number):
                land(task)
            sitting.tick()
            sitting.audience.tell(part, before + score.done, total, str(score))
    finally:
        for task in flights:
            task.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        ledger.release(generation)
    if sitting.interrupted() or not reserve_s:
        sitting.tick(force=True)
        raise Stopped
    ledger.skip_open(generation)
