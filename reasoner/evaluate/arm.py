"""One setting to measure: System 1 alone, or a strategy with a thinking budget."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from search import StopWhen
from search.budget import parse_seconds
from search.strategies import strategy as find_strategy

from ..errors import UsageError

GREEDY = "greedy"


@dataclass(frozen=True, slots=True)
class Arm:
    """``label``: as the user wrote it. ``think_s``: seconds a question, None for System 1."""

    label: str
    strategy: str
    think_s: float | None
    stop_when: StopWhen = StopWhen.CONFIDENT


def parse_arms(budgets: str, strategy: str) -> tuple[Arm, ...]:
    """``"greedy,0.3s,1s"`` as arms, System 1 first and then by time.

    Raises UsageError when the strategy is unknown, or a budget is not a
    duration or stands twice.
    """
    labels = [label.strip() for label in budgets.split(",") if label.strip()]
    if not labels:
        raise UsageError("expected budgets such as greedy,0.3s,1s,3s; found none")
    try:
        find_strategy(strategy)
        seconds = [None if label == GREEDY else parse_seconds(label) for label in labels]
    except ValueError as error:
        raise UsageError(str(error)) from error
    arms = [
        Arm(label, GREEDY if think_s is None else strategy, think_s)
        for label, think_s in zip(labels, seconds, strict=True)
    ]
    arms.sort(key=lambda arm: arm.think_s or 0.0)
    for one, other in pairwise(arms):
        if one.think_s == other.think_s:
            raise UsageError(f"expected each budget once, found {one.label} and {other.label}")
    return tuple(arms)
