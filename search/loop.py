"""The search loop: one for all strategies."""

from __future__ import annotations

import asyncio
import hashlib
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .meter import Meter
from .proposal import Job, Proposal, Proposer
from .stop import StopReason, StopWhen
from .strategies import Strategy
from .tree import Tree

OnEvent = Callable[[Job, Proposal], None]
"""Called after every applied proposal, failed ones included: where traces are saved."""

_TICK_S = 0.02  # how soon an interrupt is seen
# Slow start: an early answer is a matter of latency, which a full engine lacks; a late one of
# throughput. Three jobs first, one more whenever two have come home.
_FIRST_WIDTH = 3
_WIDEN_EVERY = 2
_STRIKES = 8  # failures in a row, each launched after the one before came home
_BACKOFF_S = 0.005  # after the first strike; doubles with each


async def search(
    tree: Tree,
    strategy: Strategy,
    proposer: Proposer,
    meter: Meter,
    *,
    width: int = 8,
    stop_when: StopWhen = StopWhen.VERIFIED,
    on_event: OnEvent | None = None,
    interrupted: Callable[[], bool] | None = None,
    judging: Callable[[], bool] | None = None,
    seed: int = 0,
) -> StopReason:
    """Think until the meter or ``stop_when`` says stop, with ``width`` jobs in flight.

    What was found is in ``tree``. There is no barrier: each proposal is applied and replaced as
    it comes home. At the end, jobs in flight are cancelled and not awaited, so a proposer that
    hangs can not hold up the answer. Failures of the proposer, and of ``on_event``, never raise.
    ``interrupted``: polled; True ends the search (``asyncio.Event.is_set`` will do).
    ``judging``: polled; while True verdicts are on their way, and agreement alone ends nothing.
    """
    run = _Run(
        tree, strategy, proposer, meter, width, stop_when, on_event, interrupted, judging, seed
    )
    try:
        return await run.until_stop()
    finally:
        run.abandon()


@dataclass(slots=True)
class _Flight:
    job: Job
    order: int  # counts launches


class _Run:
    def __init__(
        self,
        tree: Tree,
        strategy: Strategy,
        proposer: Proposer,
        meter: Meter,
        width: int,
        stop_when: StopWhen,
        on_event: OnEvent | None,
        interrupted: Callable[[], bool] | None,
        judging: Callable[[], bool] | None,
        seed: int,
    ) -> None:
        if width < 1:
            raise ValueError(f"expected a width of 1 job or more, got {width}")
        self.tree, self.strategy, self.proposer, self.meter = tree, strategy, proposer, meter
        self.width, self.stop_when = width, stop_when
        self.on_event, self.interrupted, self.judging = on_event, interrupted, judging
        # Seeds of an earlier sitting must not come back: they would draw the same samples.
        self.seed = f"{seed}/{tree.jobs}/{tree.errors}"
        self.flights: dict[asyncio.Task[Proposal], _Flight] = {}
        self.launched = 0
        self.landed = 0
        self.strikes = 0
        self.struck_at = 0  # ``launched`` at the latest strike
        self.quiet_until = 0.0  # on the event loop's clock
        self.warned = False

    async def until_stop(self) -> StopReason:
        while True:
            stop = self.reason()
            if stop is not None:
                return stop
            pause = self.quiet_until - asyncio.get_running_loop().time()
            if pause <= 0.0:
                self.launch()
                if not self.flights:
                    return StopReason.EXHAUSTED
            left = self.meter.seconds_left
            timeout = min(_TICK_S, _TICK_S if left is None else left)
            if not self.flights:
                await asyncio.sleep(min(pause, timeout))
                continue
            done, _ = await asyncio.wait(
                self.flights, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
            )
            for task in sorted(done, key=lambda task: self.flights[task].order):
                self.land(task)

    def reason(self) -> StopReason | None:
        answers = self.tree.answers
        if self.stop_when is not StopWhen.BUDGET and answers.verified:
            return StopReason.VERIFIED
        if self.interrupted is not None and self.interrupted():
            return StopReason.INTERRUPTED
        if self.strikes >= _STRIKES:
            return StopReason.ENGINE
        unjudged = self.stop_when is StopWhen.CONFIDENT and not answers.judged
        if unjudged and answers.leader_is_safe() and not (self.judging and self.judging()):
            return StopReason.CONFIDENT
        return self.meter.exhausted()

    def launch(self) -> None:
        """Fill up the jobs in flight."""
        while len(self.flights) < min(self.width, _FIRST_WIDTH + self.landed // _WIDEN_EVERY):
            name = f"{self.seed}/{self.launched}".encode()
            seed = int.from_bytes(hashlib.blake2b(name, digest_size=8).digest()) >> 1
            job = self.strategy.select(self.tree, seed)
            if job is None:
                return
            self.tree.begin(job)
            task = asyncio.ensure_future(self.propose(job))
            self.flights[task] = _Flight(job, self.launched)
            self.launched += 1

    async def propose(self, job: Job) -> Proposal:
        return await self.proposer.propose(self.tree.steps(job.path), job)

    def land(self, task: asyncio.Task[Proposal]) -> None:
        """Apply what came home."""
        flight = self.flights.pop(task)
        self.landed += 1
        self.tree.release(flight.job)
        proposal = _outcome(task)
        applied = self.tree.apply(flight.job, proposal)
        self.meter.add(tokens=proposal.tokens, nodes=len(applied.new_nodes))
        if applied.error is None:
            self.strikes = 0
        elif flight.order >= self.struck_at:
            # Jobs in flight at a strike fail together; that is one failure, not many.
            self.strikes += 1
            self.struck_at = self.launched
            pause = _BACKOFF_S * 2**self.strikes
            self.quiet_until = asyncio.get_running_loop().time() + pause
        if self.on_event is not None:
            self.tell(flight.job, proposal)

    def tell(self, job: Job, proposal: Proposal) -> None:
        assert self.on_event is not None
        try:
            self.on_event(job, proposal)
        except Exception as error:
            if self.warned:
                return
            self.warned = True
            with suppress(Warning):  # where warnings are errors, too
                warnings.warn(
                    f"on_event failed ({type(error).__name__}: {error}); the search goes on",
                    RuntimeWarning,
                    stacklevel=2,
                )

    def abandon(self) -> None:
        """Cancel what is in flight without waiting for it."""
        for task, flight in self.flights.items():
            task.add_done_callback(forget)
            task.cancel()
            self.tree.release(flight.job)
        self.flights.clear()


def _outcome(task: asyncio.Task[Proposal]) -> Proposal:
    """What a finished task says; failures become data."""
    if task.cancelled():
        return Proposal((), error="cancelled by the proposer")
    error = task.exception()
    if error is not None:
        return Proposal((), error=f"{type(error).__name__}: {error}")
    return task.result()


def forget(task: asyncio.Task[Any]) -> None:
    """Take note of a late failure, so that asyncio does not complain of it."""
    if not task.cancelled():
        task.exception()
