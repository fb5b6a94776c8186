"""Starts a process under ``sandlock`` and sees to it that nothing of it stays behind.

Without a namespace of their own, processes that leave their group would outlive the run. The
warden is made the parent of every orphan below it, and ends them all before it ends itself.
Run as a program of its own, with its configuration as JSON in its one argument.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def main(config: dict[str, Any]) -> NoReturn:
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    signal.signal(signal.SIGTERM, lambda *_: _leave(143))
    runner = os.fork()
    if runner == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os._exit(_confined(config))
    while True:
        pid, status = os.wait()
        if pid == runner:
            code = os.waitstatus_to_exitcode(status)
            _leave(128 - code if code < 0 else code)


def _confined(config: dict[str, Any]) -> int:
    sys.path.append(config["library"])
    os.environ["HOME"] = "/"  # it asks for one, and a user of ours has none
    sandlock = import_module("sandlock")
    sandbox = sandlock.Sandbox(
        fs_readable=config["read"],
        clean_env=True,
        env=config["environment"],
        max_memory=config["memory"],
        max_processes=config["processes"],
        no_coredump=True,
    )
    code = sandbox.run_interactive(config["command"])
    return int(code) & 0xFF


def _leave(code: int) -> NoReturn:
    """End every descendant, then ourselves. They may fork meanwhile, so look until none is left."""
    while True:
        parents = _parents()
        below, found = {os.getpid()}, True
        while found:
            new = {pid for pid, parent in parents.items() if parent in below} - below
            below |= new
            found = bool(new)
        below.remove(os.getpid())
        if not below:
            os._exit(code)
        for pid in below:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, os.WNOHANG)
            except OSError:
                continue


def _parents() -> dict[int, int]:
    """Every process of the host and its parent."""
    found = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                rest = (path / "stat").read_text(errors="replace").rpartition(")")[2]
            except OSError:
                continue
            found[int(path.name)] = int(rest.split()[1])
    return found


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
