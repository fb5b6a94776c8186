"""The proposer: new problems, made from those that were solved sometimes.

An edit changes one number of a question; what comes of it is read as if a person had typed it, and
judged by the verifier alone. Only what the policy solves sometimes is edited ("Evolving curricula
with regret-based environment design", Parker-Holder et al. 2022): a line of edits that ends in
problems always or never solved dies out, and what is left follows the edge of what the policy can.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random

from verifiers import Adviser, Problem, domain

from .targets import Taught

_NUMBER = re.compile(r"\d+")
_NEAR = 3  # a number changes by so much, at most, or by a fifth of itself
_TRIES = 20
_HOPE = 0.1  # the learnability of edits before any was played


@dataclass(frozen=True, slots=True)
class Proposer:
    """``parents``: problems; ``rewards``: what an edit of each promises, parallel."""

    parents: tuple[Problem, ...] = ()
    rewards: tuple[float, ...] = ()

    @classmethod
    def of(cls, taught: Iterable[Taught]) -> Proposer:
        """From what the last plays taught: each problem by its learnability, times that of the
        edits of its family. Problems whose answer is known from a reference alone are left out:
        nobody knows that of an edited one."""
        known = [(t, learnability(t)) for t in taught if _open_to_edits(t.problem)]
        edits: dict[str, list[float]] = {}
        for one, reward in known:
            if one.edited:
                edits.setdefault(one.problem.domain, []).append(reward)
        worth = {name: (_HOPE + sum(found)) / (1 + len(found)) for name, found in edits.items()}
        kept = [(t.problem, r * worth.get(t.problem.domain, _HOPE)) for t, r in known if r]
        return cls(tuple(problem for problem, _ in kept), tuple(reward for _, reward in kept))

    def propose(self, rng: Random, count: int) -> Iterator[Problem]:
        """``count`` edits, fewer where that can not be done. Equal ones are not looked for."""
        for parent in rng.choices(self.parents, self.rewards, k=count) if self.parents else ():
            children = (_edited(parent, rng) for _ in range(_TRIES))
            child = next((c for c in children if c is not None and not _hopeless(c)), None)
            if child is not None:
                yield child


def learnability(taught: Taught) -> float:
    """p (1 - p) of the policy's own lines from the start; 0 where all or none came out right."""
    lines = sum(rollout.count for rollout in taught.rollouts)
    right = sum(rollout.count for rollout in taught.rollouts if rollout.right)
    return right * (lines - right) / lines**2 if lines else 0.0


def _open_to_edits(problem: Problem) -> bool:
    return domain(problem.domain).self_checking and problem.reference is None


def _edited(parent: Problem, rng: Random) -> Problem | None:
    """``parent`` with one other number; None when that is no problem of its family."""
    numbers = list(_NUMBER.finditer(parent.question))
    if not numbers:
        return None
    match = rng.choice(numbers)
    old = int(match[0])
    reach = max(_NEAR, old // 5)
    new = rng.randint(max(1, old - reach), old + reach)
    question = parent.question[: match.start()] + str(new) + parent.question[match.end() :]
    child = domain(parent.domain).recognise(question)
    if child is None or child.prompt == parent.prompt:
        return None
    return replace(child, level=parent.level)


def _hopeless(problem: Problem) -> bool:
    """Whether an expert who looks at every first step sees none that helps."""
    family = domain(problem.domain)
    options = family.options(problem, ()) if isinstance(family, Adviser) else ()
    return bool(options) and not any(good for _, good in options)
