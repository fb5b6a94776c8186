"""What a door leads to, as a verifier: a function, an object, a whole domain."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .function import Function, label
from .judge import AsyncVerifier, Verifier, VerifierError
from .problem import Problem
from .source import Source
from .verdict import Verdict, brief, explain

_READING: dict[str, tuple[type, ...]] = {
    "recognise": (Problem, type(None)),
    "state_key": (str, type(None)),
    "answer": (str, type(None)),
    "normalise": (str,),
}
"""What a domain does for every line of thought, and so in this process; and what that gives."""


class Guarded:
    """A stranger's object: its ``verify`` runs in a child that is killed on time, all else here.

    What a domain reads here may fail: that costs one warning and counts as "not mine", "no step"
    or "no answer". It must not hang, as nothing can kill it.
    """

    isolation = "process"

    def __init__(self, original: Verifier, source: Source) -> None:
        """``source``: where the child finds it. Raises :class:`VerifierError` for a ``verify``
        that can not be called by name."""
        self.original, self.name, self.version = original, original.name, original.version
        self._judge = Function(original.verify, self.name, version=self.version, source=source)
        self._warned = set[str]()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.original, name)
        return self._reading(name, found) if name in _READING else found

    def _reading(self, name: str, read: Callable[..., object]) -> Callable[..., object]:
        def careful(*given: Any) -> object:
            try:
                value = read(*given)
            except Exception as error:
                self._warn(name, f"raised {explain(error)}")
            else:
                if isinstance(value, Problem) and value.domain != self.name:
                    self._warn(name, f"gave a problem of the domain {brief(value.domain)}")
                elif isinstance(value, _READING[name]):
                    return value
                else:
                    self._warn(name, f"gave {type(value).__name__} {brief(value)}")
            return given[-1] if name == "normalise" else None

        return careful

    def _warn(self, name: str, fault: str) -> None:
        if name in self._warned:
            return
        self._warned.add(name)
        with suppress(Warning):  # where warnings are errors, too
            warnings.warn(
                f"the domain {self.name!r} failed: {name} {fault}; it is passed over wherever it "
                "does, and this is said once",
                stacklevel=3,
            )

    def verify(self, problem: Problem, answer: str) -> Verdict:
        return self._judge.verify(problem, answer)

    async def averify(self, problem: Problem, answer: str) -> Verdict:
        return await self._judge.averify(problem, answer)

    def prepare(self, unsafe: bool = False) -> None:
        self._judge.prepare(unsafe)

    def close(self) -> None:
        self._judge.close()


def as_verifier(found: object, source: Source | None = None, name: str = "") -> Verifier:
    """What a door led to, as a verifier: one already, a class of one, or a plain function.

    Raises :class:`VerifierError` for anything else.
    """
    if isinstance(found, type):
        try:
            found = found()
        except Exception as error:
            raise VerifierError(
                f"expected a verifier class that needs no arguments, found {label(found)}: "
                f"{explain(error)}; name an instance of it instead"
            ) from error
    if isinstance(found, Verifier):
        if source is None or isinstance(found, AsyncVerifier):  # which sees to that itself
            return found
        return Guarded(found, source)
    if callable(found):
        return Function(found, name or label(found), source=source)
    where, kind = f" at {source}" if source else "", type(found).__name__
    has = [part for part in ("name", "version", "verify") if hasattr(found, part)]
    if has:
        lacks = " and no ".join(part for part in ("name", "version", "verify") if part not in has)
        raise VerifierError(
            f"expected a verifier{where} with name, version and verify, found {kind} with no "
            f"{lacks}; give it {lacks.replace(' and no ', ' and ')}"
        )
    raise VerifierError(
        f"expected a function or a verifier{where}, found {kind}; "
        "decorate a function with @verifier"
    )
