"""Every engine on the bundled model, in one run: tokens per second on tree-shaped work.

Tree-shaped: all requests go on from beginnings of lines of one question, as a search asks them.
``generate`` is ``transformers.generate`` on the same requests, a batch after the other; what it
pads ended texts with counts for nobody. The limit is what the model's matrix products alone would
take, timed one by one at that width. Also: how soon an engine is free after a cancelled horde, and
what a request costs beside the model. vLLM takes part where it is installed. Prints JSON and
writes ``results/engines.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

import torch
from safetensors import safe_open

from reasoner.catalog import BUNDLED, DEFAULT
from reasoner.engine import Engine, Request
from reasoner.hf import HFEngine
from reasoner.llama import knows_bfloat16
from reasoner.tiny import TinyEngine

from ._report import write

WIDTHS = (1, 8, 64, 256)
TOKENS = 48  # written by each sample at most
BATCHES = 3  # of a width's requests, in each of the rounds, whose best counts
ROUNDS = 3
SEED = 0
QUESTION = "countdown 3 5 7 8 50 to 377\n"
STEPS = ("50 * 7 = 350 left 3 5 8 350\n", "5 + 3 = 8 left 7 8 50\n", "8 * 5 = 40 left 3 7 40 50\n")
DTYPES = {"float32": torch.float32} | ({"bfloat16": torch.bfloat16} if knows_bfloat16() else {})


def prompts(width: int, rng: Random) -> list[str]:
    return [QUESTION + rng.choice(("", *STEPS)) for _ in range(width)]


def engines(folder: Path) -> Iterator[tuple[str, Callable[[], Engine]]]:
    """By name; one at a time is loaded."""
    for dtype, kind in DTYPES.items():
        yield f"bundled, {dtype}", partial(TinyEngine, folder, dtype=dtype)
        yield f"hf, {dtype}", partial(HFEngine, folder, kind, "cpu")
        if find_spec("vllm"):
            from reasoner.vllm.engine import VLLMEngine

            yield f"vllm, {dtype}", partial(VLLMEngine, folder, {"dtype": dtype})


async def written(engine: Engine, width: int, rng: Random) -> float:
    """Tokens written per second, ends of texts included, with ``width`` requests in flight."""
    waiting = prompts(width * BATCHES, rng)
    tokens = 0

    async def caller() -> None:
        nonlocal tokens
        while waiting:
            request = Request(waiting.pop(), max_tokens=TOKENS, seed=rng.getrandbits(30))
            (completion,) = (await engine.generate(request)).completions
            tokens += completion.tokens + 1

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(width)))
    return tokens / (time.perf_counter() - began)


async def freed(engine: Engine) -> float:
    """Seconds that a request takes longer than it would, right after a horde was cancelled."""
    short = Request(QUESTION, max_tokens=1, temperature=0)

    async def once() -> float:
        began = time.perf_counter()
        await engine.generate(short)
        return time.perf_counter() - began

    usual = min([await once() for _ in range(5)])
    horde = Request(QUESTION, samples=128, max_tokens=400, temperature=2.0)
    tasks = [asyncio.create_task(engine.generate(horde)) for _ in range(2)]
    await asyncio.sleep(0.5)
    for task in tasks:
        task.cancel()
    return max(0.0, await once() - usual)


async def beside(engine: TinyEngine) -> float:
    """Seconds of a request that the decoder was not busy for."""
    count, busy, began = 50, engine.stats.busy_s, time.perf_counter()
    for _ in range(count):
        await engine.generate(Request(QUESTION, max_tokens=4, temperature=0))
    return (time.perf_counter() - began - (engine.stats.busy_s - busy)) / count


def generate(folder: Path, dtype: torch.dtype) -> Callable[[int, Random], float]:
    """Tokens written per second by ``transformers.generate``, ends of texts included."""
    from transformers import AutoTokenizer, LlamaForCausalLM

    model: Any = LlamaForCausalLM.from_pretrained(folder, dtype=dtype)
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    tokenizer.pad_token = "<pad>"

    @torch.inference_mode()
    def round_(width: int, rng: Random) -> float:
        waiting, tokens, began = prompts(width * BATCHES, rng), 0, time.perf_counter()
        for first in range(0, len(waiting), width):
            batch = tokenizer(waiting[first : first + width], return_tensors="pt", padding=True)
            batch.pop("token_type_ids", None)
            rows = model.generate(**batch, do_sample=True, top_k=0, max_new_tokens=TOKENS)
            rows = rows[:, batch.input_ids.shape[1] :]
            tokens += int((rows != tokenizer.pad_token_id).sum())
        return tokens / (time.perf_counter() - began)

    return round_


def limit(folder: Path, dtype: torch.dtype, width: int) -> float:
    """Tokens per second if nothing but the matrix products took time."""
    with safe_open(folder / "model.safetensors", "pt") as file:
        shapes = [file.get_slice(name).get_shape() for name in file.keys()]  # noqa: SIM118
    seconds = 0.0
    for rows, columns in (shape for shape in shapes if len(shape) == 2):
        weight = torch.randn(columns, rows).to(dtype)
        inputs = torch.randn(width, columns).to(dtype)
        times = []
        for _ in range(20):
            began = time.perf_counter()
            inputs @ weight
            times.append(time.perf_counter() - began)
        seconds += min(times)
    return width / seconds


def measure(folder: Path, widths: Sequence[int], rounds: int) -> dict[str, Any]:
    rates: dict[str, list[float]] = {}
    free, side = dict[str, float](), dict[str, float]()
    for dtype, kind in DTYPES.items():
        reference = generate(folder, kind)
        rates[f"generate, {dtype}"] = [
            max(reference(width, Random(SEED + i)) for i in range(rounds)) for width in widths
        ]
        rates[f"limit, {dtype}"] = [limit(folder, kind, width) for width in widths]
    for name, make in engines(folder):
        engine = make()
        asyncio.run(written(engine, 8, Random(9)))  # warm
        rates[name] = [
            max(asyncio.run(written(engine, width, Random(SEED + i))) for i in range(rounds))
            for width in widths
        ]
        free[name] = asyncio.run(freed(engine))
        if isinstance(engine, TinyEngine):
            side[name] = asyncio.run(beside(engine))
        engine.close()
    return {"widths": widths, "tokens_per_s": rates, "cancel_to_free_s": free, "beside_s": side}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", type=Path, default=BUNDLED / DEFAULT)
    parser.add_argument("--widths", type=int, nargs="+", default=WIDTHS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    found = measure(given.model, given.widths, given.rounds)
    print(json.dumps(found, indent=2))
    rates: dict[str, list[float]] = found["tokens_per_s"]
    free, side = found["cancel_to_free_s"], found["beside_s"]
    write(
        "engines",
        {
            "what": "Tokens written per second on tree-shaped work, requests in flight above; then "
            "how much later an engine answers right after 256 samples were cancelled, and what a "
            "request takes beside the model.",
            "tokens": TOKENS,
            "rounds": given.rounds,
            "seed": SEED,
        },
        found,
        [
            {
                "engine": name,
                **{str(w): f"{r:,.0f}" for w, r in zip(given.widths, rates[name], strict=True)},
                "after a cancel": f"{1e3 * free[name]:.0f} ms" if name in free else "",
                "beside the model": f"{1e3 * side[name]:.2f} ms" if name in side else "",
            }
            for name in sorted(rates, key=lambda name: name.split(", ")[::-1])
        ],
    )


if __name__ == "__main__":
    main()
