"""What passes between a search and whatever proposes its next thoughts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished line of thought.

    ``group``: normal form, equal for answers that agree.
    ``score``: in [0, 1] from a verifier, or None when not judged (never the same as 0.0).
    """

    answer: str
    group: str
    score: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Thought:
    """One reasoning step as proposed after a state.

    ``key``: canonical key of the state it leads to (equal keys share a node); None = not allowed.
    ``value``: calibrated P(a line through this state ends verified), or None when unknown.
    ``outcome``: set when this step finishes the line.
    """

    text: str
    key: str | None
    value: float | None = None
    outcome: Outcome | None = None

    @property
    def legal(self) -> bool:
        return self.key is not None


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens ``[start, end)`` were written by the weights called ``version``."""

    version: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Chain:
    """Successive thoughts from one state, sampled ``count`` times with identical text.

    A step proposal has one thought; a roll-out has all steps to the end of the line (the last
    thought has an outcome, or is illegal, or the line was cut short). ``weights``: which wrote
    what of it, in tokens from its first; None where the weights never change.
    """

    thoughts: tuple[Thought, ...]  # never empty
    count: int = 1
    weights: tuple[Span, ...] | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A request for proposals at one node.

    ``samples``: how many to draw. ``to_end``: whole lines (roll-outs) instead of single steps.
    ``temperature``: 0 is greedy. ``path``: node ids from the root to ``node``, both included.
    """

    node: int
    path: tuple[int, ...]
    samples: int
    temperature: float = 1.0
    to_end: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """The answer to a :class:`Job`. ``tokens``: model tokens spent. ``error``: set when the
    proposer failed; then ``chains`` is empty and the search goes on elsewhere."""

    chains: tuple[Chain, ...]
    tokens: int = 0
    error: str | None = None


class Proposer(Protocol):
    """Proposes next thoughts; must be cancellable at any await."""

    async def propose(self, steps: tuple[str, ...], job: Job) -> Proposal:
        """``steps``: texts of the thoughts from the root to the job's node."""
        ...
