"""Questions to a :class:`Reasoner`, as an evaluation asks them."""

from __future__ import annotations

from verifiers import Problem

from ..agent import Reasoner
from .arm import Arm
from .run import Ask, Reply


def asker(reasoner: Reasoner) -> Ask:
    """Asks as the arm says, else at the defaults of ``reasoner ask``; saves no runs."""

    async def ask(problem: Problem, arm: Arm, seed: int) -> Reply:
        thinking = reasoner.stream(
            problem,
            arm.think_s,
            strategy=arm.strategy,
            stop_when=arm.stop_when,
            seed=seed,
            save=False,
        )
        answer = await thinking.result()
        groups = thinking.tree.answers.groups.values()
        return Reply(answer, tuple(group.answer for group in groups))

    return ask


def identity(reasoner: Reasoner) -> str:
    """The model's name and the fingerprint of its weights; loads it. Raises ``ModelError``."""
    model = reasoner.load()
    return f"{model.name}@{model.fingerprint}" if model.fingerprint else model.name
