"""What a question gets back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from search import StopReason


@dataclass(frozen=True, slots=True)
class Spent:
    """The budget: what was asked for and what was used."""

    asked_s: float | None
    used_s: float
    tokens: int
    nodes: int
    dollars: float = 0.0


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another answer that was found, and how sure of it the search was."""

    answer: str
    confidence: float
    verified: bool | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The best answer that the budget bought, and an honest word on how sure it is.

    ``answer``: None when the budget ended before any line of thought did.
    ``verified``: True and False are a verifier's word; None = nothing here can judge it.
    ``confidence``: in [0, 1]; 0.0 without an answer. ``steps``: the line that led to it.
    ``reason``: the verifier's, or why there is no answer. ``note``: what else the reader should
    know. ``load_s``: loading the model, before the clock started. ``verifier``: who judged, as
    ``name@version``.
    """

    answer: str | None
    verified: bool | None
    confidence: float
    stop_reason: StopReason
    budget: Spent
    first_answer_s: float | None
    strategy: str
    model: str
    domain: str
    seed: int
    run_id: str | None
    alternatives: tuple[Alternative, ...] = ()
    steps: tuple[str, ...] = ()
    reason: str = ""
    note: str = ""
    load_s: float = 0.0
    verifier: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)
