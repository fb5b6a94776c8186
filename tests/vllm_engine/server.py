"""A real vLLM server on loopback: what ``vllm serve`` starts.

That command itself asks for the version of a package called vllm, and the build for processors is
called otherwise.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

_START_S = 900.0


class VLLMServer:
    """Serves ``folder`` under the name "m" until closed; can be killed and started again.

    Whatever it started goes with it: it leads a process group of its own.
    """

    def __init__(self, folder: Path, log: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._folder, self._log = folder, log
        self._process: subprocess.Popen[bytes] | None = None
        self.start()
        self.wait()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def name(self) -> str:
        return f"openai:{self.url}#m"

    def start(self) -> None:
        """Does not wait until it is there."""
        command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server"]
        command += ["--model", str(self._folder)]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--served-model-name", "m"]
        command += ["--dtype", "float32", "--enforce-eager", "--kv-cache-memory-bytes", "268435456"]
        command += ["--load-format", "safetensors"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "VLLM_NO_USAGE_STATS": "1"},
            )

    def wait(self) -> None:
        """Until it serves."""
        process, until = self._process, time.monotonic() + _START_S
        assert process is not None
        while time.monotonic() < until and process.poll() is None:
            with suppress(URLError, OSError), urlopen(f"{self.url}/models", timeout=1):
                return
            time.sleep(0.2)
        self.kill()
        raise AssertionError(f"vllm serve did not come up: {self._log.read_text()[-3000:]}")

    def kill(self) -> None:
        """At once, without a word to its clients."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    close = kill
