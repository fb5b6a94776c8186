"""An event loop in a thread of its own, for connections that outlive their callers' loops."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from .errors import EngineError

T = TypeVar("T")
_GRACE_S = 2.0  # for tasks to notice that they are cancelled


class Background:
    """Runs coroutines for callers in any thread and any event loop.

    Ends when closed or forgotten: what still runs then is cancelled, and ``hang_up`` called.
    """

    def __init__(self, name: str, hang_up: Callable[[], Awaitable[None]]) -> None:
        """``hang_up`` must not hold on to the owner of this, or it is never forgotten."""
        begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        thread = threading.Thread(target=_serve, args=(begun, hang_up), name=name, daemon=True)
        thread.start()
        self._loop, over = begun.result()
        self._stop = weakref.finalize(self, _end, self._loop, over, thread)

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Await ``work``; cancelling the caller cancels it. :class:`EngineError` when closed."""
        if not self._stop.alive:
            work.close()
            raise EngineError("expected an open engine, found it closed; load it again")
        try:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))
        except asyncio.CancelledError:
            if self._stop.alive:
                raise
            raise EngineError("the engine was closed while it worked on this request") from None

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run ``work`` and wait for it, from a thread that has nothing else to do."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """Cancel everything, hang up and end the thread."""
        self._stop()


def _serve(
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]],
    hang_up: Callable[[], Awaitable[None]],
) -> None:
    async def main() -> None:
        over = asyncio.Event()
        begun.set_result((asyncio.get_running_loop(), over))
        await over.wait()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=_GRACE_S)
        with suppress(TimeoutError):
            await asyncio.wait_for(hang_up(), _GRACE_S)

    with suppress(RuntimeError):  # an interpreter that leaves can start no thread to tidy up with
        asyncio.run(main())  # not run_forever: this closes what generators and threads left open


def _end(loop: asyncio.AbstractEventLoop, over: asyncio.Event, thread: threading.Thread) -> None:
    loop.call_soon_threadsafe(over.set)
    if thread is not threading.current_thread():
        thread.join(3 * _GRACE_S)
