"""Where runs are kept: one trace file each, found by any unique start of its id."""

from __future__ import annotations

import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from .errors import RunError, UsageError
from .records import BestAnswer, Header, Resume, Stop
from .traces import Trace, in_use, read_trace

MAX_RUNS = 200
MAX_BYTES = 512 * 2**20
_SUFFIX = ".trace"
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u


def default_home() -> Path:
    """``REASONER_HOME``, or the user's state folder for this program."""
    if home := os.environ.get("REASONER_HOME"):
        return Path(home).expanduser()
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "reasoner"


def new_run_id(now_s: float | None = None) -> str:
    """12 characters: 9 of milliseconds, so ids sort by time, and 3 of chance."""
    moment = int((time.time() if now_s is None else now_s) * 1000)
    clock = "".join(_DIGITS[moment >> shift & 31] for shift in range(40, -1, -5))
    return clock + "".join(secrets.choice(_DIGITS) for _ in range(3))


@dataclass(frozen=True, slots=True)
class Summary:
    """One line of ``runs list``. ``stop``: None when the run was killed or still goes on."""

    header: Header
    best: BestAnswer | None
    stop: str | None
    used_s: float
    resumes: int
    active: bool

    @property
    def state(self) -> str:
        return "thinking" if self.active else self.stop or "killed"


class Store:
    """The runs under one folder. Nothing is created before the first run is saved."""

    def __init__(self, home: Path | None = None) -> None:
        self.folder = (home or default_home()) / "runs"

    def path(self, run_id: str) -> Path:
        return self.folder / f"{run_id}{_SUFFIX}"

    def prepare(self) -> None:
        """Make the folder, private to its owner: questions can be personal."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def ids(self) -> list[str]:
        """Oldest first."""
        return sorted(path.name.removesuffix(_SUFFIX) for path in self.folder.glob("*" + _SUFFIX))

    def find(self, prefix: str) -> str:
        """The one id that starts with ``prefix``; the word ``last`` is the newest."""
        known = self.ids()
        if not known:
            raise RunError(f"no runs are saved in {self.folder}; ask something first")
        if prefix == "last":
            return known[-1]
        matches = [run_id for run_id in known if prefix and run_id.startswith(prefix.lower())]
        if len(matches) == 1:
            return matches[0]
        if not matches:
            raise UsageError(
                f"no run starts with {prefix!r}; 'reasoner runs list' shows the "
                f"{len(known)} saved ones"
            )
        raise UsageError(
            f"{len(matches)} runs start with {prefix!r} ({', '.join(matches[:3])}"
            f"{', ...' if len(matches) > 3 else ''}); give more of the id"
        )

    def read(self, run_id: str, *, growth: bool = True) -> Trace:
        return read_trace(self.path(run_id), growth=growth)

    def summary(self, run_id: str) -> Summary:
        trace = self.read(run_id, growth=False)
        best = stop = None
        used_s, resumes = 0.0, 0
        for record in trace.records:
            used_s = record.t_s
            match record:
                case BestAnswer():
                    best = record
                case Stop():
                    stop = record.reason
                case Resume():
                    stop, resumes = None, resumes + 1
        return Summary(trace.header, best, stop, used_s, resumes, in_use(self.path(run_id)))

    def remove(self, run_id: str) -> None:
        path = self.path(run_id)
        if in_use(path):
            raise RunError(f"run {run_id} is being written; stop it first")
        path.unlink(missing_ok=True)

    def prune(self, keep: str = "", max_runs: int = MAX_RUNS, max_bytes: int = MAX_BYTES) -> int:
        """Remove the oldest runs beyond the bounds, never ``keep`` nor one in use.

        Returns how many went.
        """
        runs = size = removed = 0
        for run_id in reversed(self.ids()):
            try:
                runs, size = runs + 1, size + self.path(run_id).stat().st_size
                if (runs > max_runs or size > max_bytes) and run_id != keep:
                    self.remove(run_id)
                    removed += 1
            except (OSError, RunError):
                continue  # another process removed it, or writes it: either way not ours
        return removed
