"""Who a sandboxed process is on the host: as root, nobody at all; otherwise ourselves.

The kernel exempts root from its limit on processes even inside a namespace, so root must become
an ordinary user before the sandbox is built. What that user may not read (an interpreter under
/root, say) is then shown to it through mounts that exist for this process alone.
"""

from __future__ import annotations

import itertools
import os
import shutil
from pathlib import Path

UNUSED = 0x70000000  # user ids from here on belong to nobody by convention
STAGES = ("/mnt", "/srv", "/media", "/opt")  # an existing folder to hide mounts over
STAGE = """set -e
stage=$1 count=$2; shift 2
mount -t tmpfs -o mode=755 sandbox "$stage"
i=0
while [ $i -lt $count ]; do
    if [ -d "$1" ]; then mkdir "$stage/$i"; else : > "$stage/$i"; fi
    mount --bind "$1" "$stage/$i"; shift; i=$((i+1))
done
exec "$@"
"""

_slots = itertools.count()


def drops() -> bool:
    """Whether a sandboxed process gets another user id than ours."""
    return os.geteuid() == 0 and _base() is not None


def dropped(command: list[str]) -> list[str]:
    """``command`` run as a user id of its own; as it is when we are no root."""
    base = _base()
    if os.geteuid() != 0 or base is None:
        return command
    # Ids differ among the processes of one host, so that no two runs share their limits
    uid = str(base + (os.getpid() * 8 + next(_slots)) % 60_000)
    setpriv = shutil.which("setpriv") or "/usr/bin/setpriv"
    return [setpriv, "--reuid", uid, "--regid", uid, "--clear-groups", *command]


def staged(sources: list[str], command: list[str]) -> tuple[list[str], dict[str, str]]:
    """``command`` in a mount namespace where unreadable ``sources`` lie elsewhere, readable.

    Returns the command and where each source has to be looked for.
    """
    hidden = [source for source in sources if not readable(source)] if drops() else []
    where = {source: source for source in sources}
    if not hidden:
        return command, where
    stage = next(s for s in STAGES if os.path.isdir(s) and not any(h.startswith(s) for h in hidden))
    where |= {source: f"{stage}/{i}" for i, source in enumerate(hidden)}
    unshare = shutil.which("unshare") or "/usr/bin/unshare"
    chain = [unshare, "--mount", "--propagation", "private", "/bin/sh", "-c", STAGE, "sh"]
    return [*chain, stage, str(len(hidden)), *hidden, *command], where


def readable(path: str) -> bool:
    """Whether everybody may enter ``path`` and every folder above it."""
    here = Path(path).resolve()
    if not here.stat().st_mode & 0o004:
        return False
    return all(folder.stat().st_mode & 0o001 for folder in (here, *here.parents))


def _base() -> int | None:
    """The first of 60,000 unused user ids; None when our own namespace has not that many."""
    best = None
    for line in Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines():
        first, _, count = (int(n) for n in line.split())
        if first + count >= UNUSED + 60_000:
            return UNUSED
        if first + count > 65_000:
            best = 5_000
    return best
