"""A verdict: what a verifier says of an answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Status(StrEnum):
    """How a verdict came about; only ``JUDGED`` carries a score."""

    JUDGED = "judged"
    """The verifier looked at the answer and scored it."""
    UNJUDGED = "unjudged"
    """This verifier can not judge this answer (no reference, for example)."""
    ERROR = "error"
    """The verifier raised, or returned what is no verdict; that says nothing about the answer."""
    TIMEOUT = "timeout"
    """The verifier was killed at its deadline; that says nothing about the answer either."""
    CRASH = "crash"
    """The verifier's process ended without a verdict; nor does that."""


FAILURES = frozenset({Status.ERROR, Status.TIMEOUT, Status.CRASH})


@dataclass(frozen=True, slots=True)
class Verdict:
    """``score`` is in [0, 1] when judged and ``None`` otherwise: not judged is not wrong.

    ``seconds``: how long judging took, waiting in line not counted.
    """

    score: float | None
    status: Status = Status.JUDGED
    reason: str = ""
    verifier: str = ""  # "name@version"
    seconds: float = field(default=0.0, compare=False)

    def __post_init__(self) -> None:
        if (self.status is Status.JUDGED) != (self.score is not None):
            raise ValueError(f"a {self.status} verdict can not have score {self.score!r}")
        if self.score is not None and not 0.0 <= self.score <= 1.0:
            raise ValueError(f"expected a score in [0, 1], got {self.score!r}")

    @property
    def passed(self) -> bool | None:
        """True, False, or None when not judged."""
        return None if self.score is None else self.score >= 1.0

    @property
    def failed(self) -> bool:
        """Whether the verifier itself failed: it erred, hung or crashed."""
        return self.status in FAILURES


def right(verifier: str, reason: str = "") -> Verdict:
    return Verdict(1.0, Status.JUDGED, reason, verifier)


def wrong(verifier: str, reason: str) -> Verdict:
    return Verdict(0.0, Status.JUDGED, reason, verifier)


def unjudged(verifier: str, reason: str) -> Verdict:
    return Verdict(None, Status.UNJUDGED, reason, verifier)


class NoVerdict(ValueError):
    """A verifier returned what is no verdict."""


def as_verdict(value: object) -> Verdict:
    """What a plain function returned, as a verdict. Raises :class:`NoVerdict` for what is none.

    A bool, a float in [0, 1], None (not judged) or a verdict. A whole number is refused: it is a
    count more often than a score, and ``-1`` and ``2`` have both been seen to mean "right".
    """
    if isinstance(value, Verdict):
        return value
    if value is None:
        return unjudged("", "the verifier did not judge this answer")
    if isinstance(value, bool):
        return Verdict(float(value))
    if isinstance(value, float) and 0.0 <= value <= 1.0:
        return Verdict(float(value))
    found = f"{type(value).__name__} {brief(value)}"
    raise NoVerdict(
        f"expected a bool, a float in [0, 1], None or a Verdict, found {found}; return one of these"
    )


def brief(item: object, most: int = 60) -> str:
    """``repr`` of a stranger's object on one short line, whatever its ``__repr__`` does."""
    try:
        text = " ".join(repr(item).split())
    except Exception as error:
        return f"(its repr raises {type(error).__name__})"
    return text if len(text) <= most else text[:most] + "..."


def explain(error: BaseException, most: int = 300) -> str:
    """``Type: message`` on one line of bounded length, whatever its ``__str__`` does."""
    try:
        text = " ".join(str(error).split())
    except Exception:
        text = ""
    name = type(error).__name__
    return f"{name}: {text[:most]}" if text else name
