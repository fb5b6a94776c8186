"""One isolated process, from its start until nothing of it is left."""

from __future__ import annotations

import array
import fcntl
import json
import marshal
import os
import select
import signal
import socket
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from .backend import Backend, Launch

READY = b"ready\n"
GRACE_S = 5.0  # how long the kernel may take to clear a killed namespace away


def _fresh_starter() -> None:
    """To the kernel the parent is the thread that starts a process, and what isolates here ends
    with its parent: one thread that lives as long as we do starts them all."""
    global _starter
    _starter = ThreadPoolExecutor(1, "sandbox")


_starter: ThreadPoolExecutor
_fresh_starter()
os.register_at_fork(after_in_child=_fresh_starter)  # threads do not come along


class Child:
    """Starts at once and waits inside for one request. Bound to no event loop and to no thread.

    ``out``, ``err``: our ends of its pipes; ``control``: of its socket; all without blocking.
    """

    def __init__(self, backend: Backend) -> None:
        launch = backend.launch()
        self.control, theirs = socket.socketpair()
        self.out, out = os.pipe()
        self.err, err = os.pipe()
        self._status, self._init = launch.status, -1
        self._init_pid = 0
        self._warden = launch.warden
        try:
            self._process = _starter.submit(_start, launch, theirs.fileno(), out, err).result()
        except BaseException:
            self._close_ours()
            raise
        finally:
            theirs.close()
            for fd in (out, err, *launch.inherit):
                os.close(fd)
        self.pidfd = os.pidfd_open(self._process.pid)
        self.control.setblocking(False)
        for fd in (self.out, self.err, *(() if self._status is None else (self._status,))):
            os.set_blocking(fd, False)

    @property
    def dead(self) -> bool:
        return self._process.poll() is not None

    @property
    def namespaced(self) -> bool:
        return self._status is not None

    @property
    def init(self) -> int:
        """Process 1 of its namespace as the host numbers it; 0 when it has none (yet)."""
        if self._init_pid == 0 and self._status is not None:
            with suppress(OSError, ValueError, KeyError):
                said = os.read(self._status, 4096).partition(b"\n")[0]
                pid = int(json.loads(said)["child-pid"])
                self._init, self._init_pid = os.pidfd_open(pid), pid
        return self._init_pid

    @property
    def waited(self) -> float:
        """Seconds without a processor to run on: of its processes, the one that waited longest."""
        longest, family = 0.0, [self._process.pid]
        for pid in family:
            with suppress(OSError, ValueError, IndexError):  # it ended meanwhile
                longest = max(longest, int(_proc(pid, "schedstat").split()[1]) / 1e9)
                family += map(int, _proc(pid, f"task/{pid}/children").split())
        return longest

    def request(self, body: Mapping[str, Any], stdin: bytes) -> tuple[bytes, int]:
        """The request as bytes, and a descriptor from which ``stdin`` is read; close it."""
        packed = marshal.dumps(dict(body))
        return len(packed).to_bytes(8, "big") + packed, _sealed(stdin)

    def kill(self) -> None:
        """At once, the whole tree. Process 1 goes first: when its parent, whom we wait for, then
        ends, the kernel has ended every process of the namespace."""
        if self.dead:
            return
        with suppress(OSError):
            if self.init:
                signal.pidfd_send_signal(self._init, signal.SIGKILL)
            elif self._warden:
                self._process.terminate()
            else:
                os.killpg(self._process.pid, signal.SIGKILL)
        with suppress(OSError):
            self.control.shutdown(socket.SHUT_RDWR)

    def close(self) -> int:
        """Kill what is left, reap it, give every descriptor back. Returns the exit code.

        Quick after the process has ended; else it waits for the kernel to end it.
        """
        self.kill()
        try:
            code = self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait(GRACE_S)
        finally:
            self._close_ours()
        if self._status is None:  # without a namespace the group is all that can be found
            with suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
        return 128 - code if code < 0 else code

    def wait_ready(self, seconds: float) -> str:
        """Block until it waits for its request; "" when it does, else what it said instead."""
        readable, _, _ = select.select([self.control], [], [], seconds)
        said = b""
        with suppress(OSError):
            said = self.control.recv(len(READY), socket.MSG_PEEK) if readable else b""
        if said == READY:
            return ""
        self.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE_S)
        try:
            error = os.read(self.err, 4096).decode("utf-8", "replace").strip()
        except OSError:
            error = ""
        return error.rpartition("\n")[2] or f"it did not start within {seconds:g} s"

    def _close_ours(self) -> None:
        self.control.close()
        for fd in (self.out, self.err, self._status, self._init, getattr(self, "pidfd", -1)):
            if fd is not None and fd >= 0:
                with suppress(OSError):
                    os.close(fd)


def _proc(pid: int, name: str) -> bytes:
    with open(f"/proc/{pid}/{name}", "rb") as file:
        return file.read()


def _start(launch: Launch, stdin: int, out: int, err: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        launch.command,
        stdin=stdin,
        stdout=out,
        stderr=err,
        env={},  # ours holds keys and settings: no process on the way down may see them
        cwd="/",
        pass_fds=launch.inherit,
        start_new_session=True,  # the terminal's signals are ours alone
    )


def _sealed(data: bytes) -> int:
    """A descriptor to read ``data`` from, which no holder can change or grow."""
    fd = os.memfd_create("stdin", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(data)
    os.lseek(fd, 0, os.SEEK_SET)
    seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    return fd


def attach(fd: int) -> list[tuple[int, int, array.array[int]]]:
    """Ancillary data that sends ``fd`` along with a message."""
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]
