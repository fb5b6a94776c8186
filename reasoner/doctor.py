"""What this machine can do: each part tried, not merely looked for."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from verifiers.sandbox import SandboxUnavailable

from .catalog import DEFAULT, find_model
from .errors import ModelError
from .runs import default_home

LEAST_FREE = 1 << 30  # bytes of disk: less than that, and a night of runs ends badly


class State(StrEnum):
    OK = "ok"
    MISSING = "missing"
    """Not there, and nothing that was asked for needs it; what it is for is refused until then."""
    BROKEN = "broken"
    """There, and it does not do what it must."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. ``detail``: what was found, or what to do."""

    part: str
    name: str
    state: State
    detail: str = ""


def examine_machine() -> Iterator[Finding]:
    """Every part in turn; the sandbox, last, takes some seconds. Never raises.

    Not from inside a running event loop.
    """
    parts: dict[str, Callable[[], Iterator[Finding]]] = {
        "engines": engines,
        "model": model,
        "gpu": gpu,
        "ray": ray,
        "disk": disk,
        "sandbox": sandbox,
    }
    for part, look in parts.items():
        try:
            yield from look()
        except Exception as error:  # one broken part must not hide the others
            yield Finding(part, "", State.BROKEN, f"{type(error).__name__}: {error}")


def engines() -> Iterator[Finding]:
    """What can run a model: torch for the bundled one, the others for bigger ones."""
    yield _package("engines", "torch", "the bundled engine", "pip install system2-reasoner")
    yield _package("engines", "transformers", "hf:FOLDER", "pip install 'system2-reasoner[hf]'")
    yield _package("engines", "httpx2", "openai:URL", "pip install 'system2-reasoner[openai]'")
    yield _package("engines", "vllm", "vllm:FOLDER", "pip install 'system2-reasoner[vllm]'")


def model() -> Iterator[Finding]:
    """Whether the bundled model loads, and how long that takes."""
    started = time.monotonic()
    try:
        loaded = find_model(DEFAULT)()
    except ModelError as error:
        yield Finding("model", DEFAULT, State.BROKEN, str(error))
        return
    loaded.engine.close()
    seconds = time.monotonic() - started
    yield Finding("model", DEFAULT, State.OK, f"{loaded.fingerprint}, loads in {seconds:.1f} s")


def gpu() -> Iterator[Finding]:
    import torch

    if not torch.cuda.is_available():
        cores = len(os.sched_getaffinity(0))
        detail = f"none that torch {torch.__version__} can use; {cores} processor cores do the work"
        yield Finding("gpu", "", State.MISSING, detail)
    for number in range(torch.cuda.device_count()):
        found = torch.cuda.get_device_properties(number)
        memory = f"{found.total_memory >> 30} GiB"
        yield Finding("gpu", f"cuda:{number}", State.OK, f"{found.name}, {memory}")


def ray() -> Iterator[Finding]:
    yield _package("ray", "ray", "for several machines", "pip install 'ray>=2.60'")


def disk() -> Iterator[Finding]:
    """Whether the folders we write to can be written, and what room they have."""
    for name, folder in (
        ("runs", default_home()),
        ("temporary files", Path(tempfile.gettempdir())),
    ):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(b"x" * 4096)
                file.flush()
                os.fsync(file.fileno())
            free = shutil.disk_usage(folder).free
        except OSError as error:
            detail = f"expected to write in {folder}: {error.strerror}; set REASONER_HOME or TMPDIR"
            yield Finding("disk", name, State.BROKEN, detail)
            continue
        room = f"{free / 2**30:.1f} GiB free in {folder}"
        state = State.OK if free >= LEAST_FREE else State.BROKEN
        yield Finding("disk", name, state, room if state is State.OK else f"only {room}")


def sandbox() -> Iterator[Finding]:
    """The isolation attacks, run live in the sandbox that would be used."""
    from verifiers.sandbox import Sandbox
    from verifiers.sandbox.probe import probe

    try:
        opened = Sandbox()
    except SandboxUnavailable as error:
        yield Finding("sandbox", "", State.MISSING, str(error))
        return
    backend = opened.backend
    opened.close()
    yield Finding("sandbox", backend, State.OK, "starts; attacked now")
    for row in probe(backend):
        state = State.OK if row.held else State.BROKEN
        yield Finding(
            "sandbox", row.name, state, f"{'held' if row.held else 'got out'}: {row.detail}"
        )


def _package(part: str, name: str, about: str, install: str) -> Finding:
    try:
        found = version(name)
    except PackageNotFoundError:
        return Finding(part, name, State.MISSING, f"{about}; run: {install}".removeprefix("; "))
    return Finding(part, name, State.OK, found)
