"""What a process could leave behind on the host."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path


def below(pid: int) -> set[int]:
    """Every living descendant of ``pid``, and zombies."""
    parents = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                stat = (path / "stat").read_text(errors="replace")
            except OSError:
                continue
            parents[int(path.name)] = int(stat.rpartition(")")[2].split()[1])
    found, new = set(), {pid}
    while new:
        found |= new
        new = {child for child, parent in parents.items() if parent in found} - found
    return found - {pid}


def strangers() -> set[int]:
    """Processes under the user ids that only sandboxes have."""
    found = set()
    for path in Path("/proc").iterdir():
        try:
            if path.name.isdigit() and 0x70000000 <= path.stat().st_uid < 0x70000000 + 60_000:
                found.add(int(path.name))
        except OSError:
            continue
    return found


def left() -> dict[str, object]:
    """Everything that must be the same before and after: this process' own handles and the host's
    mounts, descendants and temporary files."""
    return {
        "descriptors": len(os.listdir("/proc/self/fd")),
        "mounts": Path("/proc/self/mountinfo").read_text(),
        "processes": below(os.getpid()),
        "files": sorted(n for n in os.listdir(tempfile.gettempdir()) if "sandbox" in n),
        "threads": len(os.listdir("/proc/self/task")),
    }


def becomes(wanted: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Whether ``wanted`` comes true; generous, so that a busy machine does not matter."""
    end = time.monotonic() + seconds
    while not wanted():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
