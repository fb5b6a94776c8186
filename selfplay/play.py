"""A play: one problem searched once, as data that can be judged and learned from for ever."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reasoner.catalog import Model, load_folder
from reasoner.policy import Policy
from search import (
    Budget,
    Chain,
    Job,
    Meter,
    Outcome,
    Proposal,
    StopReason,
    StopWhen,
    Tree,
    search,
    strategy,
)
from verifiers import Domain, Problem, domain, judge, signed

EDIT = "edit-"  # begins the ids of plays of problems that the proposer made


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker is to play.

    ``model``: its folder. ``tokens``: of search; 0: System 1 alone. ``plan``: the strategy it is
    searched by. ``keep``: whether the search is wanted, or its outcome alone.
    """

    id: str
    generation: int
    problem: Problem
    model: str
    seed: int
    tokens: int
    think_s: float | None = None
    plan: str = "auto"
    until: str = StopWhen.BUDGET
    keep: bool = True


@dataclass(frozen=True, slots=True)
class Play:
    """What became of an order.

    ``greedy``: System 1's own line was right; ``right``: the answer that was selected in the end.
    Both by a verifier with the reference, which the search never saw; None: not judged.
    ``growth``: replaying it rebuilds the tree.
    """

    id: str
    generation: int
    problem: Problem
    policy: str  # fingerprint of the model's files
    verifier: str  # "name@version"
    seed: int
    limit: int  # tokens of search allowed, unless think_s says seconds
    stop: str
    tokens: int
    seconds: float
    answer: str | None
    greedy: bool | None
    right: bool | None
    growth: tuple[tuple[Job, Proposal], ...] = ()
    think_s: float | None = None


class EngineFailed(RuntimeError):
    """The engine failed again and again on one problem."""


class Player:
    """Plays with the models in folders; keeps the two used last, champion and challenger."""

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads
        self._models: dict[str, Model] = {}

    def model(self, folder: str) -> Model:
        known = self._models.pop(folder, None)
        self._models[folder] = known or load_folder(folder, Path(folder), self._threads)
        while len(self._models) > 2:
            self._models.pop(next(iter(self._models))).engine.close()
        return self._models[folder]

    async def pid(self) -> int:
        return os.getpid()

    async def play(self, order: Order) -> Play:
        return await play(order, self.model(order.model))

    def close(self) -> None:
        for model in self._models.values():
            model.engine.close()
        self._models.clear()


async def play(order: Order, model: Model) -> Play:
    """Search one problem; raises :class:`EngineFailed`.

    One job in flight at a time: the tree then depends on the seed and not on who comes home
    first. Many problems at once fill the engine.
    """
    problem, began = order.problem, time.monotonic()
    family = domain(problem.domain)
    curves = model.calibration
    value = None if curves.blind_to(family.name) else curves.value_of(family.name)
    tree, growth = Tree(), list[tuple[Job, Proposal]]()
    # Without a limit: a request cut to the tokens left is another request. The last one may go
    # over it.
    policy = Policy(model.engine, family, problem, value, Meter(Budget()))
    sittings = [("greedy", Budget())]  # System 1 takes what it needs; the budget is for search
    if order.think_s and order.tokens:
        sittings.append((order.plan, Budget(seconds=order.think_s)))
    elif order.tokens:
        sittings.append((order.plan, Budget(tokens=order.tokens)))
    tokens = 0
    for name, budget in sittings:
        plan, meter = strategy(name), Meter(budget)
        stop = await search(
            tree,
            plan,
            policy,
            meter,
            width=1,
            stop_when=StopWhen(order.until),
            on_event=lambda job, proposal: growth.append((job, proposal)),
            seed=order.seed,
        )
        tokens += meter.tokens
        if stop is StopReason.ENGINE:
            break
    if stop is StopReason.ENGINE or not tree.jobs:
        raise EngineFailed(next((p.error for _, p in reversed(growth) if p.error), "no reason"))
    best = tree.answers.best(plan.rank)
    answer = None if best is None else best.answer
    return Play(
        order.id,
        order.generation,
        problem,
        model.fingerprint,
        signed(family),
        order.seed,
        order.tokens,
        stop,
        tokens,
        round(time.monotonic() - began, 3),
        answer,
        judged(family, problem, greedy_answer(growth)),
        judged(family, problem, answer),
        tuple(growth) if order.keep else (),
        order.think_s,
    )


def greedy_answer(growth: Sequence[tuple[Job, Proposal]]) -> str | None:
    """What System 1 said; None when its line did not end in an answer."""
    for job, proposal in growth:
        if job.temperature == 0.0 and job.to_end and proposal.chains:
            outcome = proposal.chains[0].thoughts[-1].outcome
            return None if outcome is None else outcome.answer
    return None


def judged(family: Domain, problem: Problem, answer: str | None) -> bool | None:
    """Whether an answer is right; no answer is wrong, an unjudged one is neither."""
    return False if answer is None else judge(family, problem, answer).passed


def rejudged(play: Play) -> Play:
    """The same search, each answer judged by today's verifier with the reference."""
    family, known = domain(play.problem.domain), dict[str, Outcome]()

    def truth(outcome: Outcome) -> Outcome:
        if outcome.answer not in known:
            score = judge(family, play.problem, outcome.answer).score
            known[outcome.answer] = replace(outcome, score=score, reason="")
        return known[outcome.answer]

    def chain(old: Chain) -> Chain:
        *before, last = old.thoughts
        ended = last if last.outcome is None else replace(last, outcome=truth(last.outcome))
        return replace(old, thoughts=(*before, ended))

    growth = tuple(
        (job, replace(proposal, chains=tuple(map(chain, proposal.chains))))
        for job, proposal in play.growth
    )
    return replace(play, growth=growth)
