"""How vLLM is started again, on one that only pretends: its processes end when they are told to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("vllm", reason="vLLM is not installed; run: make test-vllm")

from vllm.v1.engine.exceptions import EngineDeadError

from reasoner.errors import EngineError
from reasoner.vllm import core

pytestmark = [pytest.mark.timeout(60), pytest.mark.filterwarnings("ignore:vLLM's processes ended")]
NEW = Path("new")


class Pretended:
    """As much of ``AsyncLLM`` as the core uses. A request is answered by ``replies``, in turn:
    a text, "dies" or "hangs"; ``renewing``: the same for new weights."""

    def __init__(self, seats: int) -> None:
        self.vllm_config = SimpleNamespace(scheduler_config=SimpleNamespace(max_num_seqs=seats))
        self.output_processor = SimpleNamespace(propagate_error=self.tell)
        self.engine_core = SimpleNamespace(resources=SimpleNamespace(ctx=self))
        self.replies: list[str] = []
        self.renewing = ""
        self.errored = False
        self.weights: list[Path] = []
        self.waiting: list[asyncio.Future[str]] = []

    async def generate(self, *_: Any, **__: Any) -> AsyncIterator[str]:
        reply = self.replies.pop(0) if self.replies else "well"
        if reply == "dies":
            self.errored = True
        if self.errored:
            raise EngineDeadError
        if reply == "hangs":
            self.waiting.append(asyncio.get_running_loop().create_future())
            yield await self.waiting[-1]
        yield reply

    def tell(self, error: Exception) -> None:
        for future in self.waiting:
            if not future.done():
                future.set_exception(error)

    async def collective_rpc(self, _: str, args: tuple[str]) -> None:
        if self.renewing == "dies":
            self.errored = True
            await asyncio.get_running_loop().create_future()  # nobody is there to reply
        self.weights.append(Path(*args))

    async def pause_generation(self, mode: str) -> None: ...
    async def update_weight_version(self, version: str) -> None: ...
    async def resume_generation(self) -> None: ...
    async def abort(self, name: str) -> None: ...
    def shutdown(self, timeout: float) -> None: ...
    def destroy(self, linger: int) -> None: ...


class Bench:
    """A core, and every vLLM that it started. ``free``: a new start ends when it is set."""

    def __init__(self) -> None:
        self.made: list[Pretended] = []
        self.free = threading.Event()
        self.free.set()
        self.broken = False
        self.core = core.Core()

    def from_engine_args(self, args: Any, usage_context: object) -> Pretended:
        assert self.free.wait(30)
        if self.broken:
            raise RuntimeError("no memory left")
        self.made.append(Pretended(args.max_num_seqs))
        return self.made[-1]

    async def ask(self, timeout_s: float | None = None) -> Any:
        return await self.core.ask([1], None, None, timeout_s)  # type: ignore[arg-type]

    async def die(self) -> None:
        self.made[-1].replies = ["dies"]
        with pytest.raises(EngineError, match="processes ended"):
            await self.ask()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        async def main() -> None:
            await self.core.start(SimpleNamespace(max_num_seqs=1024))  # type: ignore[arg-type]
            try:
                await asyncio.wait_for(work, 20)
            finally:
                self.free.set()
                await self.core.stop()

        asyncio.run(main())


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    bench = Bench()
    monkeypatch.setattr(core, "AsyncLLM", bench)
    return bench


def test_the_smaller_batch_is_smaller_than_what_was_in_flight(bench: Bench) -> None:
    async def main() -> None:
        assert bench.core.samples == 256
        await bench.die()
        assert await bench.ask() == "well"
        assert bench.core.samples == 128
        assert bench.made[-1].vllm_config.scheduler_config.max_num_seqs == 128

    bench.run(main())


def test_a_new_start_takes_no_more_than_a_requests_time(bench: Bench) -> None:
    async def main() -> None:
        bench.free.clear()
        await bench.die()
        with pytest.raises(EngineError, match="not there yet"):
            await bench.ask(0.05)
        waiting = asyncio.create_task(bench.core.ready(1000))
        await asyncio.sleep(0.05)
        bench.free.set()
        left = await waiting
        assert left is not None
        assert left < 1000

    bench.run(main())


def test_whoever_waits_hears_of_the_end(bench: Bench) -> None:
    async def main() -> None:
        bench.made[0].replies = ["hangs"]
        waiting = asyncio.create_task(bench.ask())
        while not bench.made[0].waiting:
            await asyncio.sleep(0)
        await bench.die()
        with pytest.raises(EngineError, match="processes ended"):
            await waiting
        assert await bench.ask() == "well"

    bench.run(main())


def test_new_weights_wait_for_the_new_start(bench: Bench) -> None:
    async def main() -> None:
        bench.free.clear()
        await bench.die()
        renewal = asyncio.create_task(bench.core.reload(NEW, "2"))
        await asyncio.sleep(0.05)
        bench.free.set()
        await renewal
        assert bench.made[1].weights == [NEW]

    bench.run(main())


def test_an_end_while_weights_are_renewed(bench: Bench) -> None:
    """Is said, and the new start has those that were there before."""

    async def main() -> None:
        await bench.core.reload(NEW, "2")
        bench.made[0].renewing = "dies"
        with pytest.raises(EngineError, match="processes ended"):
            await bench.core.reload(Path("newer"), "3")
        assert await bench.ask() == "well"
        assert bench.made[1].weights == [NEW]

    bench.run(main())


@pytest.mark.parametrize("broken", ["start", "end"])
def test_a_new_start_that_fails_is_said_to_all(
    broken: str, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Any, **__: Any) -> None:
        raise RuntimeError("no memory left")

    async def main() -> None:
        bench.broken = broken == "start"
        if broken == "end":
            monkeypatch.setattr(Pretended, "shutdown", fail)
        await bench.die()
        for _ in range(2):
            with pytest.raises(EngineError, match="not be started again: no memory left"):
                await bench.ask()

    bench.run(main())
