"""The contract of a task family."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Protocol, runtime_checkable

from .problem import Problem
from .verdict import Verdict


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a demonstration.

    ``teach``: the policy should imitate this step (False: a slip, shown only to train the value).
    ``good``: the problem can still be solved after this step (None: unknown).
    """

    text: str
    teach: bool = True
    good: bool | None = True


class Domain(Protocol):
    """Recognises, generates, demonstrates and checks one family of problems.

    ``verify`` of one that came through a door runs in a child that is killed on time. All else
    runs in our process, at every line of thought: quickly, and never for ever.

    A *step* is one line of text without its newline, as the model writes it. ``steps`` below
    are the steps taken so far, oldest first.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str:
        """Changes whenever ``verify`` may judge differently."""
        ...

    @property
    def levels(self) -> tuple[int, ...]:
        """The difficulty dial, easiest first."""
        ...

    @property
    def self_checking(self) -> bool:
        """True when ``verify`` needs no reference: the question alone decides."""
        ...

    def recognise(self, question: str) -> Problem | None:
        """Read a question typed by a person; None when it is not of this family."""
        ...

    def generate(self, rng: Random, level: int) -> Problem:
        """A fresh solvable problem with its reference."""
        ...

    def demonstrate(self, problem: Problem, rng: Random, slip: float = 0.0) -> tuple[Step, ...]:
        """An expert's steps to the answer; with probability ``slip`` a step goes astray."""
        ...

    def state_key(self, problem: Problem, steps: tuple[str, ...]) -> str | None:
        """Canonical key of the state after ``steps``: equal keys have equal futures.

        None when the last step is malformed or not allowed from the state before it.
        """
        ...

    def answer(self, problem: Problem, steps: tuple[str, ...]) -> str | None:
        """The final answer once ``steps`` are complete, else None."""
        ...

    def normalise(self, answer: str) -> str:
        """Answers that agree have equal normal forms."""
        ...

    def verify(self, problem: Problem, answer: str) -> Verdict:
        """Judge an answer from the question (and the reference, where there is one)."""
        ...

    def canonical(self, problem: Problem) -> str:
        """Equal for problems that are the same problem in other clothes; hashed to keep
        evaluation problems out of training."""
        ...


@runtime_checkable
class Proofreader(Protocol):
    """A family that reads every step, where ``verify`` reads the answer alone.

    A right answer may come of mistakes that made no difference: it counts, but the model is not
    to learn such lines (process supervision, Lightman et al. 2023, "Let's Verify Step by Step").
    """

    def sound(self, problem: Problem, steps: tuple[str, ...]) -> bool:
        """Whether each of ``steps`` is true. May use the reference: only training asks."""
        ...


@runtime_checkable
class Adviser(Protocol):
    """A family whose expert also knows what else there was to do."""

    def options(self, problem: Problem, steps: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
        """Every step that an expert looks at after ``steps``, and whether the problem can still be
        solved after it; nothing where it would have to look for long."""
        ...
