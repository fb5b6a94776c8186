"""A scripted asker: evaluation without a model."""

from __future__ import annotations

from collections.abc import Callable

from reasoner.answer import Answer, Spent
from reasoner.evaluate import Arm
from reasoner.evaluate.run import Reply
from search.stop import StopReason
from verifiers import Problem


def reply(
    answer: str | None, confidence: float = 0.5, used_s: float = 0.1, others: tuple[str, ...] = ()
) -> Reply:
    """An answer as ``Reasoner`` would give it; ``others``: every candidate."""
    chosen = Answer(
        answer=answer,
        verified=None,
        confidence=confidence,
        stop_reason=StopReason.TIME,
        budget=Spent(asked_s=None, used_s=used_s, tokens=100, nodes=10),
        first_answer_s=None if answer is None else used_s / 2,
        strategy="auto",
        model="fake",
        domain="countdown",
        seed=0,
        run_id=None,
    )
    return Reply(chosen, others)


class Script:
    """Plays ``say(problem, arm)`` and remembers what it was asked."""

    def __init__(self, say: Callable[[Problem, Arm], Reply]) -> None:
        self.say = say
        self.asked: list[tuple[Problem, Arm]] = []

    async def __call__(self, problem: Problem, arm: Arm, seed: int) -> Reply:
        self.asked.append((problem, arm))
        return self.say(problem, arm)
