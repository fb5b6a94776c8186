"""The contract of a verifier, and the one place where a verifier meets an answer."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Protocol, runtime_checkable

from .problem import Problem
from .verdict import Status, Verdict, explain, unjudged

MAX_ANSWER = 1_000_000  # characters; longer answers reach no verifier


class VerifierError(ValueError):
    """A verifier can not be found, or can not be used as it is."""


@runtime_checkable
class Verifier(Protocol):
    """Judges answers. Every :class:`~verifiers.Domain` is one, and so is what ``@verifier`` makes.

    May also say ``self_checking = False``: then it judges nothing without a reference.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str:
        """Changes whenever ``verify`` may judge differently."""
        ...

    def verify(self, problem: Problem, answer: str) -> Verdict: ...


@runtime_checkable
class AsyncVerifier(Verifier, Protocol):
    """A verifier that takes its time: the search goes on while it judges."""

    async def averify(self, problem: Problem, answer: str) -> Verdict:
        """As ``verify``; cancelling it ends the work at once."""
        ...


@runtime_checkable
class Prepared(Protocol):
    """A verifier that has something to start before it judges."""

    def prepare(self, unsafe: bool = False) -> None:
        """Never waits. Raises :class:`VerifierError`, which says what is missing.

        ``unsafe``: where no sandbox works, do without one, and say so on every verdict.
        """
        ...


def ready(verifier: Verifier, unsafe: bool = False) -> None:
    """Start what ``verifier`` needs; raise :class:`VerifierError` when it can not judge here."""
    if isinstance(verifier, Prepared):
        verifier.prepare(unsafe)


def signed(verifier: Verifier) -> str:
    """``name@version``: how verdicts and traces call a verifier."""
    return f"{verifier.name}@{verifier.version}"


def self_checking(verifier: Verifier) -> bool:
    """Whether the question alone decides; taken for granted where a verifier does not say."""
    return bool(getattr(verifier, "self_checking", True))


def opinion(verifier: Verifier) -> bool:
    """Whether what a model thinks can make it pass an answer, with nothing that proves it."""
    return bool(getattr(verifier, "opinion", False))


def judge(verifier: Verifier, problem: Problem, answer: str) -> Verdict:
    """The verdict on one answer, signed and timed. A verifier that fails is data, never raised."""
    started = time.monotonic()
    try:
        verdict = too_long(answer) or verifier.verify(problem, answer)
    except (Exception, SystemExit) as error:
        verdict = failure(Status.ERROR, f"raised {explain(error)}")
    return _signed(verifier, verdict, started)


async def ajudge(verifier: Verifier, problem: Problem, answer: str) -> Verdict:
    """:func:`judge`, waiting for those that take their time and cancellable then."""
    if not isinstance(verifier, AsyncVerifier):
        return judge(verifier, problem, answer)
    started = time.monotonic()
    try:
        verdict = too_long(answer) or await verifier.averify(problem, answer)
    except (Exception, SystemExit) as error:
        verdict = failure(Status.ERROR, f"raised {explain(error)}")
    return _signed(verifier, verdict, started)


def too_long(answer: str) -> Verdict | None:
    """The verdict on an answer that is too long to be looked at."""
    if len(answer) <= MAX_ANSWER:
        return None
    return unjudged("", f"expected at most {MAX_ANSWER:,} characters, found {len(answer):,}")


def failure(status: Status, reason: str) -> Verdict:
    return Verdict(None, status, reason)


def _signed(verifier: Verifier, verdict: object, started: float) -> Verdict:
    if not isinstance(verdict, Verdict):
        found = type(verdict).__name__
        verdict = failure(Status.ERROR, f"expected a Verdict, found {found}; return a Verdict")
    return replace(
        verdict,
        verifier=verdict.verifier or signed(verifier),
        seconds=verdict.seconds or time.monotonic() - started,
    )
