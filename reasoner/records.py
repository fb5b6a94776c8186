"""The records of a trace: one whole search as data.

A trace is a header followed by what happened, oldest first. Replaying its ``Growth`` records
through ``Tree.apply`` rebuilds the tree that was searched; nothing else is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from search import Budget
from search.proposal import Job, Proposal

SCHEMA = 1
Knots = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one stretch of thinking was allowed; None = unlimited."""

    asked_s: float | None = None
    max_tokens: int | None = None
    max_nodes: int | None = None
    max_dollars: float | None = None

    def budget(self) -> Budget:
        """Raises ValueError on a limit that makes no sense."""
        return Budget(self.asked_s, self.max_tokens, self.max_nodes, self.max_dollars)


@dataclass(frozen=True, slots=True)
class Header:
    """The first record: what was asked, of whom, and how.

    ``curve``: calibrates the confidence of unjudged answers; None: taken as it is. ``judge``:
    where its verifier was found; None: the domain's own, or one that was given in Python.
    """

    run_id: str
    created: str  # ISO 8601, UTC
    question: str
    domain: str
    prompt: str
    data: Mapping[str, int | str | tuple[int, ...] | tuple[str, ...]]  # public data only
    model: str
    fingerprint: str  # of the model's files; "" when it has none
    verifier: str  # "name@version"
    strategy: str
    stop_when: str
    seed: int
    limits: Limits
    curve: Knots | None = None
    judge: str | None = None
    kind: Literal["header"] = "header"
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True)
class Growth:
    """One proposal as it was applied. ``size``: nodes in the tree just before."""

    t_s: float  # seconds of thinking since the question was accepted
    size: int
    job: Job
    proposal: Proposal
    kind: Literal["growth"] = "growth"


@dataclass(frozen=True, slots=True)
class BestAnswer:
    """The best answer, or its confidence, changed."""

    t_s: float
    answer: str
    group: str
    confidence: float
    verified: bool | None
    kind: Literal["best"] = "best"


@dataclass(frozen=True, slots=True)
class Stop:
    """A stretch of thinking ended; a trace without one was killed."""

    t_s: float
    reason: str
    tokens: int
    nodes: int
    dollars: float | None = None
    kind: Literal["stop"] = "stop"


@dataclass(frozen=True, slots=True)
class Resume:
    """Thinking went on. ``size``: nodes in the tree after replaying everything before."""

    t_s: float
    size: int
    strategy: str
    stop_when: str
    seed: int
    limits: Limits = field(default_factory=Limits)
    curve: Knots | None = None
    kind: Literal["resume"] = "resume"


@dataclass(frozen=True, slots=True)
class Mark:
    """A person judged the answer; the last mark counts."""

    t_s: float
    good: bool
    kind: Literal["mark"] = "mark"


Event = Growth | BestAnswer | Stop | Resume | Mark
Record = Header | Event
