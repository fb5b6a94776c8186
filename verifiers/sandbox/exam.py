"""An exam: tests in one sandbox call a candidate in another; nothing but plain data passes.

The code under test never shares a process with the tests, so no object, patched builtin, exit or
forged line of its making can decide how they end. The tests are contained as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .limits import Limits
from .sandbox import Sandbox
from .session import Session


@dataclass(frozen=True, slots=True)
class Examined:
    """``passed``: None when the tests are broken themselves, or the machine was too busy to tell,
    which ``starved`` says."""

    passed: bool | None
    reason: str
    starved: bool = False


async def exam(
    sandbox: Sandbox, candidate: str, entry: str, before: str, tests: str, limits: Limits
) -> Examined:
    """Does the function ``entry`` of the source ``candidate`` pass ``tests``?

    ``tests`` defines ``check(candidate)``, which asserts; ``before`` is source that they rely on.
    ``limits`` hold for the candidate over all its calls; the tests get twice the time, so that
    whoever is slow is found out.
    """
    async with sandbox.session("serve", candidate, limits, entry=entry) as answering:
        message = await answering.receive()
        if message is None:
            return await _ended(answering)
        if "error" in message:
            return Examined(False, f"does not load: {message['error']}")
        patient = replace(limits, seconds=2 * limits.seconds)
        async with sandbox.session("check", before, patient, entry=entry, tests=tests) as asking:
            return await _relay(asking, answering)


async def _relay(asking: Session, answering: Session) -> Examined:
    asked = await asking.receive()
    while asked is not None and "call" in asked:
        reply = await answering.ask({"call": asked["call"]})
        if reply is None:
            return await _ended(answering)
        asked = await asking.ask(reply)
    if asked is None:
        ran = await asking.ran()
        return Examined(None, f"the tests ended without a result: {ran.why}")
    if "passed" in asked:
        return Examined(True, f"passes after {asked.get('calls')} calls")
    if not asked.get("calls"):
        return Examined(None, f"the tests fail by themselves: {asked.get('failed')}")
    return Examined(False, str(asked.get("failed")))


async def _ended(answering: Session) -> Examined:
    ran = await answering.ran()
    return Examined(None if ran.starved else False, ran.why_silent, ran.starved)
