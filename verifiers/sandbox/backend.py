"""The contract of a backend: how one isolated process is started and taken down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Launch:
    """What to start. ``inherit``: descriptors for the process, closed on our side after the start.

    ``status``: our end of a pipe on which the backend names process 1 of the new namespace.
    ``warden``: asked to end, the process first ends all that it has started.
    """

    command: list[str]
    inherit: tuple[int, ...] = ()
    status: int | None = None
    warden: bool = False


class Backend(Protocol):
    """Starts processes that serve ``inside.worker``; descriptors 0 to 2 are passed through."""

    @property
    def name(self) -> str:
        """Recorded on every run."""
        ...

    @property
    def home(self) -> str:
        """Where the worker's own package lies, inside."""
        ...

    def launch(self) -> Launch:
        """Everything for one process; called once for each."""
        ...


class Unusable(RuntimeError):
    """This backend does not work here; the message says why."""
