"""One question being thought about: watch it, stop it, await its answer."""

from __future__ import annotations

import asyncio
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from types import TracebackType

from search import Auto, Best, Budget, Job, Meter, Proposal, StopReason, StopWhen, Tree, strategy
from search import Spent as Used
from search.loop import search
from verifiers import Problem, Verifier, domain, self_checking, signed
from verifiers.plugins import is_domain

from .answer import Alternative, Answer, Spent
from .catalog import Model
from .engine import Chat, Measured, Priced
from .errors import UsageError
from .explain import Explained, plan_of
from .ranking import ranked
from .recorder import Recorder
from .records import Stop
from .traces import TraceWriter

TICK_S = 0.1  # how often a stream reports when nothing better was found
ALTERNATIVES = 5
SAMPLES_PER_JOB = 2

OpenTrace = Callable[[Model], tuple[str, TraceWriter]]
"""Opens the trace once the model is loaded; gives the run's id as well."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to think about and how.

    ``verifier``: judges the answers. ``used``, ``first_answer_s`` and a grown ``tree`` come from
    earlier sittings of a run.
    """

    problem: Problem
    budget: Budget
    strategy: str
    stop_when: StopWhen
    seed: int
    model: str
    verifier: Verifier
    tree: Tree = field(default_factory=Tree)
    used: Used = field(default_factory=Used)
    first_answer_s: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """A glance at a search.

    ``seconds_left``: None without a time budget. ``nodes``: states found, the question itself
    not counted. ``depth``: steps of the longest line.
    """

    t_s: float
    seconds_left: float | None
    tokens: int
    nodes: int
    depth: int
    best: Best | None


class Thinking:
    """An async stream of :class:`Progress` that has, at any moment, ``best``.

    Yields at once when the best answer or its confidence changes, else every 0.1 s. Thinking
    begins with the first await, and leaving the stream early ends it. One event loop's only.
    """

    def __init__(
        self,
        plan: Plan,
        load: Callable[[], Model],
        open_trace: OpenTrace | None,
        writer: TraceWriter | None = None,
    ) -> None:
        """``writer``: a trace that is open already; closed in the end, whatever happens."""
        self.plan = plan
        self.tree = plan.tree
        self.run_id: str | None = None
        self.load_s = 0.0
        self._load = load
        self._open_trace, self._writer = open_trace, writer
        self._strategy = strategy(plan.strategy)
        if isinstance(self._strategy, Auto):
            self._strategy = replace(self._strategy, patient=not self_checking(plan.verifier))
        self._meter: Meter | None = None
        self._confidence: Callable[[float], float] = float  # the model's own curve, once loaded
        self._first_answer_s = plan.first_answer_s
        self._model: Model | None = None
        self._policy: object = None
        self._failure = ""  # the engine's latest, until something works again
        self._task: asyncio.Task[Answer] | None = None
        self._stopping = False
        self._wake = asyncio.Event()

    @property
    def best(self) -> Best | None:
        """The best answer so far; None before the first one."""
        return self._ranked(0)

    @property
    def started(self) -> bool:
        """Whether the model is loaded and the clock runs."""
        return self._meter is not None

    def progress(self) -> Progress:
        meter, tree = self._meter, self.tree
        used = self.plan.used if meter is None else meter.spent
        left = self.plan.budget.seconds if meter is None else meter.seconds_left
        return Progress(used.seconds, left, used.tokens, len(tree) - 1, tree.deepest, self.best)

    def explain(self) -> Iterator[str]:
        """The plan and what was measured so far, one fact a line; nothing before it started."""
        if self._model is not None:
            yield from plan_of(self.plan, self._model)
        if isinstance(self._policy, Explained):
            yield from self._policy.explain()

    def stop(self) -> None:
        """End within milliseconds, with the best answer so far. From any thread or signal."""
        self._stopping = True

    async def result(self) -> Answer:
        """The answer, once the budget ends or nothing more is to be gained."""
        return await self._begin()

    async def __aiter__(self) -> AsyncIterator[Progress]:
        task = self._begin()
        await asyncio.sleep(0)  # loading has begun before the first word is said of it
        try:
            while not task.done():
                self._wake.clear()
                yield self.progress()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), TICK_S)
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
        if kind is None:
            await self._begin()

    def _begin(self) -> asyncio.Task[Answer]:
        if self._task is None:
            self._task = asyncio.create_task(self._think())
            self._task.add_done_callback(lambda _: self._wake.set())
        return self._task

    async def _think(self) -> Answer:
        try:
            started = time.monotonic()
            model = await asyncio.to_thread(self._load)
            self.load_s = time.monotonic() - started
            _check_price(self.plan.budget, model)
            return await self._search(model)
        finally:
            if self._writer is not None:
                self._writer.close()

    async def _search(self, model: Model) -> Answer:
        plan = self.plan
        meter = self._meter = Meter(plan.budget, already=plan.used)
        own, name = plan.verifier, plan.problem.domain
        family = own if is_domain(own) and own.name == name else domain(name)
        self._confidence = model.calibration.confidence_of(family.name)
        blind = model.calibration.blind_to(family.name)
        value = None if blind else model.calibration.value_of(family.name)
        policy = model.policy(model.engine, family, plan.problem, value, meter, plan.verifier)
        _check_length(policy.prompt, model)
        self._model, self._policy = model, policy
        self._save(model)
        recorder = Recorder(self._writer, self.tree, self.best)

        def grew(job: Job, proposal: Proposal) -> None:
            self._failure = proposal.error or ""
            best = self.best
            if best is not None and self._first_answer_s is None:
                self._first_answer_s = meter.elapsed
            if recorder.grew(meter.elapsed, job, proposal, best):
                self._wake.set()

        with closing(policy):
            stop = await search(
                self.tree,
                self._strategy,
                policy,
                meter,
                width=max(1, model.engine.capacity // SAMPLES_PER_JOB),
                stop_when=plan.stop_when,
                on_event=grew,
                interrupted=lambda: self._stopping,
                judging=lambda: policy.judging.busy,
                seed=plan.seed,
            )
        used = meter.spent
        paid = round(used.dollars, 6) or None
        recorder.write(Stop(round(used.seconds, 4), stop, used.tokens, used.nodes, paid))
        return self._answer(stop, used)

    def _save(self, model: Model) -> None:
        """Open the trace; without one the think goes on."""
        if self._open_trace is None:
            return
        try:
            self.run_id, self._writer = self._open_trace(model)
        except OSError as error:
            warnings.warn(f"this run is not being saved ({error}); thinking goes on", stacklevel=2)
            if self._writer is not None:
                self._writer.close()

    def _ranked(self, alternatives: int) -> Best | None:
        return ranked(self.tree, self._strategy.rank, self._confidence, alternatives)

    def _answer(self, stop: StopReason, used: Used) -> Answer:
        plan, tree = self.plan, self.tree
        best = self._ranked(ALTERNATIVES)
        outcome = None if best is None else tree.nodes.outcome.get(best.node)
        return Answer(
            answer=None if best is None else best.answer,
            verified=None if best is None else best.verified,
            confidence=0.0 if best is None else round(best.confidence, 4),
            stop_reason=stop,
            budget=Spent(
                plan.budget.seconds,
                round(used.seconds, 4),
                used.tokens,
                used.nodes,
                round(used.dollars, 6),
            ),
            first_answer_s=None if (first := self._first_answer_s) is None else round(first, 4),
            strategy=plan.strategy,
            model=plan.model,
            domain=plan.problem.domain,
            seed=plan.seed,
            run_id=self.run_id,
            alternatives=tuple(
                Alternative(other.answer, round(other.confidence, 4), other.verified)
                for other in (() if best is None else best.alternatives)
            ),
            steps=() if best is None else tree.steps(best.path),
            reason=self._failure if outcome is None else outcome.reason,
            note=plan.note,
            load_s=round(self.load_s, 4),
            verifier=signed(plan.verifier),
        )


def _check_length(prompt: str | Chat, model: Model) -> None:
    """Raise ``UsageError`` when the model can not hold the question, as far as that is known."""
    if not isinstance(model.engine, Measured):
        return
    longest = model.engine.context - 2  # one for the answer, one for its value
    if (found := model.engine.count_tokens(prompt)) > longest:
        raise UsageError(
            f"expected a question of at most {longest:,} tokens for the model {model.name!r}, "
            f"found {found:,} with what is said around it; shorten it or use a model with a longer "
            "context"
        )


def _check_price(budget: Budget, model: Model) -> None:
    """Raise ``UsageError`` for a limit in dollars that nothing would ever count towards."""
    price = model.engine.dollars_per_token if isinstance(model.engine, Priced) else 0.0
    if budget.dollars is not None and not price:
        raise UsageError(
            f"expected a price for a budget in dollars, found none for the model {model.name!r}; "
            "say it as in openai:https://host/v1?price_in=0.15&price_out=0.6#model (dollars for a "
            "million tokens) or leave the budget out"
        )
