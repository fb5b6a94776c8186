"""The common frame of every result file: what was measured, on what, with which versions."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
ROOT = Path(__file__).resolve().parents[1]
LIBRARIES = ("torch", "tokenizers", "transformers", "numpy", "system2-reasoner")


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
        "commit": commit(),
        "hardware": {
            "cpu": cpu(),
            "cores": len(os.sched_getaffinity(0)),
            "memory_gb": round(memory_bytes() / 1e9, 1),
            # other work on the machine slows everything: 1 = one core busy before we began
            "load_average_1m": round(os.getloadavg()[0], 2),
        },
        "versions": {"python": platform.python_version(), **installed()},
    }


def commit() -> str:
    """Short hash, with ``+`` when the tree had changes of its own."""
    result = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--abbrev=10"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout.strip() or "unknown"


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
