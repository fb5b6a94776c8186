"""Admission: which problems may be played, and which plays may teach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from verifiers import Domain, Problem, domain, fingerprint, held_out

from .corpus import is_reserved
from .play import Play

Licence = Callable[[Domain], str | None]
"""Why a verifier may not make training data; None: it may."""


def any_verifier(family: Domain) -> str | None:
    """The licence of all who judge at all."""
    return None


@dataclass(frozen=True, slots=True)
class Admission:
    """``known``: whether a problem of this form was played before."""

    known: Callable[[bytes], bool]
    licence: Licence = any_verifier

    def problem(self, problem: Problem) -> str | None:
        """Why this problem may not be played; None: it may."""
        family = domain(problem.domain)
        form = fingerprint(family, problem)
        if form in held_out():
            return "an evaluation problem"
        if is_reserved(family, problem):
            return "kept for calibration"
        if self.known(form):
            return "played before"
        return self.licence(family)

    def play(self, play: Play) -> str | None:
        """Why nothing may be learned from this play; None: it may. Asked again before training:
        the play may be older than the suites and the verifiers of today."""
        family = domain(play.problem.domain)
        if fingerprint(family, play.problem) in held_out():
            return "an evaluation problem"
        if play.right is None:
            return "not judged"
        return self.licence(family)
