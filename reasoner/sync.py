"""One thin way from synchronous code into the async core."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` to its end from anywhere: a script, a thread, or inside a running loop.

    A running loop (a notebook has one) can not be re-entered, so the work then gets a loop of
    its own in a fresh thread, and the calling one waits for it.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run_here(work)
    outcome: list[T] = []
    failure: list[BaseException] = []

    def target() -> None:
        try:
            outcome.append(_run_here(work))
        except BaseException as error:  # handed to the caller, whatever it is
            failure.append(error)

    thread = threading.Thread(target=target, name="reasoner-ask", daemon=True)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


def _run_here(work: Coroutine[Any, Any, T]) -> T:
    # Not asyncio.run: that waits for every task left over, and an engine that hangs and
    # swallows its cancellation must not make an answer late.
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:  # one turn for those that go willingly
            loop.run_until_complete(asyncio.wait(left, timeout=0.01))
        loop.set_exception_handler(lambda *_: None)  # the unwilling ones go without a word
        loop.close()
