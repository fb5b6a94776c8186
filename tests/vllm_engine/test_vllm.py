"""What vLLM alone does: values, adapters, processes that end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from reasoner import Answer, Model, Reasoner
from reasoner.engine import Completion, Request
from reasoner.errors import EngineError, ModelError
from reasoner.tiny import TinyEngine
from reasoner.vllm.engine import VLLMEngine
from reasoner.vllm.options import read_options
from search import StopReason
from tests.engine.conformance import Reference
from tests.engine.conftest import run
from tests.engine.test_conformance import NEVER

from .conftest import OPTIONS, PROMPT, ROOT, TINY
from .marks import marked, send
from .weights import adapted

pytestmark = pytest.mark.timeout(1200)


def test_values_are_those_of_the_bundled_engine(engine: VLLMEngine) -> None:
    request = Request(PROMPT, temperature=0, max_tokens=16, stop="\n", value=True)
    ours = TinyEngine(TINY, threads=1, dtype="float32")
    try:
        (expected,) = run(ours.generate(request)).completions
    finally:
        ours.close()
    (found,) = run(engine.generate(request)).completions
    assert (found.text, found.finish) == (expected.text, expected.finish)
    assert found.value == pytest.approx(expected.value, abs=1e-3)


def test_its_batch_is_as_large_as_vllms_own(engine: VLLMEngine) -> None:
    assert engine.capacity == 256


def test_beginnings_are_computed_once(engine: VLLMEngine) -> None:
    prompt = PROMPT * 40  # longer than a block of the cache
    first, second = (run(engine.generate(Request(prompt, max_tokens=1))).tokens for _ in range(2))
    assert second < first


def test_many_prompts_with_seeds(engine: VLLMEngine) -> None:
    """More than one pass takes: none may be computed in pieces on a processor."""

    async def main() -> None:
        requests = [Request(f"{i} " + PROMPT * 12, max_tokens=2, seed=i) for i in range(64)]
        await asyncio.gather(*(engine.generate(request) for request in requests))

    run(main())


def test_more_than_its_memory_holds() -> None:
    """Room for two whole texts, and a hundred at once: vLLM makes its batch smaller by itself."""
    engine = VLLMEngine(TINY, {**OPTIONS, "kv_cache_memory_bytes": 1 << 23})
    try:
        cache = engine._core.llm.vllm_config.cache_config
        asked = Request(PROMPT, samples=100, max_tokens=80, temperature=1.5)
        generation = run(engine.generate(asked))
    finally:
        engine.close()
    assert sum(completion.count for completion in generation.completions) == 100
    written = sum(completion.tokens * completion.count for completion in generation.completions)
    assert written > cache.num_gpu_blocks * cache.block_size, "it held them all"


@dataclass
class Adapted:
    """An engine with places for two adapters, and the engines through them, which lie in
    ``folder``; ``mark``: of the processes it started."""

    engine: VLLMEngine
    mark: str
    folder: Path
    through: dict[str, VLLMEngine]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adapted]:
    folder = tmp_path_factory.mktemp("adapters")
    engine = VLLMEngine(TINY, {**OPTIONS, "max_loras": 2, "enable_lora": True, "max_lora_rank": 8})
    through = {}
    for seed, name in enumerate(("champion", "challenger")):
        adapted(TINY, folder / name, folder / f"{name}-merged", seed)
        through[name] = engine.with_lora(name, folder / name)
    yield Adapted(engine, os.environ["REASONER_VLLM"], folder, through)
    engine.close()


def test_two_adapters_of_one_engine(two: Adapted) -> None:
    """Champion and challenger at once, beside the model itself: each as if worked in."""
    expected, near = {}, 1e-3
    for name in ("tiny", *two.through):
        reference = Reference(TINY if name == "tiny" else two.folder / f"{name}-merged", NEVER)
        tokens, logprob, _ = reference.greedy(PROMPT, 24)
        expected[name] = (reference.decode(tokens), logprob)
    lowest, middle, highest = sorted(logprob for _, logprob in expected.values())
    assert middle - lowest > 10 * near < highest - middle, "they are told apart"
    engines = {"tiny": two.engine, **two.through}

    async def main() -> dict[str, Completion]:
        question = Request(PROMPT, temperature=0, max_tokens=24)
        work = [each.generate(question) for each in engines.values()]
        found = await asyncio.gather(*work)
        return {n: g.completions[0] for n, g in zip(engines, found, strict=True)}

    for name, completion in run(main()).items():
        text, logprob = expected[name]
        assert completion.text == text
        assert completion.logprob == pytest.approx(logprob, abs=near)
        assert completion.weights is not None
        version = completion.weights[0].version
        assert version.endswith(f"+{name}") == (name != "tiny")


def test_there_is_no_place_for_a_third_adapter(two: Adapted, tmp_path: Path) -> None:
    if two.engine.options["max_loras"] == 2:
        pytest.skip("on a GPU adapters take turns")
    with pytest.raises(EngineError, match="at most 2 LoRA adapters"):
        two.engine.with_lora("third", tmp_path)


def think(two: Adapted, seconds: float, number: signal.Signals) -> Answer:
    """A think in which vLLM gets a signal, once, as soon as there is an answer."""

    async def main() -> Answer:
        reasoner = Reasoner(Model("m", two.engine))
        thinking = reasoner.stream("What is 387 + 645?", seconds, save=False, stop_when="budget")
        sent = False
        async for progress in thinking:
            if progress.best is not None and not sent:
                sent = bool(send(two.mark, number))
        return await thinking.result()

    return asyncio.run(main())


def test_a_vllm_that_hangs_keeps_the_budget(two: Adapted) -> None:
    try:
        answer = think(two, 30, signal.SIGSTOP)
    finally:
        send(two.mark, signal.SIGCONT)
    assert answer.answer is not None
    assert answer.stop_reason is StopReason.TIME


def test_a_vllm_that_dies_is_started_again_with_a_smaller_batch(two: Adapted) -> None:
    """The question goes on, adapters and new weights are what they were; at the end of its lives
    the best answer is left."""
    engine, question = two.engine, Request(PROMPT, temperature=0, max_tokens=24)
    one, capacity = two.through["champion"], engine.capacity
    run(engine.reload_weights(TINY, "renewed"))
    before = run(one.generate(question)).completions[0]
    with pytest.warns(UserWarning, match=f"at most {capacity // 2} samples at once"):
        answer = think(two, 90, signal.SIGKILL)
    assert answer.answer == "1032"
    assert answer.stop_reason is StopReason.TIME
    assert engine.capacity == capacity // 2
    after = run(one.generate(question)).completions[0]
    assert (after.text, after.weights) == (before.text, before.weights)
    engine._core._lives = 0
    with pytest.warns(UserWarning, match="memory runs out$"):
        answer = think(two, 600, signal.SIGKILL)
    assert answer.answer is not None
    assert answer.stop_reason is StopReason.ENGINE


KILLED = """
import os, sys
from pathlib import Path
from reasoner.vllm.engine import VLLMEngine

if __name__ == "__main__":
    VLLMEngine(Path(sys.argv[1]), {"kv_cache_memory_bytes": 1 << 28})
    print(os.environ["REASONER_VLLM"], flush=True)
    os.kill(os.getpid(), 9)
"""


def test_the_command_asks_it(tmp_path: Path) -> None:
    """And what vLLM leaves behind is cleaned up without a word."""
    command = [sys.executable, "-m", "reasoner", "ask", "Use 4 5 6 10 to make 24"]
    command += ["--model", f"vllm:{TINY}?kv_cache_memory_bytes={1 << 28}", "--think", "60s"]
    found = {**os.environ, "REASONER_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=found)
    assert ended.returncode == 0, ended.stderr
    assert "verified in" in ended.stderr
    assert "resource_tracker" not in ended.stderr


def test_nothing_outlives_a_program_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    command = [sys.executable, str(script), str(TINY)]
    found = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, env=found)
    assert ended.returncode == -9
    mark = ended.stdout.strip()
    assert mark
    for _ in range(100):
        if not marked(mark):
            return
        time.sleep(0.1)
    raise AssertionError(f"still there: {marked(mark)}")


@pytest.mark.parametrize("option", ["tensor_paralel_size", "max_model_length"])
def test_unknown_options_are_told_the_right_ones(option: str) -> None:
    with pytest.raises(ModelError, match="did you mean"):
        VLLMEngine(TINY, {option: 2})


def test_a_folder_that_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="vLLM could not load"):
        VLLMEngine(tmp_path, OPTIONS)


def test_nothing_runs_on_for_a_model_without_a_tokenizer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = []

    class Started:
        sizes = SimpleNamespace(max_model_len=64, get_vocab_size=lambda: 64)
        llm = SimpleNamespace(vllm_config=SimpleNamespace(model_config=sizes))

        async def start(self, _: object) -> None: ...

        async def stop(self) -> None:
            ended.append(self)

    monkeypatch.setattr("reasoner.vllm.engine.Core", Started)
    with pytest.raises(ModelError, match=r"expected a tokenizer\.json"):
        VLLMEngine(tmp_path, OPTIONS)
    assert ended


def test_an_adapter_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="expected a LoRA adapter"):
        VLLMEngine(TINY, OPTIONS, tmp_path)


def test_options() -> None:
    options = read_options("a/b?tensor_parallel_size=2&dtype=half&enforce_eager=true&lora=x")
    assert (options.model, options.lora) == ("a/b", "x")
    expected = {"tensor_parallel_size": 2, "dtype": "half", "enforce_eager": True}
    assert options.engine == expected
