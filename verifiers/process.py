"""The killable child as we see it: started with the first call, asked over a socket a call.

The life of a call is the life of its socket: when our end is closed (the caller was cancelled,
or we were killed), the child kills whatever ran for it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple
from typing import Any, NamedTuple

from .arguments import to_json
from .child import IMPORTING, START_S
from .judge import VerifierError
from .source import Source
from .verdict import Status

KEPT = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH"),
    *("REASONER_PLUGINS", "REASONER_HOME"),
)
"""Environment variables that a child sees; no key, token or password is among them."""
_MORE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2])['path']; "
    "from verifiers.child import main; main()"
)
_SPARE_S = 5.0  # what forking, killing and a loaded machine may add to a verdict


class Process:
    """A child process that judges with one function. Safe from any thread and event loop.

    ``timeout``: seconds a verdict. ``memory``: bytes of address space, for the child and for
    each verdict. A child that died is started anew by the next call.
    """

    def __init__(self, source: Source, timeout: float, memory: int) -> None:
        self.source, self.timeout, self.memory = source, timeout, memory
        self.at_once = os.cpu_count() or 1
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._stop: weakref.finalize[..., Process] | None = None
        self._owner = 0  # a fork of this process must not talk to its parent's child
        self._waiting = 0
        self._warm = False  # it has answered once, so its import is over

    def start(self, unsafe: bool = False) -> None:
        """Begin the child, whose import then runs beside whatever else has to be loaded."""
        with self._lock:
            if self._control is None or self._owner != os.getpid():
                self._control, self._child = self._begin()

    def call(self, values: dict[str, Any]) -> dict[str, Any]:
        """Judge with these arguments: a verdict's status, score, reason and seconds."""
        frame = _frame(values)
        with self._line() as line:
            line.end.settimeout(line.limit_s)
            data = b""
            with suppress(OSError):  # the child is gone, or does not answer
                line.end.sendall(frame)
                while part := line.end.recv(1 << 16):
                    data += part
            return self._read(data, line)

    async def acall(self, values: dict[str, Any]) -> dict[str, Any]:
        """:meth:`call`; cancelling it kills what runs for it."""
        frame, loop = _frame(values), asyncio.get_running_loop()
        with self._line() as line:
            line.end.setblocking(False)
            data = b""
            with suppress(OSError):  # a timeout is one, too
                async with asyncio.timeout(line.limit_s):
                    await loop.sock_sendall(line.end, frame)
                    while part := await loop.sock_recv(line.end, 1 << 16):
                        data += part
            return self._read(data, line)

    def close(self) -> None:
        """End the child and all that runs in it; the next call would start another."""
        with self._lock:
            self._end()

    @contextmanager
    def _line(self) -> Iterator[_Line]:
        """A line to the child for one call; starts the child where there is none."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs, self._lock:
                try:
                    child = self._hand_over(theirs)
                except OSError:  # it died since the last call
                    self._end()
                    child = self._hand_over(theirs)
                self._waiting += 1
                turns = 1 + self._waiting // self.at_once
                limit_s = turns * (self.timeout + _SPARE_S) + (0.0 if self._warm else START_S)
            try:
                yield _Line(ours, child, limit_s)
            finally:
                with self._lock:
                    self._waiting -= 1

    def _hand_over(self, theirs: socket.socket) -> subprocess.Popen[bytes]:
        if self._control is None or self._child is None or self._owner != os.getpid():
            self._control, self._child = self._begin()
        socket.send_fds(self._control, [b"c"], [theirs.fileno()])
        return self._child

    def _begin(self) -> tuple[socket.socket, subprocess.Popen[bytes]]:
        if (file := os.environ.get(IMPORTING)) is not None:
            raise VerifierError(
                f"expected a file that only defines its verifiers, found that {file} judges as it "
                "is imported; put what it does under 'if __name__ == \"__main__\":'"
            )
        ours, theirs = socket.socketpair()
        terms = {
            "path": [entry or os.getcwd() for entry in sys.path],
            "source": astuple(self.source),
            "timeout": self.timeout,
            "memory": self.memory,
            "at_once": self.at_once,
        }
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        with theirs:
            child = subprocess.Popen(
                [sys.executable, "-I", "-c", _BOOT, str(theirs.fileno()), json.dumps(terms)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # a gigabyte printed costs nothing
                stderr=subprocess.DEVNULL,
                env={"LANG": "C.UTF-8", **kept, **_MORE},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._owner, self._warm = os.getpid(), False
        self._stop = weakref.finalize(self, _end, child, ours)
        return ours, child

    def _end(self) -> None:
        if self._stop is not None and self._owner == os.getpid():
            self._stop()
        self._stop = self._control = self._child = None

    def _read(self, data: bytes, line: _Line) -> dict[str, Any]:
        if data.endswith(b"\n"):
            self._warm = True
            return dict(json.loads(data))
        with self._lock:  # it said nothing in all that time, or it is gone: never ask it again
            if self._child is line.child:
                line.child.kill()  # what it was forking for dies with it
                self._end()
        gone = f"the process of {self.source} ended, or answered nothing; the next call starts anew"
        return {"status": Status.CRASH, "score": None, "reason": gone, "seconds": 0.0}


class _Line(NamedTuple):
    """Our end of one call, the child at the other, and how long it may take at the very most."""

    end: socket.socket
    child: subprocess.Popen[bytes]
    limit_s: float


def _frame(values: dict[str, Any]) -> bytes:
    body = json.dumps(to_json(values)).encode()
    return len(body).to_bytes(4) + body


def _end(child: subprocess.Popen[bytes], control: socket.socket) -> None:
    """Closing its control socket asks a child to end; one that does not is killed."""
    control.close()
    try:
        child.wait(1.0)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
