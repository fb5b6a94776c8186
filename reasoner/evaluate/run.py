"""Ask every question under every arm, judge afterwards, keep every row."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import verifiers
from verifiers import Problem

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
    """What to measure. ``model``: as in :class:`Setting`."""

    items: tuple[Item, ...]
    arms: tuple[Arm, ...]
    model: str
    seed: int = 0
    one_at_a_time: bool = False

    def setting(self, arm: Arm) -> Setting:
        return Setting(
            model=self.model,
            strategy=arm.strategy,
            arm=arm.label,
            stop_when=arm.stop_when,
            seed=self.seed,
            one_at_a_time=self.one_at_a_time,
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
            row = await measured(item, arm, plan.setting(arm), ask)
        results.add(row)
        on_row(row)

    await asyncio.gather(*(measure(item, arm) for item, arm in plan.todo(results)))


async def measured(item: Item, arm: Arm, setting: Setting, ask: Ask) -> Row:
    try:
        answer, candidates = await ask(item.problem.public(), arm, setting.seed)
        right = judge(item.problem, [] if answer.answer is None else [answer.answer])
        covered = right or judge(item.problem, candidates)
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


def judge(problem: Problem, answers: Iterable[str]) -> bool | None:
    """Is one of ``answers`` right? None when the question can not be judged at all.

    No answer is wrong wherever an answer could have been judged.
    """
    domain = verifiers.domain(problem.domain)
    judgeable = domain.self_checking or problem.reference is not None
    verdicts = [domain.verify(problem, answer).passed for answer in answers]
    if any(verdicts):
        return True
    if None in verdicts or not judgeable:
        return None
    return False
