"""What one run may use, and how it ended."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one run; reaching any of them ends it.

    ``seconds`` is wall-clock from the first byte of the program on. ``memory`` (bytes) bounds the
    address space of each process and the resident memory of all of them with the files they
    wrote. ``output`` bounds stdout, stderr and each framed reply (bytes). ``processes`` counts
    threads, too. ``file`` bounds one written file (bytes).
    """

    seconds: float = 5.0
    memory: int = 512 * MIB
    output: int = MIB
    processes: int = 16
    file: int = 16 * MIB
    open_files: int = 64

    def __post_init__(self) -> None:
        for name in ("seconds", "memory", "output", "processes", "file", "open_files"):
            value = getattr(self, name)
            kinds = (int, float) if name == "seconds" else (int,)
            if isinstance(value, bool) or not isinstance(value, kinds):
                raise TypeError(f"expected a number of {name}, got {value!r}")
            if not (value > 0 and math.isfinite(value)):
                raise ValueError(f"expected a finite number of {name} above 0, got {value!r}")


class End(StrEnum):
    """How a run ended."""

    OK = "ok"
    """By itself, with exit code 0."""
    EXIT = "exit"
    """By itself, with another exit code."""
    SIGNAL = "signal"
    """Killed by a signal that was not ours: a crash, or a limit of the kernel's."""
    TIMEOUT = "timeout"
    MEMORY = "memory"
    OUTPUT = "output"
    """Wrote more than it may; what came before the limit is kept."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One finished run. ``code``: as a shell has it, None when we ended the run. ``waited``: of its
    ``seconds``, those for which it could have run but had no processor; known after a timeout."""

    end: End
    code: int | None
    stdout: bytes
    stderr: bytes
    seconds: float
    backend: str
    waited: float = 0.0

    @property
    def starved(self) -> bool:
        """Whether it ran out of time because the machine was too busy: no fault of the program."""
        return self.end is End.TIMEOUT and self.waited > self.seconds / 2

    @property
    def why(self) -> str:
        """One line for people."""
        said = self.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2][:200]
        by_itself = {End.EXIT: f"exit code {self.code}", End.SIGNAL: f"killed, code {self.code}"}
        text = by_itself.get(self.end, self.end.value)
        if self.end is End.TIMEOUT:
            busy = "; the machine was too busy to tell why" if self.starved else ""
            return f"timeout: still running after {self.seconds:.1f} s{busy}"
        return f"{text}: {said}" if said and self.end in by_itself else text

    @property
    def why_silent(self) -> str:
        """One line on a run that should have answered first."""
        return "ended without an answer" if self.end is End.OK else self.why


class SandboxUnavailable(RuntimeError):
    """No way to run untrusted code here; the message says what to install."""
