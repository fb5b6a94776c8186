"""``@verifier``: a plain function that judges answers, in a process that can be killed."""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Protocol, overload

from .arguments import Missing, arguments, wants
from .boxed import Boxed
from .judge import VerifierError, failure, signed, too_long
from .problem import Problem
from .process import Process
from .source import Source, source_of
from .trusted import Trusted
from .verdict import Status, Verdict, explain, unjudged

Judge = Callable[..., Any]
Example = tuple["str | Problem | Mapping[str, Any]", str, "bool | float"]
"""A question (or a problem, or its fields), an answer to it, and the score that it deserves."""

ISOLATIONS = ("trusted", "process", "sandbox")
MIB = 2**20
_LEAST = 64 * MIB  # Python alone needs this much address space
_NAME = re.compile(r"[A-Za-z0-9_][\w.-]*", re.ASCII)


class Runner(Protocol):
    """Where a function runs: gives a verdict's status, score, reason and seconds."""

    def start(self, unsafe: bool) -> None:
        """Get ready for the first call; never waits. ``unsafe``: a sandbox may be done without."""
        ...

    def call(self, values: dict[str, Any]) -> dict[str, Any]: ...

    async def acall(self, values: dict[str, Any]) -> dict[str, Any]: ...

    def close(self) -> None: ...


class Function:
    """A verifier made of a function; calling it calls the function.

    ``wants``: what the function asks for. ``given``: values fixed in advance, which go before
    the problem's and have a part in the version; None stands for what is not fixed after all.
    ``examples``, ``attacks``: what ``reasoner verifiers test`` holds against it. ``opinion``: it
    says what a model thinks, which proves nothing.
    """

    def __init__(
        self,
        function: Judge,
        name: str,
        *,
        timeout: float = 5.0,
        memory: int = 1024 * MIB,
        isolation: str = "process",
        version: str = "1",
        attacks: Sequence[str] = (),
        examples: Sequence[Example] = (),
        opinion: bool = False,
        source: Source | None = None,
        given: Mapping[str, Any] | None = None,
    ) -> None:
        """Raises :class:`VerifierError` for terms that make no sense, and for a function that can
        not be called with arguments by name."""
        _check(name, timeout, memory, isolation, version)
        self.wants = wants(function, name)
        self.given = {key: value for key, value in (given or {}).items() if value is not None}
        if self.given:  # verdicts by other values are another verifier's, and so are examples
            fixed = repr(sorted(self.given.items())).encode()
            version, examples = f"{version}-{blake2b(fixed, digest_size=4).hexdigest()}", ()
        self.function, self.name, self.version = function, name, version
        self.timeout, self.memory, self.isolation = float(timeout), memory, isolation
        self.attacks, self.examples, self.opinion = tuple(attacks), tuple(examples), opinion
        self.self_checking = "reference" in self.given or not any(
            want.name == "reference" and want.needed for want in self.wants
        )
        self._source = source
        self._runner: Runner | None = None
        if isolation == "trusted":
            self._runner = Trusted(function, self.timeout)
        self._lock = threading.Lock()
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<verifier {signed(self)}, {self.isolation}>"

    @property
    def source(self) -> Source:
        """Where another process finds the function. Raises :class:`VerifierError`."""
        if self._source is None:
            self._source = source_of(self.function)
        return self._source

    def verify(self, problem: Problem, answer: str) -> Verdict:
        """Never raises, whatever the function does; not judged where something is missing."""
        values = self._values(problem, answer)
        if isinstance(values, Verdict):
            return values
        try:
            return self._verdict(self.runner().call(values))
        except (ValueError, TypeError, OSError) as error:  # it can not even be asked
            return failure(Status.ERROR, explain(error))

    async def averify(self, problem: Problem, answer: str) -> Verdict:
        """:meth:`verify`; cancelling it kills what runs for it."""
        values = self._values(problem, answer)
        if isinstance(values, Verdict):
            return values
        try:
            return self._verdict(await self.runner().acall(values))
        except (ValueError, TypeError, OSError) as error:  # it can not even be asked
            return failure(Status.ERROR, explain(error))

    def prepare(self, unsafe: bool = False) -> None:
        """Start what the function runs in, without waiting for it.

        Raises :class:`VerifierError` when there is nowhere for it to run.
        """
        try:
            self.runner().start(unsafe)
        except OSError as error:
            raise VerifierError(
                f"expected to start a process for {signed(self)}: {explain(error)}"
            ) from error

    def runner(self) -> Runner:
        """Where the function runs; made on first use. Raises :class:`VerifierError`."""
        with self._lock:
            if self._runner is None:
                self._runner = RUNNERS[self.isolation](self.source, self.timeout, self.memory)
            return self._runner

    def close(self) -> None:
        """End the processes of this verifier; judging again would start new ones."""
        with self._lock:
            if self._runner is not None:
                self._runner.close()

    def _values(self, problem: Problem, answer: str) -> dict[str, Any] | Verdict:
        if (verdict := too_long(answer)) is not None:
            return verdict
        try:
            return arguments(self.wants, problem, answer, self.given)
        except Missing as missing:
            return unjudged(signed(self), str(missing))

    def _verdict(self, reply: dict[str, Any]) -> Verdict:
        return Verdict(
            reply["score"], Status(reply["status"]), reply["reason"], signed(self), reply["seconds"]
        )


RUNNERS: dict[str, Callable[[Source, float, int], Runner]] = {
    "process": Process,
    "sandbox": Boxed,
}
"""Makes what a function runs in, by isolation; "trusted" needs none."""


@overload
def verifier(name: Judge, /) -> Function: ...


@overload
def verifier(
    name: str | None = None,
    /,
    *,
    timeout: float = 5.0,
    memory: int = 1024 * MIB,
    isolation: str = "process",
    version: str = "1",
    attacks: Sequence[str] = (),
    examples: Sequence[Example] = (),
    opinion: bool = False,
) -> Callable[[Judge], Function]: ...


def verifier(name: str | Judge | None = None, /, **terms: Any) -> Any:
    """Make a plain function, sync or async, a verifier: ``@verifier`` or ``@verifier("mate")``.

    The function names what it needs: ``answer``, and any of ``problem``, ``question``,
    ``prompt``, ``domain``, ``level``, the keys of the problem's data, and ``reference``, which is
    at hand in evaluation and training only (asking for it gives no verdict elsewhere). It returns
    a bool, a float in [0, 1], None (not judged) or a ``Verdict``; anything else, and whatever it
    raises, costs one verdict of status ``error``.

    ``timeout``: seconds a verdict. ``memory``: bytes. ``isolation``: ``process`` (a child that is
    killed at the deadline; import what the function needs at the top of its file, once),
    ``trusted`` (this very process) or ``sandbox`` (a process of its own a verdict, which reaches
    no network and no file but those of installed libraries and of what its own file imports).
    ``version``: change it whenever the function may judge differently. ``attacks``: answers that
    must never pass. ``examples``: (question, answer, score) triples, right ones and near misses;
    a question may be a dict of its fields. ``reasoner verifiers test`` checks both.
    ``opinion``: it asks a model, so that it alone makes no training data.
    Raises :class:`VerifierError` for a function that can not be called with these names.
    """
    if callable(name):
        return Function(name, label(name))
    return lambda function: Function(function, label(function) if name is None else name, **terms)


def label(function: object) -> str:
    name = getattr(function, "__name__", "")
    return name if _NAME.fullmatch(name) else "verifier"


def _check(
    name: object, timeout: object, memory: object, isolation: object, version: object
) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise VerifierError(
            f"expected a name of letters, digits, '-', '_' and '.', found {name!r}; "
            'write @verifier("mate-in-two")'
        )
    if isinstance(timeout, bool) or not (isinstance(timeout, int | float) and 0 < timeout < 86_400):
        raise VerifierError(
            f"expected a timeout in seconds, more than 0 and less than a day, found {timeout!r}"
        )
    if isinstance(memory, bool) or not isinstance(memory, int) or memory < _LEAST:
        raise VerifierError(
            f"expected a memory in bytes of at least {_LEAST:,}, found {memory!r}; "
            "one gibibyte is 2**30"
        )
    if isolation not in ISOLATIONS:
        raise VerifierError(
            f"expected an isolation of {', '.join(ISOLATIONS)}, found {isolation!r}"
        )
    if not isinstance(version, str) or not _NAME.fullmatch(version):
        raise VerifierError(f'expected a version such as "1", found {version!r}; write it as text')
