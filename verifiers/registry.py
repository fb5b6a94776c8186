"""Which domains and verifiers there are, and which domain a question belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from .arithmetic import Arithmetic
from .code import Code
from .countdown import Countdown
from .domain import Domain
from .door import as_verifier
from .equations import Equations
from .extras import EXTRAS
from .general import General
from .judge import Verifier, VerifierError
from .plugins import Plugin, is_domain, plugins
from .problem import Problem
from .source import parse
from .text import choice, exact, regex
from .word_problems import WordProblems

# The order in which they read a question: the most exacting recogniser first, General last.
DOMAINS: tuple[Domain, ...] = (Countdown(), Arithmetic(), Equations(), WordProblems(), General())

BY_REFERENCE: dict[str, Callable[[], Verifier]] = {
    "exact": exact,
    "regex": regex,
    "choice": choice,
    "code": Code,
}
"""Verifiers that are no domains, by name; they judge by the reference."""

BUILT_IN = (*(family.name for family in DOMAINS), *BY_REFERENCE)


class UnknownDomain(LookupError):
    """No domain of that name."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A verifier as a list shows it. ``package``: None = built in. ``missing``: what to type."""

    name: str
    package: str | None = None
    missing: str = ""


def domains() -> tuple[Domain, ...]:
    """Built-in ones, those of plug-ins, and the one of last resort."""
    return tuple(_readers())


def _readers() -> Iterator[Domain]:
    """Plug-ins are loaded only when they are reached."""
    yield from DOMAINS[:-1]
    for plugin in _plugins().values():
        if is_domain(plugin.verifier):
            yield plugin.verifier
    yield DOMAINS[-1]


def domain(name: str) -> Domain:
    """The domain called ``name``; raises :class:`UnknownDomain` with near matches."""
    for candidate in DOMAINS:  # the usual case loads no plug-in
        if candidate.name == name:
            return candidate
    everything = domains()
    for candidate in everything:
        if candidate.name == name:
            return candidate
    names = [candidate.name for candidate in everything]
    raise UnknownDomain(f"no domain is called {name!r}; {_hint(name, names)}")


def recognise(question: str) -> Problem:
    """The problem a question poses, without any reference. Never fails: ``general`` takes all."""
    for candidate in _readers():
        if (problem := candidate.recognise(question)) is not None:
            return problem.public()
    raise AssertionError("the general domain recognises every question")


def listed() -> list[Listed]:
    """Every verifier that has a name: built-in ones, extras, plug-ins."""
    rows = [Listed(name) for name in BUILT_IN]
    rows += [
        Listed(name, missing="" if extra.installed else extra.command)
        for name, extra in EXTRAS.items()
    ]
    return rows + [Listed(plugin.name, plugin.package) for plugin in _plugins().values()]


def find_verifier(spec: str) -> Verifier:
    """``NAME``, ``./file.py:function`` or ``package.module:function`` as a verifier.

    Raises :class:`VerifierError`: near matches for a name, what is wrong with a file or module.
    """
    source = parse(spec)
    if source.kind == "name":
        return _named(source.target)
    return as_verifier(source.load(), source, name=source.attribute.rpartition(".")[2])


def _named(name: str) -> Verifier:
    for family in DOMAINS:
        if family.name == name:
            return family
    if name in BY_REFERENCE:
        return BY_REFERENCE[name]()
    if name in EXTRAS:
        return EXTRAS[name].open(name)
    found = _plugins()
    if name in found:
        return found[name].verifier
    names = [*BUILT_IN, *EXTRAS, *found]
    raise VerifierError(
        f"no verifier is called {name!r}; {_hint(name, names)} "
        "(or name a function: ./file.py:function)"
    )


def _plugins() -> dict[str, Plugin]:
    return plugins((*BUILT_IN, *EXTRAS))


def _hint(name: str, names: list[str]) -> str:
    near = get_close_matches(name, names, n=2)
    return f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(names)}"
