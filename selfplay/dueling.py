"""Dueling: champion and challenger through the arena, bout by bout, until it is decided."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

from reasoner.errors import ModelError, ReasonerError
from search import StopWhen

from .arena import ARMS, Standing, standing, summary, wanted
from .draw import duel_problem, order_seed
from .entries import Bout
from .ledger import Ledger
from .play import Order, Play
from .settings import Settings
from .sitting import Sitting
from .workers import Workers

Bid = tuple[str, str, int]  # arm, family, number

_TRIES = 2  # a worker that dies is not the model's fault


async def duel(
    generation: int,
    champion: str,
    challenger: str,
    families: list[str],
    settings: Settings,
    ledger: Ledger,
    workers: Workers,
    sitting: Sitting,
) -> Standing:
    """Play rounds until it is decided; goes on with the bouts that the ledger has.

    ``champion``, ``challenger``: model folders. Raises ``Stopped``,
    and ``ModelError`` when one can not be loaded.
    """
    limits = {"policy": settings.duel_policy, "small": settings.duel_search,
              "large": settings.duel_search}  # fmt: skip
    budgets = dict(zip(ARMS, (0, *settings.duel_tokens), strict=True))
    gate = asyncio.Semaphore(workers.capacity)
    tried: set[tuple[str, int]] = set()
    while True:
        bouts = ledger.bouts(generation)
        tried |= {(bout.arm, bout.number) for bout in bouts}
        # A round that was cut short is finished before anybody looks at the score: the duel then
        # ends as it would have without the cut.
        jobs = [job for job in _round(ledger, generation) if (job[0], job[2]) not in tried]
        if not jobs:
            now = standing(bouts, families, trained=settings.domains)
            played = Counter({(arm, family): 0 for arm in ARMS for family in families})
            played.update((bout.arm, bout.family) for bout in bouts)
            for arm, family in wanted(now, played, limits, settings.domains):
                row, every = families.index(family), len(families)
                numbers = [n * every + row for n in range(limits[arm])]
                free = [n for n in numbers if (arm, n) not in tried]
                jobs += [(arm, family, number) for number in free[: settings.duel_batch]]
            if not jobs:
                return now
            ledger.note("round", json.dumps([generation, jobs]))
        tried |= {(arm, number) for arm, _, number in jobs}

        async def bout(arm: str, family: str, number: int) -> Bout | None:
            problem = duel_problem(settings, generation, arm, family, number)
            plays = []
            for model in (champion, challenger):
                name = f"{generation} {arm} {number}"
                order = Order(
                    name, generation, problem, model, order_seed(name), budgets[arm],
                    until=StopWhen.CONFIDENT, keep=False,
                )  # fmt: skip
                async with gate:
                    plays.append(await _attempt(order, workers))
            first, second = plays
            if first is None:
                return None
            # What fails for the challenger alone counts against it: bouts left out because they
            # were hard for one side would favour it.
            right = second is not None and second.right is True
            tokens = first.tokens + (0 if second is None else second.tokens)
            return Bout(arm, number, family, problem.level, first.right is True, right, tokens)

        tasks = {asyncio.ensure_future(bout(*job)) for job in jobs}
        left, fresh = set(tasks), 0
        try:
            while left:
                done, left = await asyncio.wait(
                    left, timeout=0.5, return_when=asyncio.FIRST_COMPLETED
                )
                found = [b for task in done if (b := task.result()) is not None]
                fresh += len(found)
                ledger.add_bouts(generation, found)
                n, old, new = summary(bouts, "policy")
                note = f"{jobs[0][0]}, so far {old} : {new} of {n}"
                total = len(jobs)
                sitting.report(f"generation {generation}: arena", total - len(left), total, note)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        # The rest of a round that was cut short may well be what can not be played.
        if not fresh and len(jobs) >= settings.duel_batch:
            raise ReasonerError(
                f"none of {len(jobs)} bouts could be played; see whether the models in "
                f"{champion} and {challenger} load"
            )


def _round(ledger: Ledger, generation: int) -> list[Bid]:
    """The round that was begun last."""
    number, jobs = json.loads(ledger.fact("round") or "[0, []]")
    return [(arm, family, n) for arm, family, n in jobs] if number == generation else []


async def _attempt(order: Order, workers: Workers) -> Play | None:
    for _ in range(_TRIES):
        try:
            return await workers.play(order)
        except ModelError:  # no answer of a model that is not there
            raise
        except Exception:  # of the engine, the verifier, the worker: this bout does not count
            continue
    return None
