"""The fallback backend: the ``sandlock`` library, for kernels that allow no user namespaces.

Landlock and a system call filter confine the process; it sees no file but /usr and its interpreter
and can write nowhere. Weaker than bubblewrap: the process keeps its user id (none of its own when
we are not root), there is no count of its files' memory, and killing its tree takes a warden.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from .backend import Launch, Unusable
from .identity import dropped, staged
from .interpreter import INSIDE, base, direct

READABLE = ("/usr", "/bin", "/lib", "/lib64", "/proc")
WARDEN = Path(__file__).with_name("warden.py")
MEMORY, PROCESSES = 4 << 30, 64  # outer bounds; each run sets narrower ones for itself


class Sandlock:
    name = "sandlock"

    def __init__(self, packages: tuple[str, ...]) -> None:
        spec = find_spec("sandlock")
        if spec is None or spec.origin is None:
            raise Unusable("sandlock is not installed")
        self._interpreter = direct(packages)
        self._library = str(Path(spec.origin).resolve().parents[1])
        beside = [self._interpreter.packages] if self._interpreter.packages else []
        self._roots = [str(base()), str(INSIDE.parent), self._library, *beside]

    @property
    def home(self) -> str:
        return self._seen(self._interpreter.home)

    def launch(self) -> Launch:
        seen, inside = self._seen, self._interpreter
        confined = replace(
            inside,
            program=seen(inside.program),
            home=seen(inside.home),
            packages=inside.packages and seen(inside.packages),
        )
        config = {
            "library": seen(self._library),
            "read": [*filter(os.path.exists, READABLE), *(seen(m.source) for m in inside.mounts)],
            "environment": {**dict(inside.environment), "PATH": "/usr/bin"},
            "memory": MEMORY,
            "processes": PROCESSES,
            "command": confined.command(),
        }
        warden = [confined.program, "-I", "-S", "-B", seen(str(WARDEN)), json.dumps(config)]
        command, _ = staged(self._roots, dropped(warden))
        return Launch(command, warden=True)

    def _seen(self, path: str) -> str:
        """``path`` as the process finds it: its folder may be mounted elsewhere for it."""
        _, where = staged(self._roots, [])
        root = max((r for r in self._roots if Path(path).is_relative_to(r)), key=len)
        return str(Path(where[root]) / Path(path).relative_to(root))
