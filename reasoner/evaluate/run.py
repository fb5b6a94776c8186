"""Ask every question under every arm, judge afterwards, keep every row."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import verifiers
from verifiers import Problem, Verifier

from ..answer import Answer
from .arm import Arm
from .results import Results, Row, Setting
from .suite import Item

AT_ONCE = 16  # questions in flight when they share the engine


class Reply(NamedTuple):
    """``candidates``: every distinct answer the search wrote, the selected one among them."""

    answer: Answer
    candidates: tuple[str, ...] = ()


Ask = Callable[[Problem, Arm, int], Awaitable[Reply]]
"""``await ask(problem, arm, seed)``; the problem comes without its reference."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure. ``model``: as in :class:`Setting`. ``verifier``: grades in the place of
    each question's domain."""

    items: tuple[Item, ...]
    arms: tuple[Arm, ...]
    model: str
    seed: int = 0
    one_at_a_time: bool = False
    verifier: Verifier | None = None

    def setting(self, arm: Arm) -> Setting:
        return Setting(
            model=self.model,
            strategy=arm.strategy,
            arm=arm.label,
            stop_when=arm.stop_when,
            seed=self.seed,
            one_at_a_time=self.one_at_a_time,
            verifier="" if self.verifier is None else verifiers.signed(self.verifier),
        )

    def todo(self, results: Results) -> list[tuple[Item, Arm]]:
        """What is not measured yet. All arms of a question follow each other, so that a slow
        minute of the machine falls on every arm alike and a stopped run is still paired."""
        return [
            (item, arm)
            for item in self.items
            for arm in self.arms
            if not results.done(self.setting(arm), item.id)
        ]


async def run(plan: Plan, ask: Ask, results: Results, on_row: Callable[[Row], None]) -> None:
    """Fill ``results``; ``on_row`` is called after each. Failures of one question are rows."""
    room = asyncio.Semaphore(1 if plan.one_at_a_time else AT_ONCE)

    async def measure(item: Item, arm: Arm) -> None:
        async with room:
            row = await measured(item, arm, plan, ask)
        results.add(row)
        on_row(row)

    await asyncio.gather(*(measure(item, arm) for item, arm in plan.todo(results)))


async def measured(item: Item, arm: Arm, plan: Plan, ask: Ask) -> Row:
    setting = plan.setting(arm)
    try:
        answer, candidates = await ask(item.problem.public(), arm, setting.seed)
        chosen = [] if answer.answer is None else [answer.answer]
        right, covered = await grade(item.problem, chosen, candidates, plan.verifier)
    except Exception as error:  # one broken question must not end a long evaluation
        return Row(setting=setting, item=item.id, error=f"{type(error).__name__}: {error}")
    return Row(
        setting=setting,
        item=item.id,
        answer=answer.answer,
        right=right,
        covered=covered,
        confidence=answer.confidence,
        verified=answer.verified,
        stop_reason=str(answer.stop_reason),
        first_answer_s=answer.first_answer_s,
        used_s=answer.budget.used_s,
        tokens=answer.budget.tokens,
        nodes=answer.budget.nodes,
    )


async def grade(
    problem: Problem,
    chosen: list[str],
    candidates: tuple[str, ...],
    verifier: Verifier | None,
) -> tuple[bool | None, bool | None]:
    """Is the chosen answer right, and was any candidate?"""
    right = await judge(problem, chosen, verifier)
    try:
        return right, right or await judge(problem, candidates, verifier)
    except VerifierFailed:
        return right, None


class VerifierFailed(Exception):
    """A verifier erred, hung or crashed: that is no verdict on the answer."""


async def judge(
    problem: Problem, answers: Iterable[str], verifier: Verifier | None = None
) -> bool | None:
    """Is one of ``answers`` right? None when the question can not be judged at all.

    No answer is wrong wherever an answer could have been judged. Raises :class:`VerifierFailed`
    when that decides.
    """
    by = verifier or verifiers.domain(problem.domain)
    judgeable = verifiers.self_checking(by) or problem.reference is not None
    failure = ""
    for answer in answers:
        verdict = await verifiers.ajudge(by, problem, answer)
        if verdict.passed:
            return True
        judgeable &= verdict.passed is not None
        if verdict.failed:
            failure = f"{verdict.verifier} failed: {verdict.status}: {verdict.reason}"
    if failure:
        raise VerifierFailed(failure)
    return False if judgeable else None
