"""The trusted runner: a function runs in this very process, where nothing can be killed."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from .judge import failure
from .verdict import NoVerdict, Status, as_verdict, explain

T = TypeVar("T")


class Trusted:
    """Only an async function heeds ``timeout``, seconds a verdict; memory is not capped."""

    def __init__(self, function: Callable[..., Any], timeout: float) -> None:
        self.function, self.timeout = function, timeout

    def call(self, values: dict[str, Any]) -> dict[str, Any]:
        return waited(self.acall(values))

    async def acall(self, values: dict[str, Any]) -> dict[str, Any]:
        started = time.monotonic()
        try:
            value = self.function(**values)
            if inspect.isawaitable(value):
                value = await asyncio.wait_for(value, self.timeout)
            verdict = as_verdict(value)
        except TimeoutError:
            verdict = failure(Status.TIMEOUT, f"no verdict in {self.timeout:g} s")
        except NoVerdict as error:
            verdict = failure(Status.ERROR, str(error))
        except (Exception, SystemExit) as error:
            verdict = failure(Status.ERROR, f"raised {explain(error)}")
        return {
            "status": verdict.status,
            "score": verdict.score,
            "reason": verdict.reason,
            "seconds": time.monotonic() - started,
        }

    def start(self, unsafe: bool) -> None:
        """Nothing is needed."""

    def close(self) -> None:
        """Nothing runs between calls."""


def waited(work: Coroutine[Any, Any, T]) -> T:
    """The result of ``work``, from inside a running event loop as well."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
