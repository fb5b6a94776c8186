"""Which domains there are, and which of them a question belongs to."""

from __future__ import annotations

from difflib import get_close_matches

from .arithmetic import Arithmetic
from .countdown import Countdown
from .domain import Domain
from .equations import Equations
from .general import General
from .problem import Problem
from .word_problems import WordProblems

# The order in which they read a question: the most exacting recogniser first, General last.
DOMAINS: tuple[Domain, ...] = (Countdown(), Arithmetic(), Equations(), WordProblems(), General())


class UnknownDomain(LookupError):
    """No domain of that name."""


def domains() -> tuple[Domain, ...]:
    return DOMAINS


def domain(name: str) -> Domain:
    """The domain called ``name``; raises :class:`UnknownDomain` with near matches."""
    for candidate in DOMAINS:
        if candidate.name == name:
            return candidate
    names = [candidate.name for candidate in DOMAINS]
    near = get_close_matches(name, names, n=2)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(names)}"
    raise UnknownDomain(f"no domain is called {name!r}; {hint}")


def recognise(question: str) -> Problem:
    """The problem a question poses, without any reference. Never fails: ``general`` takes all."""
    for candidate in DOMAINS:
        problem = candidate.recognise(question)
        if problem is not None:
            return problem.public()
    raise AssertionError("the general domain recognises every question")
