"""What vLLM alone does: values, weights that change, processes that end."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reasoner.engine import Request
from reasoner.errors import ModelError
from reasoner.tiny import TinyEngine
from reasoner.vllm.engine import VLLMEngine
from reasoner.vllm.options import read_options
from tests.engine.conftest import run

from .conftest import OPTIONS, TINY

pytestmark = pytest.mark.timeout(600)
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


def test_weights_that_change_under_load_say_so(engine: VLLMEngine) -> None:
    async def main() -> None:
        long = Request(PROMPT, samples=32, max_tokens=400, temperature=2.0, seed=1)
        writing = asyncio.create_task(engine.generate(long))
        await asyncio.sleep(0.5)
        await engine.reload_weights(TINY, "second")
        for completion in (await writing).completions:
            ends = [span.end for span in completion.weights]
            starts = [span.start for span in completion.weights]
            assert starts == [0, *ends[:-1]], "every token is some weights'"
        after = await engine.generate(Request(PROMPT, max_tokens=4, temperature=0))
        assert {s.version for c in after.completions for s in c.weights} == {"second"}

    asyncio.run(main())


KILLED = """
import os, sys
from pathlib import Path
from reasoner.vllm.engine import VLLMEngine

if __name__ == "__main__":
    VLLMEngine(Path(sys.argv[1]), {"kv_cache_memory_bytes": 1 << 28})
    print(os.environ["REASONER_VLLM"], flush=True)
    os.kill(os.getpid(), 9)
"""


def marked(mark: str) -> list[str]:
    """Processes with this in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark.encode() in path.read_bytes():
                found.append(path.parent.name)
    return found


def test_nothing_outlives_a_program_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    command = [sys.executable, str(script), str(TINY)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
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
