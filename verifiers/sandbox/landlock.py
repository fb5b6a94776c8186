"""The fallback backend: the ``sandlock`` library, for kernels that allow no user namespaces.

Landlock and system call filters confine the process; it can read /usr, its interpreter and the
folders its libraries lie in, and write nowhere. Weaker than bubblewrap: numbers of the host show
through, its process keeps our user id when we are not root, memory is bounded for each process
alone, and killing its tree takes a warden.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from . import seccomp
from .backend import Launch, Unusable
from .identity import dropped, staged
from .interpreter import INSIDE, base, direct

READABLE = ("/usr", "/bin", "/lib", "/lib64", "/proc")
WARDEN = Path(__file__).with_name("warden.py")
MEMORY, PROCESSES = 1 << 30, 24  # outer bounds; a run sets narrower ones, but not of processes


class Sandlock:
    name = "sandlock"

    def __init__(self, packages: tuple[str, ...]) -> None:
        spec = find_spec("sandlock")
        if spec is None or spec.origin is None:
            raise Unusable("sandlock is not installed")
        self._interpreter = direct(packages)
        try:
            self._filter = seccomp.program()
        except seccomp.UnknownMachine as error:
            raise Unusable(str(error)) from None
        self._library = str(Path(spec.origin).resolve().parents[1])
        # whole folders: Python looks for a module by listing the folder that has it
        self._shown = [str(base()), str(INSIDE.parent), *self._interpreter.packages]
        self._roots = [*self._shown, self._library]

    @property
    def home(self) -> str:
        return self._seen(self._interpreter.home)

    def launch(self) -> Launch:
        seen, inside = self._seen, self._interpreter
        confined = replace(
            inside,
            program=seen(inside.program),
            home=seen(inside.home),
            packages=tuple(map(seen, inside.packages)),
        )
        config = {
            "library": seen(self._library),
            "read": [*filter(os.path.exists, READABLE), *map(seen, self._shown)],
            "environment": {**dict(inside.environment), "PATH": "/usr/bin"},
            "memory": MEMORY,
            "processes": PROCESSES,
            "command": confined.command(self._filter),
        }
        warden = [confined.program, "-I", "-S", "-B", seen(str(WARDEN)), json.dumps(config)]
        command, _ = staged(self._roots, dropped(warden))
        return Launch(command, warden=True)

    def _seen(self, path: str) -> str:
        """``path`` as the process finds it: its folder may be mounted elsewhere for it."""
        _, where = staged(self._roots, [])
        root = max((r for r in self._roots if Path(path).is_relative_to(r)), key=len)
        return str(Path(where[root]) / Path(path).relative_to(root))
