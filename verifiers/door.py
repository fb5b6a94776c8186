"""What a door leads to, as a verifier: a function, an object, a whole domain."""

from __future__ import annotations

from typing import Any

from .function import Function, label
from .judge import AsyncVerifier, Verifier, VerifierError
from .problem import Problem
from .source import Source
from .verdict import Verdict, explain


class Guarded:
    """A stranger's object: its ``verify`` runs in a child that is killed on time, all else here."""

    isolation = "process"

    def __init__(self, original: Verifier, source: Source) -> None:
        """``source``: where the child finds it. Raises :class:`VerifierError` for a ``verify``
        that can not be called by name."""
        self.original, self.name, self.version = original, original.name, original.version
        self._judge = Function(original.verify, self.name, version=self.version, source=source)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)

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
    raise VerifierError(
        f"expected a function or a verifier{f' at {source}' if source else ''}, found "
        f"{type(found).__name__}; decorate a function with @verifier"
    )
