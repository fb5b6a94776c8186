"""Verifiers made of verifiers: all of, first of, weighted, by vote."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from hashlib import blake2b

from .judge import (
    Verifier,
    VerifierError,
    ajudge,
    judge,
    opinion,
    ready,
    self_checking,
    signed,
)
from .problem import Problem
from .verdict import Status, Verdict, unjudged

Rule = Callable[[], Generator[Verifier, Verdict, Verdict]]
"""Says whom to ask next, is told the verdict, and returns its own in the end."""


class Combined:
    """Asks its members one after another, as its rule says, and no more of them than it needs."""

    def __init__(
        self,
        kind: str,
        members: tuple[Verifier, ...],
        rule: Rule,
        carry: Callable[[int], bool],
        terms: str = "",
    ) -> None:
        """``carry``: whether so many members alone can pass an answer, the others being against."""
        everyone: tuple[object, ...] = members
        for member in everyone:
            if not isinstance(member, Verifier):
                found = type(member).__name__
                raise VerifierError(
                    f"expected verifiers in {kind}, found {found}; decorate a function with "
                    "@verifier, or find a verifier by name with find_verifier"
                )
        if not members:
            raise VerifierError(f"expected at least one verifier in {kind}, found none")
        text = " ".join([terms, *map(signed, members)])
        self.name = f"{kind}({','.join(member.name for member in members)})"
        self.version = blake2b(text.encode(), digest_size=6).hexdigest()  # changes with a member's
        self.self_checking = all(map(self_checking, members))
        self.opinion = carry(sum(map(opinion, members)))
        self.members, self._rule = members, rule

    def verify(self, problem: Problem, answer: str) -> Verdict:
        asking = self._rule()
        try:
            member = next(asking)
            while True:
                member = asking.send(judge(member, problem, answer))
        except StopIteration as done:
            return self._signed(done.value)

    async def averify(self, problem: Problem, answer: str) -> Verdict:
        asking = self._rule()
        try:
            member = next(asking)
            while True:
                member = asking.send(await ajudge(member, problem, answer))
        except StopIteration as done:
            return self._signed(done.value)

    def prepare(self, unsafe: bool = False) -> None:
        """Start every member. Raises :class:`VerifierError` when one can not run here."""
        for member in self.members:
            ready(member, unsafe)

    def _signed(self, verdict: Verdict) -> Verdict:
        reason = f"{verdict.verifier}: {verdict.reason}" if verdict.verifier else verdict.reason
        return Verdict(verdict.score, verdict.status, reason, signed(self))


def all_of(*members: Verifier) -> Combined:
    """Right when all say so, at once wrong when one does; else the lowest score.

    Not judged when one could not judge: only a rejection needs no second opinion.
    """

    def rule() -> Generator[Verifier, Verdict, Verdict]:
        lowest: Verdict | None = None
        silent: Verdict | None = None
        for member in members:
            verdict = yield member
            if verdict.score is None:
                silent = silent or verdict
            elif lowest is None or verdict.score < (lowest.score or 0.0):
                lowest = verdict
            if verdict.score == 0.0:
                return verdict
        assert lowest is not None or silent is not None
        return silent or lowest  # type: ignore[return-value]

    return Combined("all_of", members, rule, lambda count: count == len(members))


def first_of(*members: Verifier) -> Combined:
    """The word of the first that can judge; what the last one said when none can."""

    def rule() -> Generator[Verifier, Verdict, Verdict]:
        verdict = unjudged("", "nobody was asked")
        for member in members:
            verdict = yield member
            if verdict.score is not None:
                break
        return verdict

    return Combined("first_of", members, rule, lambda count: count > 0)


def weighted(*members: tuple[Verifier, float]) -> Combined:
    """The mean score, by weight; not judged when one of them could not judge."""
    weights = [weight for _, weight in members]
    if not all(math.isfinite(weight) and weight > 0 for weight in weights):
        raise VerifierError(f"expected weights above 0, found {weights}")

    def rule() -> Generator[Verifier, Verdict, Verdict]:
        total, whole, parts = 0.0, True, list[str]()
        for member, weight in members:
            verdict = yield member
            if verdict.score is None:
                return verdict
            total += weight * verdict.score
            whole &= verdict.score == 1.0
            parts.append(f"{member.name} {verdict.score:g}")
        # Rounding must not make an answer right that one member finds wanting, nor the reverse.
        score = 1.0 if whole else min(total / sum(weights), math.nextafter(1.0, 0.0))
        return Verdict(score, Status.JUDGED, ", ".join(parts))

    return Combined(
        "weighted",
        tuple(member for member, _ in members),
        rule,
        lambda count: count == len(members),
        str(weights),
    )


def vote(*members: Verifier) -> Combined:
    """Right when more than half of all members pass an answer, wrong when more than half do not.

    Not judged otherwise: those that could not judge count for neither side.
    """

    def rule() -> Generator[Verifier, Verdict, Verdict]:
        passed = rejected = 0
        for member in members:
            verdict = yield member
            passed += verdict.passed is True
            rejected += verdict.passed is False
            if 2 * max(passed, rejected) > len(members):
                break
        count = f"{passed} for, {rejected} against of {len(members)}"
        if 2 * max(passed, rejected) <= len(members):
            return unjudged("", count)
        return Verdict(float(passed > rejected), Status.JUDGED, count)

    return Combined("vote", members, rule, lambda count: 2 * count > len(members))
