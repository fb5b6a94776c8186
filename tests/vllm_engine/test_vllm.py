"""What vLLM alone does: values, weights that change, processes that end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from reasoner import Answer, Model, Reasoner
from reasoner.engine import Completion, Finish, Request
from reasoner.errors import EngineError, ModelError
from reasoner.group import Line, spell
from reasoner.records import Growth
from reasoner.runs import Store
from reasoner.tiny import TinyEngine
from reasoner.vllm.engine import VLLMEngine
from reasoner.vllm.options import read_options
from search import StopReason
from tests.engine.conformance import Reference
from tests.engine.conftest import run
from tests.engine.test_conformance import NEVER

from .conftest import OPTIONS, ROOT, TINY
from .marks import marked, send
from .weights import adapted, changed

pytestmark = pytest.mark.timeout(1200)
PROMPT = "countdown 4 5 6 10 to 24\n"


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


def test_new_weights_answer_as_themselves(engine: VLLMEngine, tmp_path: Path) -> None:
    """Also where the old ones' beginnings were cached."""
    other = changed(TINY, tmp_path / "other", seed=1)
    question = Request(PROMPT, temperature=0, max_tokens=24)
    (before,) = run(engine.generate(question)).completions
    try:
        run(engine.reload_weights(other, "other"))
        (after,) = run(engine.generate(question)).completions
        tokens, logprob, _ = Reference(other, NEVER).greedy(PROMPT, 24)
        assert after.text == Reference(other, NEVER).decode(tokens) != before.text
        assert after.logprob == pytest.approx(logprob, abs=1e-3)
        assert after.weights is not None
        assert {span.version for span in after.weights} == {"other"}
    finally:
        run(engine.reload_weights(TINY, "first"))
    (again,) = run(engine.generate(question)).completions
    assert (again.text, again.logprob) == (before.text, pytest.approx(before.logprob, abs=1e-3))


def test_weights_that_change_under_load_say_so(
    engine: VLLMEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a span says is checked: log-probabilities of its tokens by the weights it names."""
    folders = {"first": TINY, "second": changed(TINY, tmp_path / "second", seed=2)}
    references = {version: Reference(folder, NEVER) for version, folder in folders.items()}
    prompt = references["first"].tokenizer.encode(PROMPT)
    found: list[Line] = []  # texts alone can be spelt in other tokens, too

    def keep(lines: Sequence[Line], decode: Callable[[Sequence[int]], str]) -> object:
        found.extend(lines)
        return spell(lines, decode)

    monkeypatch.setattr("reasoner.vllm.engine.spell", keep)

    async def ask(seed: int) -> None:
        """Always something in flight, until the new weights have answered, too."""
        while not any(line.weights and line.weights[0].version == "second" for line in found):
            await engine.generate(Request(PROMPT, samples=4, max_tokens=60, seed=seed))
            seed += 100

    async def change() -> None:
        await engine.reload_weights(TINY, "first")
        callers = [asyncio.create_task(ask(seed)) for seed in range(4)]
        while not found:
            await asyncio.sleep(0.01)
        await engine.reload_weights(folders["second"], "second")
        await asyncio.gather(*callers)

    try:
        asyncio.run(change())
    finally:
        run(engine.reload_weights(TINY, "first"))
    for line in found:
        spans = line.weights
        assert spans is not None
        ends = [references["first"].end] if line.finish is Finish.END else []
        tokens = [*line.tokens, *ends]
        assert [span.start for span in spans] == [0, *(span.end for span in spans[:-1])]
        assert spans[-1].end == len(tokens)
        after = {span.version: references[span.version].logprobs(prompt + tokens) for span in spans}
        expected = sum(
            float(after[span.version][len(prompt) - 1 + i, tokens[i]])
            for span in spans
            for i in range(span.start, span.end)
        )
        assert line.logprob == pytest.approx(expected, abs=2e-3)
    assert any(len(line.weights or ()) > 1 for line in found), "nothing was in flight"


def test_a_saved_think_tells_which_weights_wrote_what(engine: VLLMEngine, tmp_path: Path) -> None:
    second = changed(TINY, tmp_path / "second", seed=2)
    reasoner = Reasoner(Model("m", engine), store=Store(tmp_path / "home"))

    def versions() -> list[set[str]]:
        """Of each line that was saved by now."""
        (run_id,) = reasoner.store.ids()
        grown = [r for r in reasoner.store.read(run_id).records if isinstance(r, Growth)]
        chains = [chain for growth in grown for chain in growth.proposal.chains]
        assert all(chain.weights for chain in chains)
        return [{span.version for span in chain.weights or ()} for chain in chains]

    async def main() -> None:
        thinking = reasoner.stream("What is 387 + 645?", 600, stop_when="budget")
        changing: asyncio.Task[None] | None = None
        async for progress in thinking:
            if progress.tokens and changing is None:
                changing = asyncio.create_task(engine.reload_weights(second, "second"))
            elif changing is not None and changing.done() and {"second"} in versions():
                break
        await thinking.result()

    run(engine.reload_weights(TINY, "first"))
    try:
        run(main())
    finally:
        run(engine.reload_weights(TINY, "first"))
    assert {"first"} in versions()


@dataclass
class Adapted:
    """An engine with places for two adapters; ``mark``: of the processes it started."""

    engine: VLLMEngine
    mark: str


@pytest.fixture(scope="module")
def two() -> Iterator[Adapted]:
    engine = VLLMEngine(TINY, {**OPTIONS, "max_loras": 2, "enable_lora": True, "max_lora_rank": 8})
    yield Adapted(engine, os.environ["REASONER_VLLM"])
    engine.close()


def test_two_adapters_of_one_engine(two: Adapted, tmp_path: Path) -> None:
    """Champion and challenger at once, beside the model itself: each as if worked in."""
    names = ("champion", "challenger")
    for seed, name in enumerate(names):
        adapted(TINY, tmp_path / name, tmp_path / f"{name}-merged", seed)
    expected = {}
    for name in ("tiny", *names):
        reference = Reference(TINY if name == "tiny" else tmp_path / f"{name}-merged", NEVER)
        tokens, logprob, _ = reference.greedy(PROMPT, 24)
        expected[name] = (reference.decode(tokens), pytest.approx(logprob, abs=1e-3))
    assert len({text for text, _ in expected.values()}) == 3
    engines = {name: two.engine.with_lora(name, tmp_path / name) for name in names}
    engines["tiny"] = two.engine

    async def main() -> dict[str, Completion]:
        question = Request(PROMPT, temperature=0, max_tokens=24)
        work = [each.generate(question) for each in engines.values()]
        found = await asyncio.gather(*work)
        return {n: g.completions[0] for n, g in zip(engines, found, strict=True)}

    for name, completion in run(main()).items():
        assert (completion.text, completion.logprob) == expected[name]
        assert completion.weights is not None
        version = completion.weights[0].version
        assert version.endswith(f"+{name}") == (name != "tiny")


def test_there_is_no_place_for_a_third_adapter(two: Adapted, tmp_path: Path) -> None:
    if two.engine.options["max_loras"] == 2:
        pytest.skip("on a GPU adapters take turns")
    for name in ("first", "second"):
        with contextlib.suppress(EngineError):  # those of the test before have them already
            two.engine.with_lora(name, tmp_path)
    with pytest.raises(EngineError, match="at most 2 LoRA adapters"):
        two.engine.with_lora("third", tmp_path)


def think(two: Adapted, seconds: float, number: signal.Signals) -> Answer:
    """A think in which vLLM gets a signal as soon as there is an answer."""

    async def main() -> Answer:
        reasoner = Reasoner(Model("m", two.engine))
        thinking = reasoner.stream("What is 387 + 645?", seconds, save=False, stop_when="budget")
        async for progress in thinking:
            if progress.best is not None:
                send(two.mark, number)
        return await thinking.result()

    return asyncio.run(main())


def test_a_vllm_that_hangs_keeps_the_budget(two: Adapted) -> None:
    try:
        answer = think(two, 30, signal.SIGSTOP)
    finally:
        send(two.mark, signal.SIGCONT)
    assert answer.answer is not None
    assert answer.stop_reason is StopReason.TIME


def test_a_vllm_that_dies_leaves_the_best_answer(two: Adapted) -> None:
    """The last test of this engine."""
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


def test_an_adapter_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="expected a LoRA adapter"):
        VLLMEngine(TINY, OPTIONS, tmp_path)


def test_options() -> None:
    options = read_options("a/b?tensor_parallel_size=2&dtype=half&enforce_eager=true&lora=x")
    assert (options.model, options.lora) == ("a/b", "x")
    expected = {"tensor_parallel_size": 2, "dtype": "half", "enforce_eager": True}
    assert options.engine == expected
