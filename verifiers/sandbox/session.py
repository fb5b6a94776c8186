"""A child at work: its output collected, its limits watched, its messages exchanged."""

from __future__ import annotations

import asyncio
import json
import math
import os
import secrets
import socket
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, NoReturn, Self

from .child import GRACE_S, READY, Child, attach
from .footprint import footprint
from .inside.plain import NotPlain
from .limits import End, Limits, Ran

BOOT_S = 20.0  # how long a child may take to wait for its request
LOOK_S = 0.05  # between two looks at the memory of a run
CHUNK = 1 << 16
A_YEAR_S = 31_536_000.0  # more than that no limit of the kernel need hold
DEEPEST = 200  # levels of a message


class NotStarted(RuntimeError):
    """The child died before its request; another one may not."""


class Session:
    """``async with``: leaving it, by whatever way, kills the child and waits until it is gone."""

    def __init__(self, child: Child, limits: Limits, backend: str) -> None:
        self._child, self._limits, self._backend = child, limits, backend
        self._loop = asyncio.get_running_loop()
        self._gone = asyncio.Event()
        self._end: End | None = None
        self._code: int | None = None
        self._written = {child.out: bytearray(), child.err: bytearray()}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._nonce = secrets.token_hex(16)
        self._left = b""
        self._ignored = 0  # bytes
        self._started = self._ended = 0.0
        self._waited = 0.0  # for a processor: before the start, then during the run

    async def __aenter__(self) -> Self:
        self._loop.add_reader(self._child.pidfd, self._exited)
        for fd in self._written:
            self._loop.add_reader(fd, self._read, fd)
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        try:
            if self._code is None:
                self._child.kill()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._gone.wait(), GRACE_S)
        finally:
            self._close()

    async def start(self, mode: str, source: str, stdin: bytes = b"", **more: str) -> None:
        """Hand over the request; the clock of the limits starts here. Raises NotStarted."""
        self._timers["boot"] = self._loop.call_later(BOOT_S, self._child.kill)
        if await self._line() != READY.strip():
            await self._not_started()
        self._timers.pop("boot").cancel()
        limits = self._limits
        request = {
            "mode": mode,
            "source": source,
            "nonce": self._nonce,
            "limits": kernel_limits(limits, self._child.namespaced),
            **more,
        }
        message, fd = self._child.request(request, stdin)
        self._started, self._waited = time.monotonic(), self._child.waited
        self._timers["deadline"] = self._loop.call_later(limits.seconds, self._late)
        self._timers["look"] = self._loop.call_later(LOOK_S, self._look)
        try:
            self._child.control.sendmsg([message[:8]], attach(fd))
            await self._loop.sock_sendall(self._child.control, message[8:])
        except OSError:
            await self._not_started()
        finally:
            os.close(fd)

    async def ask(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """Send ``message``, await the reply to it; None when the child ended instead."""
        text = json.dumps(message, allow_nan=False).encode() + b"\n"
        try:
            await self._loop.sock_sendall(self._child.control, text)
        except OSError:
            return None
        return await self.receive()

    async def receive(self) -> dict[str, Any] | None:
        """The next message with our nonce; None when the child ended. Plain JSON, but a
        stranger's: whatever is not as expected is to be taken for a lie."""
        start = self._nonce.encode() + b" "
        while (line := await self._line()) is not None:
            if line.startswith(start):
                message = parse(line[len(start) :])
                if message is None:
                    self.stop(End.OUTPUT)
                return message
            self._ignored += len(line) + 1
            if self._ignored > self._limits.output:
                self.stop(End.OUTPUT)
        return None

    def hang_up(self) -> None:
        """No more messages from us: a serving child then ends by itself."""
        with suppress(OSError):
            self._child.control.shutdown(socket.SHUT_WR)

    async def ran(self) -> Ran:
        """Wait until the child has ended, by itself or by :meth:`stop`."""
        await self._gone.wait()
        self._close()
        assert self._code is not None
        end, code = self._end, self._code
        if end is None:
            end = End.OK if code == 0 else End.SIGNAL if code > 128 else End.EXIT
        out, err = (bytes(text) for text in self._written.values())
        own = code if self._end is None else None
        seconds = self._ended - self._started
        waited = self._waited if end is End.TIMEOUT else 0.0
        return Ran(end, own, out, err, seconds, self._backend, waited)

    def stop(self, end: End) -> None:
        """End the run now, for this reason (the first one counts)."""
        if self._end is None and not self._gone.is_set():
            self._end = end
        self._child.kill()

    async def _line(self) -> bytes | None:
        while b"\n" not in self._left:
            if len(self._left) > self._limits.output:
                self.stop(End.OUTPUT)
                return None
            try:
                piece = await self._loop.sock_recv(self._child.control, CHUNK)
            except OSError:
                return None
            if not piece:
                return None
            self._left += piece
        line, _, self._left = self._left.partition(b"\n")
        return line

    async def _not_started(self) -> NoReturn:
        self._child.kill()
        ran = await self.ran()
        raise NotStarted(ran.stderr.decode("utf-8", "replace").strip() or ran.why)

    def _exited(self) -> None:
        self._ended = time.monotonic()
        self._loop.remove_reader(self._child.pidfd)
        self._gone.set()

    def _read(self, fd: int) -> bool:
        """Take what is there; False when there is no more for now, or for ever."""
        try:
            piece = os.read(fd, CHUNK)
        except BlockingIOError:
            return False
        if not piece:
            self._loop.remove_reader(fd)
            return False
        text = self._written[fd]
        text += piece
        if len(text) > self._limits.output:
            del text[self._limits.output :]
            self._loop.remove_reader(fd)
            self.stop(End.OUTPUT)
            return False
        return True

    def _late(self) -> None:
        self._waited = self._child.waited - self._waited
        self.stop(End.TIMEOUT)

    def _look(self) -> None:
        most = self._limits.memory
        if self._child.init and footprint(self._child.init, most) > most:
            self.stop(End.MEMORY)
            return
        self._timers["look"] = self._loop.call_later(LOOK_S, self._look)

    def _close(self) -> None:
        """Once: what is still in the pipes, then all handles and the child itself."""
        if self._code is not None:
            return
        for fd in self._written:
            while self._gone.is_set() and self._read(fd):
                pass
        for timer in self._timers.values():
            timer.cancel()
        for fd in (self._child.pidfd, *self._written):
            self._loop.remove_reader(fd)
        self._code = self._child.close()


def kernel_limits(limits: Limits, namespaced: bool) -> list[tuple[str, int]]:
    """What the worker sets for itself, as names of ``resource`` and values.

    Processor time is only the second guard, should we be stopped ourselves: several threads may
    use more of it than the clock shows. Processes are counted for each user and namespace, so
    that without one of its own a run would be charged for all that its user runs.
    """
    processes = [("RLIMIT_NPROC", limits.processes + 1)] if namespaced else []
    return [
        *processes,  # one more for the worker's parent
        ("RLIMIT_AS", limits.memory),
        ("RLIMIT_CPU", 2 * math.ceil(min(limits.seconds, A_YEAR_S)) + 1),
        ("RLIMIT_FSIZE", limits.file),
        ("RLIMIT_NOFILE", limits.open_files),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_MEMLOCK", 0),
        ("RLIMIT_MSGQUEUE", 0),
    ]


def parse(line: bytes) -> dict[str, Any] | None:
    """A message, or None: it must be an object, not too deep, and every number in it finite, so
    that it can be passed on without another look."""
    try:
        message = json.loads(line, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    level: list[Any] = [message]
    for _ in range(DEEPEST):
        inner = [item.values() if isinstance(item, dict) else item for item in level]
        level = [value for items in inner for value in items if isinstance(value, dict | list)]
        if not level:
            return message
    return None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise NotPlain(f"{text[:20]} is no finite number")
    return number
