"""The killable child: whatever a verifier does costs one verdict, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.verifiers import hostile as bad
from verifiers import Problem, Status, Verdict, VerifierError, find_verifier, verifier
from verifiers.function import Function
from verifiers.process import Process

ROOT = Path(__file__).parents[2]
ASKED = Problem("general", "ask who\n", "Who?", {"text": "who", "many": (1, 2)})
HOSTILE, SLOW = bad.hostile, bad.slow


@pytest.fixture(autouse=True, scope="module")
def ended() -> Iterator[None]:
    yield
    for one in (bad.hostile, bad.slow, bad.daemon, bad.environment, bad.patient):
        one.close()


def child(of: Function) -> int:
    process = of.runner()
    assert isinstance(process, Process)
    assert process._child is not None
    return process._child.pid


def family(pid: int) -> set[int]:
    """Living descendants."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return set()
    direct = set(map(int, text.split()))
    return direct.union(*map(family, direct))


def gone(pid: int, within_s: float = 10.0) -> bool:
    """Whether a process ends; a zombie has ended."""
    for _ in range(int(within_s / 0.02)):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def written(path: Path) -> int:
    """The process id in a file, once it is there."""
    for _ in range(1000):
        if path.exists() and (text := path.read_text()):
            return int(text)
        time.sleep(0.02)
    raise AssertionError(f"nothing was written to {path}")


EXPECTED = {
    **dict.fromkeys(("hang", "deaf", "family"), Status.TIMEOUT),
    **dict.fromkeys(("segv", "abort", "kill", "os exit", "closed", "parent"), Status.CRASH),
    **dict.fromkeys(
        ("raise", "evil error", "nan", "inf", "2.0", "-0.5", "text", "int", "list", "evil repr"),
        Status.ERROR,
    ),
    **dict.fromkeys(("memory", "exit", "interrupt", "deep"), Status.ERROR),
    **dict.fromkeys(("fork", "daemon", "thread"), 1.0),
    **dict.fromkeys(("forged",), 0.0),
    "chatty": 0.5,
}


@pytest.mark.parametrize("way", EXPECTED)
def test_misbehaviour_costs_one_verdict_and_the_next_one_works(way: str) -> None:
    verdict = HOSTILE.verify(ASKED, way)
    expected = EXPECTED[way]
    if isinstance(expected, float):
        assert (verdict.status, verdict.score) == (Status.JUDGED, expected)
    else:
        assert (verdict.status, verdict.score, verdict.passed) == (expected, None, None)
        assert verdict.failed
        assert verdict.reason
    assert len(verdict.reason) <= 500
    assert verdict.verifier == "hostile@1"
    assert HOSTILE.verify(ASKED, "right").passed is True
    assert HOSTILE.verify(ASKED, "other").passed is False
    assert family(child(HOSTILE)) == set(), "it left a process behind"


def test_printing_a_gigabyte_costs_one_verdict_at_most() -> None:
    verdict = HOSTILE.verify(ASKED, "print")
    assert verdict.passed is True or verdict.status is Status.TIMEOUT
    assert HOSTILE.verify(ASKED, "right").passed is True


@pytest.mark.parametrize("way", ["json", "builtins"])
def test_a_patched_module_spoils_no_later_verdict(way: str) -> None:
    HOSTILE.verify(ASKED, way)  # it lies about itself, as it could have done without a patch
    assert HOSTILE.verify(ASKED, "other").passed is False
    assert HOSTILE.verify(ASKED, "2.0").status is Status.ERROR


def test_a_child_that_was_stopped_is_replaced() -> None:
    one = Function(bad.hostile.function, "hostile", timeout=0.2, source=bad.hostile.source)
    assert one.verify(ASKED, "right").passed
    old = child(one)
    try:
        import verifiers.process as process

        spare, process._SPARE_S = process._SPARE_S, 0.5
        assert one.verify(ASKED, "stop parent").status is Status.CRASH
        assert one.verify(ASKED, "right").passed
        assert gone(old)
    finally:
        process._SPARE_S = spare
        one.close()


def test_200_in_a_row_leave_no_process_and_no_descriptor() -> None:
    ways = ["right", "raise", "os exit", "kill", "fork", "daemon", "nan", "closed", "segv", "exit"]
    HOSTILE.verify(ASKED, "right")
    gc.collect()
    before, inside = os.listdir("/proc/self/fd"), os.listdir(f"/proc/{child(HOSTILE)}/fd")
    for i in range(200):
        HOSTILE.verify(ASKED, ways[i % len(ways)])
    assert family(child(HOSTILE)) == set()
    assert len(os.listdir("/proc/self/fd")) == len(before)
    assert len(os.listdir(f"/proc/{child(HOSTILE)}/fd")) == len(inside)
    pid = child(HOSTILE)
    HOSTILE.close()
    assert gone(pid)
    assert len(os.listdir("/proc/self/fd")) == len(before) - 1  # its control socket went as well


def test_what_hangs_does_not_keep_the_others_waiting() -> None:
    async def crowd() -> list[Verdict]:
        asked = ["hang", "hang", "hang", *["right"] * 6]
        return list(await asyncio.gather(*(HOSTILE.averify(ASKED, answer) for answer in asked)))

    verdicts = asyncio.run(crowd())
    assert [v.status for v in verdicts] == [Status.TIMEOUT] * 3 + [Status.JUDGED] * 6
    assert all(v.passed for v in verdicts[3:])


def test_a_cancelled_verdict_is_killed_at_once(tmp_path: Path) -> None:
    async def cancel() -> int:
        task = asyncio.create_task(SLOW.averify(ASKED, str(tmp_path / "pid")))
        pid = await asyncio.to_thread(written, tmp_path / "pid")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return pid

    assert gone(asyncio.run(cancel()))
    assert family(child(SLOW)) == set()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_whoever_asked_may_be_killed_and_no_child_lives_on(how: int, tmp_path: Path) -> None:
    code = (
        "from tests.verifiers.test_process import ASKED, SLOW\n"
        f"SLOW.verify(ASKED, {str(tmp_path / 'pid')!r})"
    )
    asker = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        pid = written(tmp_path / "pid")
        keeper = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        assert keeper in family(asker.pid)
        asker.send_signal(how)
        asker.wait(10)
    finally:
        asker.kill()
        asker.wait()
    assert gone(pid)
    assert gone(keeper)


def test_what_left_its_group_and_its_parent_is_killed_as_well(tmp_path: Path) -> None:
    assert bad.daemon.verify(ASKED, str(tmp_path / "pid")).passed is True
    assert gone(written(tmp_path / "pid"))


def test_verdicts_from_many_threads_and_loops() -> None:
    verdicts: list[Verdict] = []

    def ask() -> None:
        verdicts.append(HOSTILE.verify(ASKED, "right"))
        verdicts.append(asyncio.run(HOSTILE.averify(ASKED, "other")))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(v.score or 0.0 for v in verdicts) == [0.0] * 6 + [1.0] * 6


def test_a_child_sees_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    bad.environment.close()
    assert bad.environment.verify(ASKED, "PATH").passed is True
    assert bad.environment.verify(ASKED, "SECRET_TOKEN").passed is False


def test_an_async_function_is_awaited() -> None:
    assert bad.patient.verify(ASKED, "right").passed is True
    assert asyncio.run(bad.patient.averify(ASKED, "wrong")).passed is False


def test_a_verdict_says_how_long_it_took() -> None:
    assert HOSTILE.verify(ASKED, "hang").seconds >= 0.4
    assert 0.0 < HOSTILE.verify(ASKED, "right").seconds < 0.4


def test_the_child_dies_with_its_verifier() -> None:
    one = Function(bad.hostile.function, "hostile", source=bad.hostile.source)
    assert one.verify(ASKED, "right").passed
    pid = child(one)
    del one
    gc.collect()
    assert gone(pid)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=300))
def test_any_answer_gets_there_and_back(answer: str) -> None:
    before = (os.getcwd(), dict(os.environ), sys.getrecursionlimit(), list(sys.path))
    assume(answer not in bad.WAYS)  # hypothesis reads the names of the ways in their source
    assert HOSTILE.verify(ASKED, answer).score in (0.0, 1.0)
    assert (os.getcwd(), dict(os.environ), sys.getrecursionlimit(), list(sys.path)) == before


def test_an_answer_beyond_all_measure_reaches_no_verifier() -> None:
    assert HOSTILE.verify(ASKED, "x" * 1_000_000).passed is False
    verdict = HOSTILE.verify(ASKED, "x" * 1_000_001)
    assert verdict.status is Status.UNJUDGED
    assert "1,000,001" in verdict.reason


# --- where the function is found again


def run(script: Path, *path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


SCRIPT = """
import sys
from reasoner import Problem, verifier

@verifier("even", timeout=5)
def even(answer):
    print("noise", flush=True)
    print("noise", file=sys.stderr, flush=True)
    return int(answer) % 2 == 0

{guard}
    for answer in "24", "7":
        verdict = even.verify(Problem("general", "", "?"), answer)
        print(verdict.status, verdict.score, verdict.reason)
"""


def test_a_verifier_in_a_script(tmp_path: Path) -> None:
    script = tmp_path / "mine.py"
    script.write_text(SCRIPT.format(guard='if __name__ == "__main__":'))
    done = run(script)
    assert done.stdout.splitlines() == ["judged 1.0 ", "judged 0.0 "]
    assert done.stderr == ""


def test_a_script_without_a_guard_is_never_run_again(tmp_path: Path) -> None:
    """As a copy where cloudpickle is at hand, else refused."""
    script = tmp_path / "mine.py"
    script.write_text("print('once')\n" + SCRIPT.format(guard="if True:"))
    pytest.importorskip("cloudpickle")
    assert run(script).stdout.splitlines() == ["once", "judged 1.0 ", "judged 0.0 "]
    script.write_text("import sys; sys.modules['cloudpickle'] = None\n" + script.read_text())
    out = run(script).stdout
    assert "once\nerror None VerifierError: expected a verifier that another process" in out
    assert "pip install 'system2-reasoner[notebook]'" in out


def test_a_closure_is_copied() -> None:
    pytest.importorskip("cloudpickle")
    wanted = "right"

    @verifier("closure")
    def closure(answer: str) -> bool:
        return answer == wanted

    assert closure.verify(ASKED, "right").passed is True
    assert closure.verify(ASKED, "wrong").passed is False
    closure.close()


def test_a_closure_that_can_not_be_copied_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    lonely = verifier("lonely")(lambda answer: True)
    verdict = lonely.verify(ASKED, "x")
    assert verdict.status is Status.ERROR
    assert "system2-reasoner[notebook]" in verdict.reason
    with pytest.raises(VerifierError, match="a file of its own"):
        lonely.prepare()


@pytest.mark.parametrize("text", ["import nothing_of_that_name", "raise SystemExit(0)", "def"])
def test_a_file_that_breaks_in_the_child_is_an_error(text: str, tmp_path: Path) -> None:
    """It could be imported here and can not be there."""
    file = tmp_path / "breaks.py"
    file.write_text("def check(answer):\n    return True\n")
    found = find_verifier(f"{file}:check")
    file.write_text(text)
    verdict = found.verify(ASKED, "x")
    assert verdict.status is Status.ERROR
    assert "expected a file that can be imported" in verdict.reason
    found.close()  # type: ignore[attr-defined]


def test_a_file_that_judges_as_it_is_imported_starts_no_chain_of_children(tmp_path: Path) -> None:
    file = tmp_path / "eager.py"
    log = tmp_path / "log"
    file.write_text(
        "from verifiers import Problem, verifier\n"
        "@verifier('eager')\ndef eager(answer):\n    return True\n"
        "verdict = eager.verify(Problem('general', '', '?'), 'x')\n"
        f"with open({str(log)!r}, 'a') as out:\n    print(verdict.reason, file=out)\n"
    )
    found = find_verifier(f"{file}:eager")
    assert found.verify(ASKED, "x").passed is True
    inner, outer = log.read_text().splitlines()
    assert "judges as it is imported; put what it does under" in inner
    assert outer == ""
    found.close()  # type: ignore[attr-defined]


def test_a_child_is_started_ahead_of_the_first_answer() -> None:
    one = Function(bad.hostile.function, "hostile", source=bad.hostile.source)
    one.prepare()
    pid = child(one)
    assert one.verify(ASKED, "right").passed is True
    assert child(one) == pid
    one.close()
