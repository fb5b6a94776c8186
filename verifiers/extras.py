"""Verifiers that need a library of their own, and the line that installs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from .constraints import smt
from .gym import gym
from .judge import Verifier, VerifierError
from .math_answers import math_answers
from .schema import schema

DISTRIBUTION = "system2-reasoner"


@dataclass(frozen=True, slots=True)
class Extra:
    """``extra``: as pip calls it. ``library``: the top-level module that it brings.

    ``make``: the verifier, whose own module imports the library only in its child.
    """

    extra: str
    library: str
    make: Callable[[], Verifier]

    @property
    def installed(self) -> bool:
        return find_spec(self.library) is not None

    @property
    def command(self) -> str:
        return f"pip install '{DISTRIBUTION}[{self.extra}]'"

    def open(self, name: str) -> Verifier:
        """Raises :class:`VerifierError` with the line to type when the library is missing."""
        if not self.installed:
            raise VerifierError(
                f"the verifier {name!r} needs {self.library}, which is not installed; "
                f"run: {self.command}"
            )
        return self.make()


EXTRAS: dict[str, Extra] = {
    "math": Extra("math", "math_verify", math_answers),
    "schema": Extra("schema", "jsonschema", schema),
    "smt": Extra("smt", "z3", smt),
    "gym": Extra("gym", "reasoning_gym", gym),
}
"""By verifier name."""
