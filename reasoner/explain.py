"""The plan of a search in words, from what is known and what was measured: ``--explain``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from search import StopWhen
from verifiers import self_checking, signed

from .catalog import Model
from .engine import Measured, Paced, Priced

if TYPE_CHECKING:
    from .thinking import Plan

_STRATEGIES = {
    "auto": "System 1's greedy line and eight sampled ones, then tree search",
    "greedy": "System 1 alone: its likeliest line, or another when it sees that one end wrong",
    "sample": "whole lines, each by itself",
    "best-of-n": "whole lines, each by itself; the best of them",
    "beam": "the best few states of each depth",
    "mcts": "tree search: Gumbel at the root, completed values inside",
    "puct": "tree search as AlphaZero's",
}
_STOPS = {
    StopWhen.VERIFIED: "early once an answer is verified",
    StopWhen.CONFIDENT: "early once an answer is verified or agreed upon",
    StopWhen.BUDGET: "when the budget is used up",
}


@runtime_checkable
class Explained(Protocol):
    """What a policy may offer besides."""

    def explain(self) -> Iterator[str]:
        """What it does with the time it has, one fact a line."""
        ...


def plan_of(plan: Plan, model: Model) -> Iterator[str]:
    """What is settled before the first thought, one fact a line."""
    engine, budget = model.engine, plan.budget
    judge = signed(plan.verifier)
    checked = "judged by" if self_checking(plan.verifier) else "agreement decides, beside"
    yield f"question: {plan.problem.domain}; {checked} {judge}"
    facts = [f"{engine.capacity} samples at once"]
    if isinstance(engine, Measured):
        facts.append(f"context of {engine.context:,} tokens")
    if isinstance(engine, Priced) and engine.dollars_per_token:
        facts.append(f"at most ${engine.dollars_per_token * 1e6:g} for a million tokens")
    known = engine.pace.words if isinstance(engine, Paced) else ""
    facts.append(known or "its speed is measured as it goes")
    yield f"model: {model.name}; {', '.join(facts)}"
    limits = [
        f"{limit:,g} {unit}"
        for unit in ("seconds", "tokens", "nodes", "dollars")
        if (limit := getattr(budget, unit)) is not None
    ]
    yield f"budget: {', '.join(limits) or 'none'}; ends {_STOPS[plan.stop_when]}"
    more = "" if self_checking(plan.verifier) else "; every other job draws new lines, to agree"
    yield f"strategy: {plan.strategy}: {_STRATEGIES[plan.strategy]}" + (
        more if plan.strategy == "auto" else ""
    )
