"""The memory that a whole sandbox holds, seen from outside.

The limit on address space is each process's own, and files in memory count as nobody's; so
somebody has to add up.
"""

from __future__ import annotations

import os
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
INODE = 1024  # bytes of kernel memory that a file takes, even an empty one
WRITABLE = ("tmp", "dev/shm")


def footprint(init: int, enough: int) -> int:
    """Bytes held by the sandbox whose process 1 is ``init`` on the host; 0 when it is gone.

    Looks through that process's own /proc, which shows the processes of its namespace and no
    others. Memory shared among processes is told apart (which is slow) only when a sum that
    counts it many times exceeds ``enough``.
    """
    root = Path(f"/proc/{init}/root")
    total = sum(_written(root / name) for name in WRITABLE)
    try:
        processes = [path for path in (root / "proc").iterdir() if path.name.isdigit()]
    except OSError:
        return 0
    resident = sum(_resident(path) for path in processes)
    if total + resident > enough:
        resident = sum(_share(path) for path in processes)
    return total + resident


def _written(folder: Path) -> int:
    try:
        stat = os.statvfs(folder)
    except OSError:
        return 0
    return (stat.f_blocks - stat.f_bfree) * stat.f_frsize + (stat.f_files - stat.f_ffree) * INODE


def _resident(process: Path) -> int:
    try:
        return int((process / "statm").read_bytes().split()[1]) * PAGE
    except (OSError, IndexError):  # it ended meanwhile
        return 0


def _share(process: Path) -> int:
    """Proportional share; a process that hides its maps counts in full."""
    try:
        for line in (process / "smaps_rollup").read_bytes().splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return _resident(process)
