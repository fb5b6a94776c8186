"""One question being thought about: watch it, stop it, await its answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from types import TracebackType

from .answer import Alternative, Answer, Spent
from .catalog import fingerprint
from .engine import Engine
from .policy import Policy
from .recorder import Recorder
from .records import Record, Stop
from .traces import TraceWriter
from search.answers import Best
from search.budget import Budget
from search.loop import search
from search.meter import Meter
from search.meter import Spent as Used
from search.proposal import Job, Proposal
from search.stop import StopReason, StopWhen
from search.strategy import find_strategy
from search.tree import Tree
from verifiers import Problem, domain

TICK_S = 0.1  # how often a stream reports when nothing better was found
ALTERNATIVES = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """What to think about and how. ``used``: spent in earlier sittings of a resumed run."""

    problem: Problem
    budget: Budget
    strategy: str
    stop_when: StopWhen
    seed: int
    model: str
    tree: Tree = field(default_factory=Tree)
    used: Used = Used()  # noqa: RUF009  frozen, so shared safely
    note: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """A glance at a search. ``seconds_left``: None without a time budget."""

    t_s: float
    seconds_left: float | None
    tokens: int
    nodes: int
    depth: int  # steps of the longest line
    best: Best | None


class Thinking:
    """An async stream of :class:`Progress` with, at any moment, ``best``.

    Yields at once when the best answer or its confidence changes, else every 0.1 s. Thinking
    begins with the first await; leaving the loop early ends it. Use from one event loop.
    """

    def __init__(
        self,
        plan: Plan,
        load: Callable[[], Engine],
        open_trace: Callable[[Engine], tuple[TraceWriter, Record] | None],
    ) -> None:
        self.plan = plan
        self.tree = plan.tree
        self.run_id: str | None = None
        self.load_s = 0.0
        self._load = load
        self._open_trace = open_trace
        self._meter: Meter | None = None  # started once the model is loaded
        self._first_answer_s: float | None = None
        self._task: asyncio.Task[Answer] | None = None
        self._stop = asyncio.Event()
        self._wake = asyncio.Event()

    @property
    def best(self) -> Best | None:
        """The best answer so far; None before the first one."""
        return self.tree.answers.best()

    @property
    def started(self) -> bool:
        """Whether the model is loaded and the clock runs."""
        return self._meter is not None

    def progress(self) -> Progress:
        meter, tree = self._meter, self.tree
        used = self.plan.used if meter is None else meter.spent
        left = self.plan.budget.seconds if meter is None else meter.seconds_left
        return Progress(used.seconds, left, used.tokens, len(tree) - 1, tree.deepest, self.best)

    def stop(self) -> None:
        """End soon with the best answer so far. Call it in the loop's own thread."""
        self._stop.set()

    async def result(self) -> Answer:
        """The answer, once the budget ends or nothing more is to be gained."""
        task = self._begin()
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.cancel()
            raise

    async def __aiter__(self) -> AsyncIterator[Progress]:
        task = self._begin()
        try:
            while not task.done():
                self._wake.clear()
                yield self.progress()
                try:
                    await asyncio.wait_for(self._wake.wait(), TICK_S)
                except TimeoutError:
                    pass
            await task  # raises what went wrong
            yield self.progress()
        finally:
            self.stop()

    async def __aenter__(self) -> Thinking:
        self._begin()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if self._task is not None and kind is None:
            await self._task

    def _begin(self) -> asyncio.Task[Answer]:
        if self._task is None:
            self._task = asyncio.create_task(self._think())
            self._task.add_done_callback(lambda _: self._wake.set())
        return self._task

    async def _think(self) -> Answer:
        plan, tree = self.plan, self.tree
        started = time.monotonic()
        engine = await asyncio.to_thread(self._load)
        self.load_s = time.monotonic() - started
        meter = self._meter = Meter(plan.budget, already=plan.used)
        policy = Policy(engine, domain(plan.problem.domain), plan.problem, meter)
        recorder = Recorder(self._writer(engine), tree)

        def grew(job: Job, proposal: Proposal, best: Best | None, meter: Meter) -> None:
            if best is not None and self._first_answer_s is None:
                self._first_answer_s = meter.elapsed
            if recorder.grew(meter.elapsed, job, proposal, best):
                self._wake.set()

        try:
            found = await search(
                tree, plan.strategy, policy, meter,
                width=engine.capacity, stop_when=plan.stop_when, on_event=grew,
                seed=plan.seed, interrupt=self._stop,
            )
            used = meter.spent
            recorder.write(Stop(round(used.seconds, 4), found.stop, used.tokens, used.nodes))
        finally:
            recorder.close()
        return self._answer(found.stop, used)

    def _writer(self, engine: Engine) -> TraceWriter | None:
        try:
            return self._open_trace(engine)
        except OSError as error:
            warnings.warn(f"this run is not saved ({error}); thinking goes on", stacklevel=2)
            return None

    def _answer(self, stop: StopReason, used: Used) -> Answer:
        plan = self.plan
        best = self.tree.answers.best(plan.strategy.rank, ALTERNATIVES)
        spent = Spent(plan.budget.seconds, round(used.seconds, 4), used.tokens, used.nodes)
        outcome = None if best is None else self.tree.nodes.outcome.get(best.node)
        return Answer(
            answer=None if best is None else best.answer,
            verified=None if best is None else best.verified,
            confidence=0.0 if best is None else round(best.confidence, 4),
            stop_reason=stop,
            budget=spent,
            first_answer_s=self._first_answer_s,
            strategy=plan.strategy_name,
            model=plan.model,
            domain=plan.problem.domain,
            seed=plan.seed,
            run_id=plan.run_id,
            alternatives=() if best is None else tuple(
                Alternative(other.answer, round(other.confidence, 4), other.verified)
                for other in best.alternatives
            ),
            steps=() if best is None else self.tree.steps(best.path),
            reason="" if outcome is None else outcome.reason,
            note=plan.note,
            load_s=round(self.load_s, 4),
        )
