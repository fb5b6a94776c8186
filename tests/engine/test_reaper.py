"""What ends the processes that vLLM started."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from reasoner.vllm.reaper import Reaper

SLEEP = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"]


def test_each_engine_ends_its_own_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REASONER_VLLM", "nobody's")
    reapers, children = list[Reaper](), list[subprocess.Popen[bytes]]()
    for _ in range(2):
        reapers.append(Reaper())
        children.append(subprocess.Popen(SLEEP, start_new_session=True))
    reapers[0].mark()  # as an engine does that is started again
    children.append(subprocess.Popen(SLEEP, start_new_session=True))
    try:
        reapers[0].close()
        assert children[2].wait(30) == -signal.SIGKILL, "it was taken for the other's"
        assert children[0].wait(30) == -signal.SIGKILL
        assert children[1].poll() is None
        reapers[1].close()
        assert children[1].wait(30) == -signal.SIGKILL, "its watch was ended with the other's"
    finally:
        for child in children:
            child.kill()
            child.wait()
