"""The sandboxed runner: a function runs where it can reach nothing, in a fresh process a verdict.

For verifiers of strangers, and for those that hand an answer to a library nobody has vetted.
"""

from __future__ import annotations

import ast
import asyncio
import importlib.util
import json
import sys
import threading
import time
from dataclasses import astuple
from pathlib import Path
from typing import Any

from .arguments import to_json
from .child import START_S
from .judge import VerifierError
from .sandbox import End, Limits, Sandbox, SandboxUnavailable
from .sandbox.inside.plain import NotPlain, decode, encode
from .source import Source
from .trusted import waited
from .verdict import Status

OURS = ("reasoner", "search", "verifiers")  # what a verifier's file imports from us
SITE = ("site-packages", "dist-packages")  # folders of installed libraries
_STATUS = {End.TIMEOUT: Status.TIMEOUT}  # any other end is a crash
_ALONE = "the_file"  # the module that a single file becomes
_BOOT = """
import sys
from verifiers.child import load, verdict_on
from verifiers.source import Source

source, text = {source!r}, {text!r}
if text is not None:
    module = sys.modules[source[1]] = type(sys)(source[1])
    exec(compile(text, {file!r}, "exec"), module.__dict__)
function = load(Source(*source))

def judge(request):
    return verdict_on(function, request.encode())
"""


class Boxed:
    """``timeout``: seconds a verdict, the import of the function not counted. ``memory``: bytes."""

    def __init__(self, source: Source, timeout: float, memory: int) -> None:
        self.timeout = timeout
        self._limits = Limits(timeout + START_S, memory)
        self._program, self._packages = _packed(source)
        self._lock = threading.Lock()
        self._unsafe = False
        self._sandbox: Sandbox | None = None

    def start(self, unsafe: bool) -> None:
        """Open the sandbox. Raises :class:`VerifierError`, which says what to install."""
        self._unsafe = unsafe
        if not (unsafe or self._opened().isolated):
            self.close()  # what was allowed once is not allowed for good
        self._opened()

    def call(self, values: dict[str, Any]) -> dict[str, Any]:
        return waited(self.acall(values))

    async def acall(self, values: dict[str, Any]) -> dict[str, Any]:
        """A verdict's status, score, reason and seconds; cancelling kills what runs for it."""
        request, sandbox = json.dumps(to_json(values)), self._opened()
        async with sandbox.turn():
            started = time.monotonic()
            reply = await self._reply(sandbox, request)
        return {**reply, "seconds": time.monotonic() - started}

    async def _reply(self, sandbox: Sandbox, request: str) -> dict[str, Any]:
        try:
            return await self._asked(sandbox, request)
        except TimeoutError:
            return _failed(Status.TIMEOUT, f"no verdict in {self.timeout:g} s; allow it more")
        except SandboxUnavailable as error:
            return _failed(Status.CRASH, str(error))

    async def _asked(self, sandbox: Sandbox, request: str) -> dict[str, Any]:
        async with sandbox.session("serve", self._program, self._limits, entry="judge") as session:
            loaded = await session.receive()
            if loaded is not None and "error" in loaded:
                return _failed(Status.ERROR, str(loaded["error"]))
            call = {"call": encode({"args": [request], "kwargs": {}})}
            async with asyncio.timeout(self.timeout):
                said = loaded and await session.ask(call)
            if said is None:
                ran = await session.ran()
                status = _STATUS.get(ran.end, Status.CRASH)
                return _failed(status, f"the verifier ended without a verdict: {ran.why}")
            try:
                reply = decode(said.get("value"))
            except (NotPlain, RecursionError):
                reply = None
            if not isinstance(reply, dict) or reply.keys() != {"status", "score", "reason"}:
                return _failed(Status.CRASH, "the verifier's process said what is no verdict")
            return {**reply, "reason": sandbox.noted(str(reply["reason"]))}

    def close(self) -> None:
        """End the waiting process; the next call would open another sandbox."""
        with self._lock:
            if self._sandbox is not None:
                self._sandbox.close()
            self._sandbox = None

    def _opened(self) -> Sandbox:
        with self._lock:
            if self._sandbox is None:
                try:
                    self._sandbox = Sandbox(packages=self._packages, unsafe=self._unsafe)
                except SandboxUnavailable as error:
                    raise VerifierError(str(error)) from None
            return self._sandbox


def _packed(source: Source) -> tuple[str, tuple[str, ...]]:
    """The program that loads ``source`` inside, and the packages to be shown there.

    A single file travels as text, a package is shown whole, a copy carries itself. Installed
    libraries are all shown: what one of them needs in its turn is anybody's guess.
    """
    packages = [path for path in sys.path if Path(path).name in SITE and Path(path).is_dir()]
    packages += OURS
    text = file = None
    if source.kind != "pickle" and (file := _file(source)) is None:
        packages.append(source.target.partition(".")[0])
    elif file is not None:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise VerifierError(f"expected a Python file in UTF-8 at {file}: {error}") from None
        packages += imported(text)
        source = Source("module", _ALONE, source.attribute)
    program = _BOOT.format(source=astuple(source), text=text, file=file and file.name)
    return program, tuple(dict.fromkeys(packages))


def _file(source: Source) -> Path | None:
    """The one file that a source is; None for a module inside a package."""
    if source.kind == "file":
        return Path(source.target)
    spec = None if "." in source.target else importlib.util.find_spec(source.target)
    if spec is None or spec.submodule_search_locations is not None or spec.origin is None:
        return None
    return Path(spec.origin)


def imported(text: str) -> list[str]:
    """Top-level names of what a file imports, Python's own left out; none if it does not parse."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return []
    names = set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
    return sorted({name.partition(".")[0] for name in names} - set(sys.stdlib_module_names))


def _failed(status: Status, reason: str) -> dict[str, Any]:
    return {"status": status, "score": None, "reason": reason}
