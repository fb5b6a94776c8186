"""The worker thread: many callers, cancellation, failure, closing."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch

from reasoner.engine import Generation, Request
from reasoner.errors import EngineError
from reasoner.tiny import TinyEngine

from .conftest import CONTEXT, ask, run, texts


def test_a_hundred_requests_at_once(shared: TinyEngine) -> None:
    async def main() -> list[Generation]:
        requests = [
            Request(f"{i} to\n", samples=1 + i % 5, max_tokens=6, seed=i, value=i % 2 == 0)
            for i in range(100)
        ]
        return await asyncio.gather(*(shared.generate(request) for request in requests))

    generations = run(main())
    for i, generation in enumerate(generations):
        assert sum(completion.count for completion in generation.completions) == 1 + i % 5
    assert shared.stats.rows == 0


def test_several_event_loops_in_several_threads(shared: TinyEngine) -> None:
    expected = texts(ask(shared, "ab 4\n", samples=4, max_tokens=8, seed=9))

    def one(_: int) -> list[dict[str, int]]:
        return [texts(ask(shared, "ab 4\n", samples=4, max_tokens=8, seed=9)) for _ in range(5)]

    with ThreadPoolExecutor(4) as pool:
        found = [result for results in pool.map(one, range(4)) for result in results]
    assert found == [expected] * 20


def test_a_cancelled_call_loses_its_rows_and_others_live_on(
    make_engine: Callable[..., TinyEngine],
) -> None:
    engine = make_engine()

    async def main() -> None:
        long = Request("to\n", samples=200, max_tokens=CONTEXT - 10, temperature=3.0)
        doomed = asyncio.create_task(engine.generate(long))
        while engine.stats.rows == 0:
            await asyncio.sleep(0.001)
        other = asyncio.create_task(engine.generate(Request("4\n", max_tokens=5, temperature=0)))
        doomed.cancel()
        with pytest.raises(asyncio.CancelledError):
            await doomed
        await other
        tokens = engine.stats.tokens
        await engine.generate(Request("4\n", max_tokens=5, temperature=0))
        assert engine.stats.rows == 0
        assert engine.stats.tokens - tokens <= 6  # nobody computes for the cancelled call

    run(main())


def test_cancelled_while_waiting_for_room(make_engine: Callable[..., TinyEngine]) -> None:
    engine = make_engine()

    async def main() -> None:
        big = Request("to\n", samples=256, max_tokens=100, temperature=3.0)
        tasks = [asyncio.create_task(engine.generate(big)) for _ in range(4)]
        while engine.stats.rows == 0:
            await asyncio.sleep(0.001)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await engine.generate(Request("4\n", max_tokens=2))
        assert engine.stats.rows == 0

    run(main())


def test_more_samples_than_rows_are_done_in_parts(
    make_engine: Callable[..., TinyEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reasoner.tiny._MAX_ROWS", 8)
    engine = make_engine()
    most = 0

    async def main() -> Generation:
        nonlocal most
        request = Request("to\n", samples=100, max_tokens=6, temperature=3.0)
        task = asyncio.create_task(engine.generate(request))
        while not task.done():
            await asyncio.sleep(0)
            most = max(most, engine.stats.rows)
        return task.result()

    generation = run(main())
    assert sum(completion.count for completion in generation.completions) == 100
    assert len(generation.completions) > 8  # the parts draw different numbers
    assert most <= 8


def test_rows_are_bounded_by_bytes_for_long_texts(
    make_engine: Callable[..., TinyEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reasoner.tiny._BATCH_BYTES", 10 * 256 * 512)  # ten rows of 256 tokens
    decoder = make_engine()._decoder
    assert decoder.row_limit(100) == 20
    assert decoder.row_limit(200) == 10


def test_a_failing_model_fails_its_callers_and_the_engine_lives_on(
    make_engine: Callable[..., TinyEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine()
    good = texts(ask(engine, "ab\n", max_tokens=4, temperature=0))

    def broken(*_: Any) -> Any:
        raise RuntimeError("out of memory")

    async def main() -> None:
        calls = [engine.generate(Request(f"{i}\n", max_tokens=3)) for i in range(5)]
        for result in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(result, EngineError)
            assert "out of memory" in str(result)

    with monkeypatch.context() as patch:
        patch.setattr(engine._decoder._model, "logits", broken)
        run(main())
    assert texts(ask(engine, "ab\n", max_tokens=4, temperature=0)) == good


def test_out_of_memory_makes_the_batch_smaller_and_says_so(
    make_engine: Callable[..., TinyEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller is told, and what it asks again fits in the end."""
    engine = make_engine()
    model = engine._decoder._model
    forward = model.forward

    def cramped(tokens: torch.Tensor, *rest: Any) -> torch.Tensor:
        if tokens.size(0) > 8:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate")
        return forward(tokens, *rest)

    monkeypatch.setattr(model, "forward", cramped)
    request = Request("ab\n", samples=64, max_tokens=8, temperature=3.0)
    for _ in range(6):  # every time half as many, until they fit
        if engine._decoder.row_limit(64) <= 8:
            break
        with (
            pytest.warns(UserWarning, match=r"out of memory; at most \d+ samples at once"),
            pytest.raises(EngineError, match=r"out of memory; at most \d+ samples at once"),
        ):
            run(engine.generate(request))
    assert engine._decoder.row_limit(64) <= 8
    assert engine.capacity <= 8
    generation = run(engine.generate(request))
    assert sum(completion.count for completion in generation.completions) == 64


def test_close_fails_what_is_in_flight_and_joins(make_engine: Callable[..., TinyEngine]) -> None:
    engine = make_engine()

    async def main() -> None:
        long = Request("to\n", samples=100, max_tokens=CONTEXT - 10, temperature=3.0)
        tasks = [asyncio.create_task(engine.generate(long)) for _ in range(5)]
        while engine.stats.rows == 0:
            await asyncio.sleep(0.001)
        await asyncio.to_thread(engine.close)
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(result, EngineError)
        with pytest.raises(EngineError, match="closed"):
            await engine.generate(Request("to\n"))

    run(main())
    assert not engine._worker.is_alive()
    engine.close()


def test_a_forgotten_engine_ends_its_thread(make_engine: Callable[..., TinyEngine]) -> None:
    folder = make_engine().model_dir
    engine = TinyEngine(folder, threads=1, dtype="float32")
    worker = engine._worker
    del engine
    gc.collect()
    worker.join(10)
    assert not worker.is_alive()


def test_a_loop_that_is_gone_does_not_stop_the_worker(shared: TinyEngine) -> None:
    async def leave() -> None:
        long = Request("to\n", samples=50, max_tokens=100)
        asyncio.get_running_loop().create_task(shared.generate(long))
        await asyncio.sleep(0.005)

    thread = threading.Thread(target=lambda: asyncio.run(leave()))
    thread.start()
    thread.join()
    assert texts(ask(shared, "4\n", max_tokens=3))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 0}, "samples=0"),
        ({"max_tokens": 0}, "max_tokens=0"),
        ({"temperature": -1.0}, "temperature=-1.0"),
        ({"temperature": float("nan")}, "temperature=nan"),
        ({"stop": ""}, "stop=''"),
    ],
)
def test_requests_that_make_no_sense(
    options: dict[str, Any], message: str, shared: TinyEngine
) -> None:
    with pytest.raises(EngineError, match=message):
        ask(shared, "to\n", **options)


@pytest.mark.parametrize("prompt", ["", "x" * CONTEXT, "x" * (CONTEXT - 1)])
def test_prompts_that_do_not_fit(prompt: str, shared: TinyEngine) -> None:
    with pytest.raises(EngineError, match=f"found {len(prompt)}"):
        ask(shared, prompt)


def test_a_prompt_that_is_no_text(shared: TinyEngine) -> None:
    with pytest.raises(EngineError, match="valid Unicode"):
        ask(shared, "half a pair: \ud800\n")
