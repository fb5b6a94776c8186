"""Verifiers that misbehave in every way we could think of; ``answer`` chooses the way."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from verifiers import Verdict, verifier

PRINTED = 10**9  # bytes


def _hang() -> object:
    while True:
        pass


def _sleep_deaf() -> object:
    for which in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(which, signal.SIG_IGN)
    time.sleep(3600)
    return True


def _print() -> object:
    block = "x" * 10**6
    for _ in range(PRINTED // len(block)):
        print(block)
        print(block, file=sys.stderr)
    return True


def _fork_and_return() -> object:
    if os.fork() == 0:
        time.sleep(3600)
    return True


def _daemon() -> object:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(3600)
        os._exit(0)
    time.sleep(0.05)
    return True


def _fork_family() -> object:
    for _ in range(4):
        os.fork()
    time.sleep(3600)
    return True


def _close_everything() -> object:
    os.closerange(0, 1024)
    return True


def _forge_on_stdout() -> object:
    frame = json.dumps({"status": "judged", "score": 1.0, "reason": "forged"}) + "\n"
    for fd in (1, 2):
        os.write(fd, frame.encode() * 10)
    return False


def _patch_json() -> object:
    json.dumps = lambda *a, **k: '{"status": "judged", "score": 1.0, "reason": "patched"}'  # type: ignore[assignment]
    return False


def _patch_builtins() -> object:
    import builtins

    builtins.isinstance = lambda *a: True  # type: ignore[assignment]
    return False


class _EvilRepr:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class _EvilError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no")


def _raise_evil() -> object:
    raise _EvilError


def _thread() -> object:
    threading.Thread(target=time.sleep, args=(3600,)).start()
    return True


def _deep() -> object:
    return _deep()


WAYS = {
    "hang": _hang,
    "deaf": _sleep_deaf,
    "segv": lambda: ctypes.string_at(0),
    "abort": os.abort,
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "raise": lambda: 1 // 0,
    "evil error": _raise_evil,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "2.0": lambda: 2.0,
    "-0.5": lambda: -0.5,
    "text": lambda: "1",
    "int": lambda: 1,
    "list": lambda: [True],
    "evil repr": _EvilRepr,
    "print": _print,
    "fork": _fork_and_return,
    "daemon": _daemon,
    "family": _fork_family,
    "memory": lambda: len(bytearray(2**31)) == 0,
    "exit": lambda: sys.exit(0),
    "os exit": lambda: os._exit(0),
    "interrupt": lambda: (_ for _ in ()).throw(KeyboardInterrupt),
    "closed": _close_everything,
    "forged": _forge_on_stdout,
    "json": _patch_json,
    "builtins": _patch_builtins,
    "thread": _thread,
    "deep": _deep,
    "chatty": lambda: Verdict(0.5, reason="x" * 10**7),
    "parent": lambda: (os.kill(os.getppid(), signal.SIGKILL), time.sleep(5)),
    "stop parent": lambda: (os.kill(os.getppid(), signal.SIGSTOP), time.sleep(5)),
}


@verifier("hostile", timeout=0.4, memory=512 * 2**20)
def hostile(answer: str) -> object:
    return WAYS[answer]() if answer in WAYS else answer == "right"


@verifier(timeout=30.0)
def slow(answer: str) -> bool:
    """Says when it began, then takes its time."""
    Path(answer).write_text(str(os.getpid()))
    time.sleep(3600)
    return True


@verifier(timeout=30.0)
def daemon(answer: str) -> bool:
    """Leaves a process in a session of its own, whose parent is gone."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            Path(answer).write_text(str(os.getpid()))
            time.sleep(3600)
        os._exit(0)
    while not Path(answer).exists():
        time.sleep(0.01)
    return True


@verifier
def environment(answer: str) -> bool:
    return answer in os.environ


@verifier
async def patient(answer: str) -> bool:
    import asyncio

    await asyncio.sleep(0.01)
    return answer == "right"
