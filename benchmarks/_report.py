"""The common frame of every result file: what was measured, on what, with which versions."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
ROOT = Path(__file__).resolve().parents[1]
LIBRARIES = ("torch", "tokenizers", "transformers", "numpy", "system2-reasoner")
WRITTEN = ("README.md", "docs", "benchmarks/results")  # by the benchmarks


def write(
    name: str,
    workload: Mapping[str, Any],
    measured: Mapping[str, Any],
    table: Sequence[Mapping[str, str]],
) -> Path:
    """``results/NAME.json``: header, workload, numbers, and the table that the README shows.

    ``workload``: sizes, budgets, ``seed``, and ``what``: a sentence for the reader. ``table``:
    rows, column name to text. Written beside and renamed, so that an interrupted benchmark leaves
    the old file whole.
    """
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    document = {
        "benchmark": name,
        "header": header(),
        "workload": dict(workload),
        "measured": dict(measured),
        "table": [dict(row) for row in table],
    }
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    draft.replace(path)
    print(f"wrote {path.relative_to(ROOT)}", file=sys.stderr)
    return path


def header() -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": COMMIT,
        "hardware": {
            "cpu": cpu(),
            "cores": len(os.sched_getaffinity(0)),
            "memory_gb": round(memory_bytes() / 1e9, 1),
            # other work on the machine slows everything: 1 = one core busy before we began
            "load_average_1m": LOAD,
        },
        "versions": {"python": platform.python_version(), **installed()},
    }


def commit(root: Path = ROOT) -> str:
    """Short hash, with ``+`` when the program is not the one committed, new files included.

    What the benchmarks themselves write is no change: the first of them would else mark all others.
    """

    def git(*words: str) -> str:
        command = ["git", "-C", str(root), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        head = git("rev-parse", "--short=10", "HEAD")
        changed = git("status", "--porcelain", "--", ".", *(f":!{path}" for path in WRITTEN))
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head}+" if changed else head


def answers(benchmark: str) -> Path:
    """A new or half-filled folder for the answers of ``benchmark`` by this very program.

    The same commit finds its folder again, so a stopped run goes on. Uncommitted changes have no
    name of their own, so there each call starts afresh: rows of another program are never reused.
    """
    parent = ROOT / "work" / "bench" / benchmark
    parent.mkdir(parents=True, exist_ok=True)
    if COMMIT.endswith("+") or COMMIT == "unknown":
        return Path(tempfile.mkdtemp(prefix=f"{COMMIT}-", dir=parent))
    return parent / COMMIT


@contextmanager
def temporary_home() -> Iterator[None]:
    """``REASONER_HOME`` for runs that are saved as by default and then thrown away.

    On the disk of the repository: the system's temporary folder may be memory, which would count
    as ours and be quicker than what users have.
    """
    work = ROOT / "work"
    work.mkdir(exist_ok=True)
    before = os.environ.get("REASONER_HOME")
    with tempfile.TemporaryDirectory(prefix="home-", dir=work) as home:
        os.environ["REASONER_HOME"] = home
        try:
            yield
        finally:
            if before is None:
                del os.environ["REASONER_HOME"]
            else:
                os.environ["REASONER_HOME"] = before


def cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def memory_bytes() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def installed() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def peak_rss_bytes() -> int:
    """Highest resident memory of this process so far."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB


# Of the moment we began: hours of measuring lie between it and the result file.
COMMIT = commit()
LOAD = round(os.getloadavg()[0], 2)
