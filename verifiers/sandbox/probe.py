"""Does the sandbox hold here? The attacks, run live.

``python -m verifiers.sandbox.probe [BACKEND]`` prints one JSON line a row.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict, dataclass

from .attacks import ESCAPES, Attack
from .bare import Bare
from .floods import FLOODS
from .limits import Limits
from .sandbox import Sandbox

LIMITS = Limits(seconds=2.0, memory=256 << 20, output=1 << 18)
AT_ONCE = 3
ATTACKS = ESCAPES + FLOODS


@dataclass(frozen=True, slots=True)
class Row:
    """One attack and whether the sandbox held; ``detail``: how the run ended, or what it got."""

    name: str
    held: bool
    detail: str


def probe(backend: str = "") -> tuple[Row, ...]:
    """Attack the sandbox that would be used; raises SandboxUnavailable when there is none, and
    ValueError for "unsafe", which has nothing to attack.

    Takes some seconds. Not from inside a running event loop: there, await :func:`aprobe`.
    """
    if backend == Bare.name:
        raise ValueError("expected a sandbox to attack, got 'unsafe', which is none")
    sandbox = Sandbox(backend, warm=AT_ONCE)
    try:
        return asyncio.run(aprobe(sandbox))
    finally:
        sandbox.close()


async def aprobe(sandbox: Sandbox, attacks: tuple[Attack, ...] = ATTACKS) -> tuple[Row, ...]:
    """One row for each of ``attacks``, in their order."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(attack: Attack) -> Row:
        async with room:
            ran = await sandbox.run(attack.program, limits=LIMITS)
        held = attack.held(ran)
        said = ran.stdout[:200].decode("utf-8", "replace").strip()
        return Row(attack.name, held, ran.why if held else f"{ran.why} {said}".strip())

    return tuple(await asyncio.gather(*map(one, attacks)))


if __name__ == "__main__":
    for row in probe(*sys.argv[1:2]):
        print(json.dumps(asdict(row)))
