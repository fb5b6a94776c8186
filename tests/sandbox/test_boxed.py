"""Verifiers with ``isolation="sandbox"``: found by file, run where they reach nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import verifiers.sandbox.sandbox as machine
from verifiers import Problem, Status, VerifierError, find_verifier
from verifiers.boxed import imported
from verifiers.function import Function
from verifiers.sandbox import Sandbox
from verifiers.sandbox.backend import Unusable

ASKED = Problem("general", "", "Which?", {"items": (1, 2)}, reference="right")
TEXT = """
import os, socket, subprocess, time
from pathlib import Path
from reasoner import Verdict, verifier

@verifier("boxed", isolation="sandbox", timeout=20)
def boxed(answer, problem, items, reference):
    match answer:
        case "secrets":
            return Verdict(0.5, reason=f"{'SECRET' in os.environ} {Path(FILE).exists()}")
        case "network":
            socket.create_connection(("127.0.0.1", 9), timeout=1)
        case "write":
            Path("/usr/written").write_text("x")
        case "exit":
            os._exit(0)
        case "raise":
            raise KeyError("mine")
        case "two":
            return 2.0
    assert problem.question == "Which?" and items == (1, 2)
    return answer == reference

@verifier("slow", isolation="sandbox", timeout=0.5)
def slow(answer):
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def file(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("boxed") / "boxed.py"
    path.write_text(f"FILE = {str(path)!r}\n{TEXT}")
    return path


@pytest.fixture(scope="module")
def boxed(file: Path) -> Iterator[Function]:
    found = find_verifier(f"{file}:boxed")
    assert isinstance(found, Function)
    yield found
    found.close()


@pytest.mark.parametrize(("answer", "score"), [("right", 1.0), ("wrong", 0.0)])
def test_it_judges(boxed: Function, answer: str, score: float) -> None:
    verdict = boxed.verify(ASKED, answer)
    assert (verdict.status, verdict.score, verdict.verifier) == (Status.JUDGED, score, "boxed@1")


def test_it_sees_nothing_of_ours(boxed: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    boxed.close()
    assert boxed.verify(ASKED, "secrets").reason == "False False"


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        ("network", Status.ERROR, "PermissionError"),
        ("write", Status.ERROR, "Read-only file system"),
        ("raise", Status.ERROR, "KeyError: 'mine'"),
        ("two", Status.ERROR, "found float 2.0"),
        ("exit", Status.CRASH, "ended without a verdict"),
    ],
)
def test_misbehaviour_costs_one_verdict(
    boxed: Function, answer: str, status: Status, reason: str
) -> None:
    verdict = boxed.verify(ASKED, answer)
    assert (verdict.status, verdict.score) == (status, None)
    assert reason in verdict.reason
    assert boxed.verify(ASKED, "right").passed is True


def test_it_is_killed_at_its_deadline(file: Path) -> None:
    slow = find_verifier(f"{file}:slow")
    verdict = asyncio.run(slow.averify(ASKED, "x"))  # type: ignore[attr-defined]
    assert verdict.status is Status.TIMEOUT
    assert "no verdict in 0.5 s" in verdict.reason
    slow.close()  # type: ignore[attr-defined]


def test_a_file_that_can_not_be_imported_is_an_error(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "breaks.py"
    file.write_text(TEXT)
    found = find_verifier(f"{file}:boxed")
    file.write_text("import nothing_of_that_name")
    verdict = found.verify(ASKED, "right")
    assert verdict.status is Status.ERROR
    assert "nothing_of_that_name" in verdict.reason
    found.close()  # type: ignore[attr-defined]


def test_a_closure_is_copied_inside(sandbox: Sandbox) -> None:
    pytest.importorskip("cloudpickle")
    wanted = "right"
    found = Function(lambda answer: answer == wanted, "closure", isolation="sandbox", timeout=20)
    assert found.verify(ASKED, "right").passed is True
    assert found.verify(ASKED, "wrong").passed is False
    found.close()


def test_without_a_sandbox_it_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never replaced by less."""

    class Absent:
        name = "absent"

        def __init__(self, packages: tuple[str, ...]) -> None:
            raise Unusable("it is not installed")

    monkeypatch.setattr(machine, "ISOLATED", (Absent,))
    found = find_verifier(f"{file}:boxed")
    assert isinstance(found, Function)
    found.close()
    with pytest.raises(VerifierError, match="apt-get install bubblewrap"):
        found.prepare()
    verdict = found.verify(ASKED, "right")
    assert (verdict.status, verdict.score) == (Status.ERROR, None)
    assert "apt-get install bubblewrap" in verdict.reason
    found.prepare(unsafe=True)
    verdict = found.verify(ASKED, "right")
    assert (verdict.passed, verdict.reason) == (True, "[unsafe: ran without isolation]")
    found.close()


def test_a_cancelled_verdict_leaves_nothing(file: Path) -> None:
    slow = find_verifier(f"{file}:slow")
    assert isinstance(slow, Function)

    async def cancel() -> float:
        task = asyncio.create_task(slow.averify(ASKED, "x"))
        await asyncio.sleep(0.2)
        task.cancel()
        started = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - started

    assert asyncio.run(cancel()) < 30
    slow.close()


def test_what_a_file_imports() -> None:
    assert imported("import os, chess.engine\nfrom sqlglot import parse\nfrom . import x") == [
        "chess",
        "sqlglot",
    ]
    assert imported("def") == []
