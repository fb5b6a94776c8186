"""The sandbox for a user who is not root: it works, and it holds. Skipped, with the reason, where
no such user can be had."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from verifiers.sandbox import Sandbox
from verifiers.sandbox.identity import readable
from verifiers.sandbox.probe import ATTACKS, Row

ROOT = Path(__file__).resolve().parents[2]
WORKS = """
import asyncio, json, os
from verifiers.sandbox import Sandbox

async def work(sandbox):
    ran = await sandbox.run("print(input())", b"hello\\n")
    called = await sandbox.call("def f(x): return x + 1", "f", [[1], [2]])
    late = await sandbox.call("def f(x): x[0] = 7", "f", [[1]])
    return [ran.end, ran.stdout.decode(), [r.value for r in called.replies], late.replies[0].error]

for warm in (0, 2):
    sandbox = Sandbox("bubblewrap", warm=warm)
    print(json.dumps([os.getuid(), *asyncio.run(work(sandbox))]))
    sandbox.close()
"""


@pytest.fixture(scope="module")
def ordinary(sandbox: Sandbox) -> list[str]:
    """What makes a Python of another user, one that our files are no secret to."""
    if os.geteuid() != 0:
        pytest.skip("all tests here run as an ordinary user anyway")
    python = next((p for p in (sys.executable, "/usr/bin/python3") if suits(p)), None)
    if python is None:
        pytest.skip("NOT TRIED AS AN ORDINARY USER: no Python 3.11 that everybody may run")
    setpriv = shutil.which("setpriv") or "/usr/bin/setpriv"
    return [setpriv, "--reuid", "54321", "--regid", "54321", "--clear-groups", python]


def suits(python: str) -> bool:
    if not os.path.exists(python) or not all(map(readable, (os.path.realpath(python), str(ROOT)))):
        return False
    new = "import sys; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([python, "-c", new], check=False).returncode == 0


def lines(command: list[str]) -> list[object]:
    result = subprocess.run(
        command,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "SECRET": "hunter2", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return list(map(json.loads, result.stdout.splitlines()))


def test_it_works(ordinary: list[str]) -> None:
    """Programs and calls, in a process started when needed and in one started ahead."""
    cold, warm = lines([*ordinary, "-c", WORKS])
    error = "TypeError: 'int' object does not support item assignment"
    assert cold == warm == [54321, "ok", "hello\n", [2, 3], error]


def test_it_holds(ordinary: list[str]) -> None:
    rows = [Row(**row) for row in lines([*ordinary, "-m", "verifiers.sandbox.probe", "bubblewrap"])]  # type: ignore[arg-type]
    assert [row.name for row in rows] == [attack.name for attack in ATTACKS]
    assert not [row for row in rows if not row.held]
