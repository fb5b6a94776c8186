"""Nothing that vLLM started outlives this program, however it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from multiprocessing import resource_tracker

_MARK = "REASONER_VLLM"  # in the environment of every process that vLLM starts
_UNSAID = "ignore:resource_tracker"  # what killed processes left is cleaned up without a word
_WATCH = """
import os, signal, sys, time
mark = sys.argv[1].encode()
sys.stdin.buffer.read()
for _ in range(100):  # the dying may still start others, and take their time
    found = False
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if mark in file.read().split(b"\\0"):
                    found = True
                    os.kill(int(pid), signal.SIGKILL)
        except OSError:
            pass
    if not found:
        break
    time.sleep(0.02)
"""


class Reaper:
    """A small process that waits for the end of this one, ``kill -9`` included, or for
    :meth:`close`, and then kills what was started since this was made or :meth:`mark` was last
    called, up to when another's was. Linux."""

    def __init__(self) -> None:
        # One for the whole program, not to be killed with vLLM, of which it has much to say then.
        sys.warnoptions.append(_UNSAID)
        resource_tracker.ensure_running()
        sys.warnoptions.remove(_UNSAID)
        self._mark = uuid.uuid4().hex
        self._watch = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _WATCH, f"{_MARK}={self._mark}"],
            stdin=subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C is not meant for it
            env={**os.environ, _MARK: ""},  # nor is the end of another engine
        )
        self.mark()

    def mark(self) -> None:
        """What is started from now on is killed by this one, another's until then."""
        os.environ[_MARK] = self._mark

    def close(self) -> None:
        """Safe to call twice."""
        if self._watch.stdin is not None:
            self._watch.stdin.close()
        self._watch.wait()
