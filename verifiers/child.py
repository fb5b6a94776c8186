"""Inside the killable child: it imports one function, then forks a fresh process a verdict.

Whatever an answer does to the process that judges it (patched modules, closed descriptors, eaten
memory) ends with that one verdict. The child itself runs nothing but the import; it watches the
clock, kills what is late with all its descendants, and ends when its control socket does, so not
even ``kill -9`` of the process that started it leaves anything behind.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import inspect
import json
import os
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

from .arguments import from_json
from .judge import VerifierError
from .source import Source
from .verdict import NoVerdict, Status, as_verdict, explain

IMPORTING = "REASONER_VERIFIER_IMPORT"
"""Set while a child imports its function: a file that judges something as it is imported would
otherwise start a child, which imports the file, which starts a child..."""
START_S = 60  # to import the function; after that the kernel ends the child
MAX_REASON = 500  # characters: a reply fits into a pipe's smallest buffer, so writing never blocks
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


class _Call:
    """One verdict under way: its socket, and once it runs its process."""

    __slots__ = ("deadline", "pid", "pidfd", "pipe", "request", "size", "socket", "started")

    def __init__(self, end: socket.socket) -> None:
        self.socket = end
        self.request = bytearray()
        self.size: int | None = None  # bytes of the request, once known
        self.pid = self.pidfd = self.pipe = -1
        self.started = self.deadline = 0.0

    @property
    def running(self) -> bool:
        return self.pid > 0

    @property
    def ready(self) -> bool:
        return self.size is not None and len(self.request) >= self.size and not self.running


class _Keeper:
    """Accepts calls, forks for them, and clears up after every one."""

    def __init__(
        self, control: socket.socket, judge: Callable[..., Any], timeout: float, at_once: int
    ) -> None:
        self.control, self.judge, self.timeout, self.at_once = control, judge, timeout, at_once
        self.calls: list[_Call] = []

    def serve(self) -> None:
        """Until the other side closes the control socket."""
        while True:
            poll = select.poll()
            poll.register(self.control, select.POLLIN)
            for call in self.calls:
                poll.register(call.socket, select.POLLIN)
                if call.running:
                    poll.register(call.pidfd, select.POLLIN)
            seen = {fd for fd, _ in poll.poll(self.wait_ms())}
            now = time.monotonic()
            for call in list(self.calls):
                if call.pidfd in seen:
                    self.finish(call, self.reply(call), now)
                elif call.socket.fileno() in seen and not self.read(call):
                    self.end(call)  # nobody waits for it any more
                elif call.running and now >= call.deadline:
                    late = f"no verdict in {self.timeout:g} s; allow it more, or make it quicker"
                    self.finish(call, _failed(Status.TIMEOUT, late), now)
            if self.control.fileno() in seen and not self.accept():
                break
            for call in list(self.calls):
                if call.ready and sum(other.running for other in self.calls) < self.at_once:
                    self.start(call)
        for call in list(self.calls):
            self.end(call)

    def wait_ms(self) -> int | None:
        ends = [call.deadline for call in self.calls if call.running]
        return max(0, int((min(ends) - time.monotonic()) * 1000) + 1) if ends else None

    def accept(self) -> bool:
        """Take a new call's socket; False when there will be no more."""
        try:
            data, fds, _, _ = socket.recv_fds(self.control, 1, 1)
        except OSError:
            return False
        for fd in fds:
            end = socket.socket(fileno=fd)
            end.setblocking(False)
            self.calls.append(_Call(end))
        return bool(data)

    def read(self, call: _Call) -> bool:
        """Read what came of a request: its size in four bytes, then JSON. False: the end."""
        try:
            data = call.socket.recv(1 << 20)
        except BlockingIOError:
            return True
        except OSError:
            return False
        call.request += data
        if call.size is None and len(call.request) >= 4:
            call.size = int.from_bytes(call.request[:4])
            del call.request[:4]
        return bool(data)

    def start(self, call: _Call) -> None:
        pipe, write = os.pipe()
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:  # no process or no memory left
            os.close(pipe)
            os.close(write)
            self.finish(call, _failed(Status.CRASH, explain(error)), time.monotonic())
            return
        if pid == 0:
            self.be_verdict(call, write, parent)  # never returns
        os.close(write)
        os.set_blocking(pipe, False)
        call.pid, call.pipe, call.pidfd = pid, pipe, os.pidfd_open(pid)
        call.started = time.monotonic()
        call.deadline = call.started + self.timeout
        call.request.clear()

    def be_verdict(self, call: _Call, write: int, parent: int) -> None:
        """In the fork: judge one answer, say so, end. Exits without any clean-up of ours."""
        try:
            os.setsid()  # a group of its own, killed as one
            _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)
            for other in self.calls:  # descriptors of ours that a verdict must not hold
                other.socket.close()
                for fd in (other.pidfd, other.pipe):
                    if fd >= 0:
                        os.close(fd)
            self.control.close()
            spare_s = int(self.timeout) + 2
            resource.setrlimit(resource.RLIMIT_CPU, (spare_s, spare_s))
            reply = verdict_on(self.judge, bytes(call.request))
            os.write(write, json.dumps(reply).encode())
        finally:
            os._exit(0)

    def reply(self, call: _Call) -> dict[str, Any]:
        """What a process that has ended left in its pipe."""
        try:
            reply = json.loads(os.read(call.pipe, 1 << 16))
            if reply.keys() == {"status", "score", "reason"}:
                return dict(reply)
        except (OSError, ValueError, AttributeError, RecursionError):
            pass  # it said nothing, or something else; how it ended says more
        status = os.waitid(os.P_PID, call.pid, os.WEXITED | os.WNOWAIT)
        how = f"exited with {status.si_status}" if status is not None else "ended"
        if status is not None and status.si_code != os.CLD_EXITED:
            how = f"was killed by {_signal(status.si_status)}"
        return _failed(Status.CRASH, f"the verifier's process {how} before it gave a verdict")

    def finish(self, call: _Call, reply: dict[str, Any], now: float) -> None:
        seconds = now - call.started if call.running else 0.0
        data = json.dumps({**reply, "seconds": seconds}).encode() + b"\n"
        self.end(call, data)

    def end(self, call: _Call, data: bytes = b"") -> None:
        """Kill what runs for a call, say the last word, close it."""
        self.calls.remove(call)
        if call.running:
            for kill in (os.kill, os.killpg):
                with suppress(ProcessLookupError):
                    kill(call.pid, signal.SIGKILL)
            os.waitpid(call.pid, 0)
            os.close(call.pidfd)
            os.close(call.pipe)
            self.sweep()
        with suppress(OSError):
            if data:
                call.socket.sendall(data)
        call.socket.close()

    def sweep(self) -> None:
        """Kill what verdicts left behind: orphans come to us, whatever session they began."""
        ours = {call.pid for call in self.calls}
        for _ in range(1000):  # each round may orphan the next generation
            orphans = _children() - ours
            if not orphans:
                return
            for pid in orphans:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for pid in orphans:
                with suppress(ChildProcessError):
                    os.waitpid(pid, 0)


def verdict_on(judge: Callable[..., Any], request: bytes) -> dict[str, Any]:
    """Call ``judge`` with the arguments in ``request``; whatever it does comes back as data."""
    try:
        value = judge(**from_json(json.loads(request)))
        if inspect.isawaitable(value):
            value = asyncio.run(_awaited(value))
        verdict = as_verdict(value)
    except (VerifierError, NoVerdict) as error:  # these say what to do
        return _failed(Status.ERROR, str(error))
    except MemoryError:
        most = resource.getrlimit(resource.RLIMIT_AS)[0] >> 20
        return _failed(Status.ERROR, f"needed more memory than {most:,} MiB; allow it more")
    except BaseException as error:  # SystemExit and its like too: only this process ends
        return _failed(Status.ERROR, f"raised {explain(error)}")
    reason = str(verdict.reason)[:MAX_REASON]
    return {"status": verdict.status, "score": verdict.score, "reason": reason}


async def _awaited(value: Any) -> Any:
    return await value


def _failed(status: Status, reason: str) -> dict[str, Any]:
    return {"status": status, "score": None, "reason": reason[:MAX_REASON]}


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _children() -> set[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:
            return set(map(int, file.read().split()))
    except OSError:  # a kernel without this list: what left its group lives on
        return set()


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def load(source: Source) -> Callable[..., Any]:
    """The function that judges: a plain one, the one behind ``@verifier``, or ``verify``."""
    try:
        found: Any = source.load()
        if isinstance(found, type):
            found = found()
        if source.warm:
            cast(Callable[[], None], replace(source, attribute=source.warm).load())()
    except BaseException as error:  # every call gets to hear it
        broken = error if isinstance(error, VerifierError) else VerifierError(explain(error))

        def refuse(**_: object) -> None:
            raise broken

        return refuse
    judge = getattr(found, "function", None) or getattr(found, "verify", None) or found
    return cast(Callable[..., Any], judge)


def main() -> None:
    """``argv``: the control socket's descriptor, and what :mod:`verifiers.process` says in JSON."""
    control = socket.socket(fileno=int(sys.argv[1]))
    terms = json.loads(sys.argv[2])
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    memory = terms["memory"] if hard < 0 else min(hard, terms["memory"])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    signal.alarm(START_S)
    os.environ[IMPORTING] = terms["source"][1][:1000]
    judge = load(Source(*terms["source"]))
    del os.environ[IMPORTING]
    signal.alarm(0)
    gc.collect()
    gc.freeze()  # what was imported stays shared with the forks
    _Keeper(control, judge, terms["timeout"], terms["at_once"]).serve()
    os._exit(0)  # nothing a stranger's atexit could hold up
