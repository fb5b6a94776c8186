"""The judge of one question: answers as outcomes, each judged once."""

from __future__ import annotations

from search import Outcome
from verifiers import Domain, Problem


class Judge:
    """Normal forms and verdicts of a domain; its failures are never a wrong answer."""

    def __init__(self, domain: Domain, problem: Problem) -> None:
        self._domain, self._problem = domain, problem
        self._known: dict[str, Outcome] = {}  # by answer: one line is reached many times

    def outcome(self, answer: str) -> Outcome:
        """What the domain makes of ``answer``."""
        if (known := self._known.get(answer)) is None:
            known = self._known[answer] = self._judge(answer)
        return known

    def _judge(self, answer: str) -> Outcome:
        try:
            group = self._domain.normalise(answer)
        except Exception:  # a plug-in's failure to normalise must not lose the answer
            group = answer
        try:
            verdict = self._domain.verify(self._problem, answer)
        except Exception as error:  # a verifier's failure is never a wrong answer
            return Outcome(answer, group, None, f"the verifier failed: {type(error).__name__}")
        return Outcome(answer, group, verdict.score, verdict.reason)
