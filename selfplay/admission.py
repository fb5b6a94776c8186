"""Admission: which problems may be played, and which plays may teach."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reasoner.cards import licence
from verifiers import Problem, domain, fingerprint, held_out
from verifiers.source import Source

from .corpus import is_reserved
from .play import Play


def licensed(families: Iterable[str]) -> None:
    """Make sure that their verifiers may make training data.

    Raises ``UsageError`` for one that fails its own test: what it pays for would be learned.
    """
    for name in families:
        asyncio.run(licence(domain(name), Source("name", name)))


@dataclass(frozen=True, slots=True)
class Admission:
    """``known``: whether a problem of this form was played before."""

    known: Callable[[bytes], bool]

    def problem(self, problem: Problem) -> str | None:
        """Why this problem may not be played; None: it may."""
        family = domain(problem.domain)
        form = fingerprint(family, problem)
        if form in held_out():
            return "an evaluation problem"
        if is_reserved(family, problem):
            return "kept for calibration"
        return "played before" if self.known(form) else None

    def play(self, play: Play) -> str | None:
        """Why nothing may be learned from this play; None: it may. Asked again before training:
        the play may be older than the suites and the verifiers of today."""
        family = domain(play.problem.domain)
        if fingerprint(family, play.problem) in held_out():
            return "an evaluation problem"
        return "not judged" if play.right is None else None
