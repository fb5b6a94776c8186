"""The sandbox: untrusted Python in, what it did out."""

from __future__ import annotations

import asyncio
import os
import weakref
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from .backend import Backend, Unusable
from .bare import Bare
from .bubblewrap import Bubblewrap
from .child import Child
from .inside.plain import decode, encode
from .landlock import Sandlock
from .limits import Limits, Ran, SandboxUnavailable
from .session import BOOT_S, NotStarted, Session

Kind = type[Bubblewrap] | type[Sandlock] | type[Bare]
ISOLATED: tuple[Kind, ...] = (Bubblewrap, Sandlock)  # the best first
TRIES = 3
UNSAFE = "[unsafe: ran without isolation]"


@dataclass(frozen=True, slots=True)
class Reply:
    """What one call came back with. ``data``: its value, still encoded. ``error``: or why not."""

    data: object = None
    error: str | None = None

    @property
    def value(self) -> Any:
        """As Python's own plain types; raises NotPlain for what no honest worker sends."""
        return decode(self.data)


@dataclass(frozen=True, slots=True)
class Called:
    """``replies``: one for each call, in order, up to the one during which the process ended."""

    replies: tuple[Reply, ...]
    ran: Ran


class Sandbox:
    """Runs each program in a fresh isolated process that has been started ahead of need.

    ``backend``: "" picks the best that works here and raises :class:`SandboxUnavailable` when none
    does; "unsafe" is no isolation at all, and only picked, as the last, when ``unsafe`` allows it.
    ``packages``: third-party libraries that the code may import (those that are not installed are
    left out), and folders of such by their absolute path. ``warm``: processes kept waiting; each
    costs some 10 MB and serves one run.
    """

    def __init__(
        self,
        backend: str = "",
        *,
        packages: Sequence[str] = ("numpy",),
        warm: int = 1,
        unsafe: bool = False,
    ) -> None:
        self._backend, first = choose(backend, tuple(packages), unsafe)
        self._idle = deque([first])
        self._warm = warm
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]
        self._turns = WeakKeyDictionary()
        self._close = weakref.finalize(self, _close_all, self._idle)

    @property
    def backend(self) -> str:
        return self._backend.name

    def turn(self) -> asyncio.Semaphore:
        """To be held for each verdict: as many at once as there are processors, since a run that
        others keep waiting can not show how quick it is."""
        room = asyncio.Semaphore(os.cpu_count() or 1)
        return self._turns.setdefault(asyncio.get_running_loop(), room)

    @property
    def isolated(self) -> bool:
        return self.backend != Bare.name

    def noted(self, reason: str) -> str:
        """``reason``, and a word where nothing isolates what runs here."""
        return reason if self.isolated else f"{reason} {UNSAFE}".strip()

    async def run(self, program: str, stdin: bytes = b"", limits: Limits | None = None) -> Ran:
        """Run a whole program on ``stdin``. Cancelling kills it at once."""
        async with self.session("program", program, limits, stdin) as session:
            return await session.ran()

    async def call(
        self, source: str, entry: str, calls: Iterable[Sequence[Any]], limits: Limits | None = None
    ) -> Called:
        """Load ``source`` and call its function ``entry`` with each list of arguments in turn.

        The limits hold for all calls together. Arguments must be plain data (:func:`encode`).
        """
        replies: list[Reply] = []
        async with self.session("serve", source, limits, entry=entry) as session:
            message = await session.receive()
            if message is not None and "error" in message:
                replies = [reply(message) for _ in calls]
                calls = ()
            for args in calls:
                call = encode({"args": list(args), "kwargs": {}})
                message = message and await session.ask({"call": call})
                if message is None:
                    break
                replies.append(reply(message))
            session.hang_up()
            return Called(tuple(replies), await session.ran())

    @asynccontextmanager
    async def session(
        self,
        mode: str,
        source: str,
        limits: Limits | None = None,
        stdin: bytes = b"",
        **more: str,
    ) -> AsyncIterator[Session]:
        """A started session in a fresh process; see ``inside.worker`` for the modes."""
        failure = ""
        for _ in range(TRIES):
            async with Session(self._take(), limits or Limits(), self.backend) as session:
                try:
                    await session.start(mode, source, stdin, home=self.home, **more)
                except NotStarted as error:
                    failure = str(error)
                    continue
                self._refill()
                yield session
                return
        raise SandboxUnavailable(
            f"expected {self.backend} to start a process as it did before, found: {failure}"
        )

    @property
    def home(self) -> str:
        return self._backend.home

    def close(self) -> None:
        """End the waiting processes; the sandbox can still be used."""
        _close_all(self._idle)

    def _take(self) -> Child:
        while self._idle:
            child = self._idle.popleft()
            if not child.dead:
                return child
            child.close()
        return Child(self._backend)

    def _refill(self) -> None:
        with suppress(OSError):  # a run under way is none the worse; the next one will say it
            while len(self._idle) < self._warm:
                self._idle.append(Child(self._backend))


def reply(message: dict[str, Any]) -> Reply:
    if "value" in message:
        return Reply(message["value"])
    return Reply(error=str(message.get("error", "no answer"))[:300])


def choose(name: str, packages: tuple[str, ...], unsafe: bool) -> tuple[Backend, Child]:
    """The backend called ``name``, or the first that works, with a process that it has started."""
    kinds: list[Kind] = [*ISOLATED, Bare] if name or unsafe else [*ISOLATED]
    kinds = [kind for kind in kinds if name in ("", kind.name)]
    if not kinds:
        known = ", ".join(kind.name for kind in (*ISOLATED, Bare))
        raise ValueError(f"expected one of {known} as the sandbox's backend, got {name!r}")
    failures = []
    for kind in kinds:
        try:
            backend: Backend = kind(packages)
            child = Child(backend)
        except (Unusable, OSError) as error:
            failures.append(f"{kind.name}: {error}")
            continue
        failure = child.wait_ready(BOOT_S)
        if not failure:
            return backend, child
        child.close()
        failures.append(f"{kind.name}: {failure}")
    raise SandboxUnavailable(
        f"expected a sandbox for untrusted code, found none that works ({'; '.join(failures)}); "
        "run: apt-get install bubblewrap (or: pip install sandlock); --unsafe-exec does without"
    )


def _close_all(idle: deque[Child]) -> None:
    while idle:
        idle.popleft().close()
