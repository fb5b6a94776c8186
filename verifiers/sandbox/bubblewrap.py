"""The primary backend: bubblewrap, which needs no daemon, no image and no privilege.

Every run gets namespaces of its own (mounts, processes, network, users, ...), a read-only view of
/usr and the interpreter, two small writable folders in memory, no capability, no way to make
another namespace, and a system call filter. Not covered: the time and memory of the host's kernel
itself beyond the limits of a run, and bugs of that kernel.
"""

from __future__ import annotations

import os
import shutil

from . import seccomp
from .backend import Launch, Unusable
from .identity import dropped, staged
from .interpreter import Interpreter, mounted

WRITABLE = 64 << 20  # bytes of /tmp, and a quarter of them for /dev/shm
USR = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


class Bubblewrap:
    name = "bubblewrap"

    def __init__(self, packages: tuple[str, ...]) -> None:
        found = shutil.which("bwrap")
        if found is None:
            raise Unusable("bubblewrap is not installed")
        self._program = found
        self._interpreter = mounted(packages)
        try:
            self._filter = seccomp.program()
        except seccomp.UnknownMachine as error:
            raise Unusable(str(error)) from None

    @property
    def home(self) -> str:
        return self._interpreter.home

    def launch(self) -> Launch:
        filter_fd = _pipe_with(self._filter)
        status, status_fd = os.pipe()
        # Arguments by descriptor: the host's paths in them are nobody's business inside
        sources = [mount.source for mount in self._interpreter.mounts]
        args, args_write = os.pipe()
        command = dropped([self._program, "--args", str(args), *self._interpreter.command()])
        command, where = staged(sources, command)
        options = [*arguments(self._interpreter, where), "--seccomp", str(filter_fd)]
        options += ["--json-status-fd", str(status_fd)]
        with os.fdopen(args_write, "wb") as file:
            file.write(b"\0".join(option.encode() for option in options) + b"\0")
        return Launch(command, (filter_fd, status_fd, args), status)


def arguments(interpreter: Interpreter, where: dict[str, str]) -> list[str]:
    """The recipe. Each line is there because an attack succeeded without it."""
    options = ["--unshare-all", "--unshare-user", "--uid", "1000", "--gid", "1000"]
    options += ["--disable-userns", "--cap-drop", "ALL"]
    # With the worker's parent as process 1, nothing outlives the worker and nothing of
    # bubblewrap's is within reach of the code
    options += ["--as-pid-1", "--die-with-parent", "--new-session", "--hostname", "sandbox"]
    options += ["--clearenv", "--setenv", "PATH", "/usr/bin", "--setenv", "HOME", "/tmp"]
    for name, value in interpreter.environment:
        options += ["--setenv", name, value]
    options += ["--ro-bind", "/usr", "/usr"]
    for name in USR:
        path = f"/{name}"
        if os.path.islink(path):
            options += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            options += ["--ro-bind", path, path]
    for mount in interpreter.mounts:
        options += ["--ro-bind", where[mount.source], mount.target]
    options += ["--proc", "/proc", "--dev", "/dev"]
    options += ["--size", str(WRITABLE // 4), "--tmpfs", "/dev/shm", "--size", str(WRITABLE)]
    # The root and /dev are file systems in memory, too, writable and without a size
    options += ["--tmpfs", "/tmp", "--remount-ro", "/dev", "--remount-ro", "/"]
    return [*options, "--chdir", "/tmp"]


def _pipe_with(data: bytes) -> int:
    """The reading end of a pipe that holds ``data`` (smaller than a pipe's buffer)."""
    read, write = os.pipe()
    with os.fdopen(write, "wb") as file:
        file.write(data)
    return read
