"""Every test has a home of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PUZZLE = "Use 4 5 6 10 to make 24"
HOPELESS = "Use 2 3 5 7 11 13 to make 99991"  # far too many lines to try them all


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REASONER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def start(home: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the command line in a process of its own, with the toy player as model."""
    begun: list[subprocess.Popen[str]] = []

    def begin(
        *args: str, delay_s: float = 0.0, module: str = "tests.app.toy_cli", **options: Any
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(delay_s), *args],
            cwd=ROOT,
            env={**os.environ, **options.pop("env", {})},
            text=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
        )
        begun.append(process)
        return process

    yield begin
    for process in begun:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def cli(start: Callable[..., subprocess.Popen[str]]) -> Callable[..., tuple[int, str, str]]:
    """Run the command line to its end: (exit code, stdout, stderr)."""

    def run(*args: str, given: str | None = None, **options: Any) -> tuple[int, str, str]:
        stdin = subprocess.DEVNULL if given is None else subprocess.PIPE
        process = start(*args, stdin=stdin, **options)
        out, err = process.communicate(given, timeout=30)
        return process.returncode, out, err

    return run
