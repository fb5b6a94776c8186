"""A sandbox to attack. Where bubblewrap is missing it is installed, and where that fails, too, the
tests are skipped with the reason, or fail when REQUIRE_SANDBOX is set."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import pytest

from verifiers.sandbox import Sandbox, SandboxUnavailable

T = TypeVar("T")


def install() -> None:
    if shutil.which("bwrap") or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    for words in (["update", "-qq"], ["install", "-y", "-qq", "bubblewrap"]):
        subprocess.run(["apt-get", *words], capture_output=True, timeout=100, check=False)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    install()
    try:
        found = Sandbox("bubblewrap", warm=2)
    except SandboxUnavailable as error:
        if os.environ.get("REQUIRE_SANDBOX"):
            pytest.fail(f"the sandbox is required here: {error}")
        pytest.skip(f"NOTHING IS KNOWN ABOUT THE SANDBOX HERE: {error}")
    yield found
    found.close()


@pytest.fixture
def run() -> Callable[[Coroutine[Any, Any, T]], T]:
    """Run with a limit, so that a lost process fails instead of hanging."""

    def limited(work: Coroutine[Any, Any, T]) -> T:
        async def inner() -> T:
            return await asyncio.wait_for(work, 60)

        return asyncio.run(inner())

    return limited
