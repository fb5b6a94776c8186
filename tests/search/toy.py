"""Scripted proposers: small worlds with no model, the same answer for the same seed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from random import Random

from search import Chain, Job, Outcome, Proposal, Thought

Numbers = tuple[Fraction, ...]


@dataclass(frozen=True)
class Option:
    """One step out of a scripted state; ``to`` None = not allowed."""

    text: str
    to: str | None
    weight: float = 1.0
    value: float | None = None
    outcome: Outcome | None = None


class Script:
    """Walks a table of states; the root's state is "". Counts what it was asked."""

    def __init__(self, table: Mapping[str, list[Option]] | Callable[[str], list[Option]]) -> None:
        self._options = table if callable(table) else table.__getitem__
        self.jobs: list[Job] = []
        self.tokens_a_step = 1

    async def propose(self, steps: tuple[str, ...], job: Job) -> Proposal:
        return self.answer(steps, job)

    def answer(self, steps: tuple[str, ...], job: Job) -> Proposal:
        self.jobs.append(job)
        state = ""
        for step in steps:
            taken = next(option for option in self._options(state) if option.text == step)
            assert taken.to is not None
            state = taken.to
        rng = Random(job.seed)
        lines: Counter[tuple[Thought, ...]] = Counter()
        for _ in range(job.samples):
            lines[self._line(state, rng, job)] += 1
        tokens = sum(len(line) * count for line, count in lines.items()) * self.tokens_a_step
        return Proposal(tuple(Chain(line, count) for line, count in lines.items()), tokens)

    def _line(self, state: str, rng: Random, job: Job) -> tuple[Thought, ...]:
        line: list[Thought] = []
        while True:
            options = self._options(state)
            if job.temperature == 0.0:
                option = max(options, key=lambda option: option.weight)
            else:
                weights = [option.weight ** (1.0 / job.temperature) for option in options]
                option = rng.choices(options, weights)[0]
            line.append(Thought(option.text, option.to, option.value, option.outcome))
            if not job.to_end or option.to is None or option.outcome is not None:
                return tuple(line)
            state = option.to


def noise(*parts: object) -> float:
    """A standard normal number, the same for the same parts."""
    return Random("/".join(map(str, parts))).gauss(0.0, 1.0)


@lru_cache(maxsize=None)
def moves(numbers: Numbers) -> tuple[tuple[str, Numbers], ...]:
    """(text, numbers left) of all steps of the Game of 24."""
    found = {}
    for i, j in combinations(range(len(numbers)), 2):
        a, b = max(numbers[i], numbers[j]), min(numbers[i], numbers[j])
        rest = [n for k, n in enumerate(numbers) if k not in (i, j)]
        made = [(f"{a} + {b}", a + b), (f"{a} - {b}", a - b), (f"{a} * {b}", a * b)]
        made += [(f"{a} / {b}", a / b)] if b else []
        made += [(f"{b} / {a}", b / a)] if a and a != b else []
        for text, result in made:
            found[text] = tuple(sorted([*rest, result]))
    return tuple(found.items())


@lru_cache(maxsize=None)
def solvable(numbers: Numbers) -> bool:
    if len(numbers) == 1:
        return numbers[0] == 24
    return any(solvable(left) for _, left in moves(numbers))


def game24(
    numbers: tuple[int, ...],
    *,
    skill: float = 2.0,
    spread: float = 2.0,
    sight: float = 3.0,
    blur: float = 0.0,
    slip: float = 0.1,
    judged: bool = True,
) -> Script:
    """A Game of 24 player that is right more often than chance.

    A step's logit is ``skill`` if 24 stays in reach, plus ``spread`` times fixed noise; a value's
    logit is +-``sight`` plus ``blur`` times fixed noise. ``slip``: share of malformed steps.
    """

    @lru_cache(maxsize=None)
    def options(state: str) -> list[Option]:
        left: Numbers = tuple(Fraction(n) for n in (state.split() or map(str, sorted(numbers))))
        found = []
        for text, then in moves(left):
            good = solvable(then)
            weight = math.exp(skill * good + spread * noise(numbers, state, text))
            value = 1.0 / (1.0 + math.exp((-sight if good else sight) - blur * noise(then)))
            outcome = None
            if len(then) == 1:
                score = float(then[0] == 24) if judged else None
                outcome = Outcome(f"line to {then[0]}", str(then[0]), score)
            found.append(Option(text, " ".join(map(str, then)), weight, value, outcome))
        share = sum(option.weight for option in found) * slip / (1.0 - slip)
        return [*found, Option("?", None, share)] if share else found

    return Script(options)
