"""A verdict: what a verifier says of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a verdict came about; only ``JUDGED`` carries a score."""

    JUDGED = "judged"
    """The verifier looked at the answer and scored it."""
    UNJUDGED = "unjudged"
    """This verifier can not judge this answer (no reference, for example)."""
    ERROR = "error"
    """The verifier failed; that says nothing about the answer."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``score`` is in [0, 1] when judged and ``None`` otherwise: not judged is not wrong."""

    score: float | None
    status: Status = Status.JUDGED
    reason: str = ""
    verifier: str = ""  # "name@version"

    def __post_init__(self) -> None:
        if (self.status is Status.JUDGED) != (self.score is not None):
            raise ValueError(f"a {self.status} verdict can not have score {self.score!r}")
        if self.score is not None and not 0.0 <= self.score <= 1.0:
            raise ValueError(f"expected a score in [0, 1], got {self.score!r}")

    @property
    def passed(self) -> bool | None:
        """True, False, or None when not judged."""
        return None if self.score is None else self.score >= 1.0


def right(verifier: str, reason: str = "") -> Verdict:
    return Verdict(1.0, Status.JUDGED, reason, verifier)


def wrong(verifier: str, reason: str) -> Verdict:
    return Verdict(0.0, Status.JUDGED, reason, verifier)


def unjudged(verifier: str, reason: str) -> Verdict:
    return Verdict(None, Status.UNJUDGED, reason, verifier)
