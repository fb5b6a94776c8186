"""NOT a sandbox: an ordinary process with resource limits, for machines where nothing else works.

It can read what its user can read, reach the network, signal that user's processes and leave
processes behind. Used only where it was asked for by name, and recorded on every result.
"""

from __future__ import annotations

from .backend import Launch
from .interpreter import direct


class Bare:
    name = "unsafe"

    def __init__(self, packages: tuple[str, ...]) -> None:
        self._interpreter = direct(packages)

    @property
    def home(self) -> str:
        return self._interpreter.home

    def launch(self) -> Launch:
        return Launch(self._interpreter.command())
