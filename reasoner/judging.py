"""Judging while thinking: each answer once, beside the search, and never longer than it may take.

A verifier that takes its time judges many answers at once while the engine goes on. One that
fails costs one verdict; one that keeps failing costs one line of warning.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterable
from contextlib import suppress

from search import Meter, Outcome
from verifiers import Domain, Problem, Verdict, Verifier, ajudge, judge, signed
from verifiers.judge import AsyncVerifier

AT_ONCE = 16  # verdicts awaited: each holds two descriptors
FAILURES = 8  # in a row, before a word is said of it
_SHARE = 0.5  # of the time left: a verdict that takes longer must not cost the answer, too


class Judging:
    """Outcomes by answer, for one problem."""

    def __init__(self, verifier: Verifier, domain: Domain, problem: Problem, meter: Meter) -> None:
        self._verifier, self._domain, self._problem = verifier, domain, problem
        self._meter = meter
        self._patient = isinstance(verifier, AsyncVerifier)
        self._known: dict[str, Outcome] = {}  # one answer is reached along many lines
        self._asked: dict[str, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)
        self._failures = 0  # in a row
        self._warned = False

    def outcome(self, answer: str) -> Outcome:
        """What is known of an answer by now; without a verdict it is unjudged."""
        known = self._known.get(answer)
        return known or Outcome(answer, self._group(answer), None, "no verdict yet")

    async def settle(self, answers: Iterable[str]) -> None:
        """Judge those that are new, waiting for at most half of the time that is left.

        What has no verdict by then is judged on behind the search: it counts when the same
        answer comes again.
        """
        new = [answer for answer in dict.fromkeys(answers) if answer not in self._known]
        if not self._patient:
            for answer in new:
                self._note(answer, judge(self._verifier, self._problem, answer))
            return
        for answer in new:
            if answer not in self._asked:
                self._asked[answer] = asyncio.ensure_future(self._ask(answer))
        if new:
            left = self._meter.seconds_left
            waiting = [self._asked[answer] for answer in new]
            await asyncio.wait(waiting, timeout=None if left is None else max(0.0, left) * _SHARE)

    @property
    def busy(self) -> bool:
        """Whether verdicts are on their way."""
        return any(not task.done() for task in self._asked.values())

    def close(self) -> None:
        """Give up what is not judged yet; whatever runs for it is killed."""
        for task in self._asked.values():
            task.cancel()

    async def _ask(self, answer: str) -> None:
        async with self._room:
            verdict = await ajudge(self._verifier, self._problem, answer)
        self._note(answer, verdict)

    def _note(self, answer: str, verdict: Verdict) -> None:
        reason = verdict.reason
        if verdict.failed:
            reason = f"the verifier failed: {verdict.status}: {reason}"
            self._failures += 1
            if self._failures == FAILURES and not self._warned:
                self._warned = True
                self._warn(reason)
        else:
            self._failures = 0
        self._known[answer] = Outcome(answer, self._group(answer), verdict.score, reason)

    def _group(self, answer: str) -> str:
        try:
            return self._domain.normalise(answer)
        except Exception:  # a plug-in's failure to normalise must not lose the answer
            return answer

    def _warn(self, reason: str) -> None:
        with suppress(Warning):  # where warnings are errors, too
            warnings.warn(
                f"{signed(self._verifier)} failed {FAILURES} times in a row, the last time so: "
                f"{reason}; such answers stay unjudged and thinking goes on",
                stacklevel=2,
            )
