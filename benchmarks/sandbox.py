"""What isolation costs: sandboxed runs a second against a bare ``python -c pass``.

Rounds take turns, so that a slow minute of the machine falls on all kinds alike.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

from verifiers.code import Code
from verifiers.code_task import Asserts, problem
from verifiers.sandbox import End, Limits, Sandbox

from ._report import write

ROUNDS = 9
RUNS = 12  # a round
AT_ONCE = 2
TASK = problem(
    "twice",
    Asserts(
        "twice",
        'def twice(x):\n    """Two times x."""\n',
        "def check(candidate):\n    for n in range(7):\n        assert candidate(n) == n + n\n",
    ),
)


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    cold, warm = Sandbox(warm=0), Sandbox(warm=AT_ONCE)
    kinds: dict[str, Callable[[], None]] = {
        "bare `python -c pass`": bare,
        "bare `python -I -S -c pass`": lambda: bare("-I", "-S"),  # as it is started inside
        "cold: started when needed": lambda: asyncio.run(one_by_one(cold)),
        "warm: started ahead": lambda: asyncio.run(one_by_one(warm)),
        f"warm, {AT_ONCE} at once": lambda: asyncio.run(at_once(warm)),
        "a solution examined by tests": lambda: asyncio.run(exams(warm)),
    }
    for act in kinds.values():
        act()  # the first round fills the disk cache
    seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(ROUNDS):
        for kind, act in kinds.items():
            started = time.perf_counter()
            act()
            seconds[kind].append((time.perf_counter() - started) / RUNS)
    latency = asyncio.run(waiting(warm))
    for sandbox in (cold, warm):
        sandbox.close()
    floor = median(seconds["bare `python -c pass`"])
    write(
        "sandbox",
        {
            "what": f"Programs that do nothing, {RUNS} a round, median of {ROUNDS} rounds, "
            f"backend {warm.backend}. Runs one by one leave no time between them, so that starting "
            "the next process takes its share; with a pause between them, a warm run takes "
            f"{1000 * median(latency):.1f} ms (median).",
            "seed": 0,
            "rounds": ROUNDS,
            "runs": RUNS,
        },
        {"seconds_a_run": seconds, "seconds_with_pauses": latency},
        [
            {
                "a run": kind,
                "runs/s": f"{1 / median(taken):.0f}",
                "time": f"{1000 * median(taken):.1f} ms",
                "above bare": f"{1000 * (median(taken) - floor):+.1f} ms",
            }
            for kind, taken in seconds.items()
        ],
    )


def bare(*options: str) -> None:
    command = [sys.executable, *options, "-c", "pass"]
    for _ in range(RUNS):
        subprocess.run(command, stdin=subprocess.DEVNULL, check=True)


async def one_by_one(sandbox: Sandbox) -> None:
    for _ in range(RUNS):
        await nothing(sandbox)


async def at_once(sandbox: Sandbox) -> None:
    room = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with room:
            await nothing(sandbox)

    await asyncio.gather(*(one() for _ in range(RUNS)))


async def exams(sandbox: Sandbox) -> None:
    code = Code(sandbox, limits=Limits())
    for _ in range(RUNS):
        verdict = await code.averify(TASK, "    return x + x\n")
        if not verdict.passed:
            raise SystemExit(f"expected a right solution to pass, found {verdict}")


async def waiting(sandbox: Sandbox) -> list[float]:
    """Seconds of single runs with time enough between them for the next process to be ready."""
    taken = []
    for _ in range(ROUNDS * 3):
        await asyncio.sleep(0.2)
        started = time.perf_counter()
        await nothing(sandbox)
        taken.append(time.perf_counter() - started)
    return taken


async def nothing(sandbox: Sandbox) -> None:
    ran = await sandbox.run("pass")
    if ran.end is not End.OK:
        raise SystemExit(f"expected an empty program to end well, found {ran}")


if __name__ == "__main__":
    main()
