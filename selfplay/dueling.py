"""Dueling: champion and challenger through the arena, bout by bout, until it is decided."""

from __future__ import annotations

import asyncio
from collections import Counter

from reasoner.errors import ReasonerError
from search import StopWhen

from .arena import ARMS, Standing, standing, summary, wanted
from .draw import duel_problem, order_seed
from .entries import Bout
from .ledger import Ledger
from .play import Order, Play
from .settings import Settings
from .sitting import Sitting
from .workers import Workers

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

    ``champion``, ``challenger``: model folders. Raises ``Stopped``.
    """
    limits = {"policy": settings.duel_policy, "small": settings.duel_search,
              "large": settings.duel_search}  # fmt: skip
    budgets = dict(zip(ARMS, (0, *settings.duel_tokens), strict=True))
    gate = asyncio.Semaphore(workers.capacity)
    tried: set[tuple[str, int]] = set()
    while True:
        bouts = ledger.bouts(generation)
        now = standing(bouts, families, trained=settings.domains)
        played = Counter({(arm, family): 0 for arm in ARMS for family in families})
        played.update((bout.arm, bout.family) for bout in bouts)
        round_ = wanted(now, played, limits, settings.domains)
        if not round_:
            return now
        tried |= {(bout.arm, bout.number) for bout in bouts}
        jobs = []
        for arm, family in round_:
            row = families.index(family)
            numbers = [n * len(families) + row for n in range(limits[arm])]
            for number in [n for n in numbers if (arm, n) not in tried][: settings.duel_batch]:
                jobs.append((arm, family, number))

        if not jobs:  # what is left can not be played
            return now
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
            if first is None or second is None:
                return None
            tokens = first.tokens + second.tokens
            return Bout(
                arm, number, family, problem.level, first.right is True, second.right is True,
                tokens,
            )  # fmt: skip

        tasks = {asyncio.ensure_future(bout(*job)) for job in jobs}
        fresh = 0
        try:
            while tasks:
                done, tasks = await asyncio.wait(
                    tasks, timeout=0.5, return_when=asyncio.FIRST_COMPLETED
                )
                found = [b for task in done if (b := task.result()) is not None]
                fresh += len(found)
                ledger.add_bouts(generation, found)
                n, old, new = summary(bouts, "policy")
                note = f"{round_[0][0]}, so far {old} : {new} of {n}"
                total = len(jobs)
                sitting.report(f"generation {generation}: arena", total - len(tasks), total, note)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if not fresh:
            raise ReasonerError(
                f"none of {len(jobs)} bouts could be played; see whether the models in "
                f"{champion} and {challenger} load"
            )


async def _attempt(order: Order, workers: Workers) -> Play | None:
    for _ in range(_TRIES):
        try:
            return await workers.play(order)
        except Exception:  # of the engine, the verifier, the worker: this bout does not count
            continue
    return None
