"""Does tree search keep vLLM busy? Its tokens per second while searching over its own offline best.

Questions are thought about together on one engine, each to its deadline. Then vLLM's offline
``LLM.generate`` writes the same number of tokens after the same prompts, all at once and without
log-probabilities: the most this machine could have done. On GPUs, or on processors with vLLM's
build for them. Prints JSON and writes ``results/vllm.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reasoner import Reasoner
from reasoner.catalog import BUNDLED, DEFAULT, Model, load_vllm
from reasoner.engine import Generation, Request
from reasoner.vllm.engine import VLLMEngine
from verifiers.suites import suite

from ._report import write

SUITE, SECONDS = "countdown6", 20.0
WIDTHS = (1, 4, 16)  # questions at once
SEED = 0


@dataclass
class Recorded:
    """An engine, and what it wrote: (prompt, tokens) of each sample."""

    engine: VLLMEngine
    written: list[tuple[tuple[int, ...], int]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def capacity(self) -> int:
        return self.engine.capacity

    async def generate(self, request: Request) -> Generation:
        generation = await self.engine.generate(request)
        prompt = tuple(self.engine.encode(request.prompt))
        for completion in generation.completions:
            self.written += [(prompt, max(1, completion.tokens))] * completion.count
        return generation

    def close(self) -> None:
        self.engine.close()


def search(model: Model, width: int, seconds: float) -> tuple[list[Any], float]:
    """What was written for ``width`` questions at once, and how long that took."""
    assert isinstance(model.engine, VLLMEngine)
    recorded = Recorded(model.engine)
    watched = Model(model.name, recorded, model.calibration, policy=model.policy)
    reasoner = Reasoner(watched)

    async def main() -> None:
        asked = suite(SUITE)[:width]
        await asyncio.gather(
            *(reasoner.aask(p, seconds, stop_when="budget", save=False) for p in asked)
        )

    began = time.perf_counter()
    asyncio.run(main())
    return recorded.written, time.perf_counter() - began


def offline(folder: Path, options: dict[str, Any], rounds: list[list[Any]]) -> list[float]:
    """Seconds that vLLM itself takes for the same work, a round at a time."""
    from vllm import LLM, SamplingParams

    llm = LLM(str(folder), **options)  # the very options that the engine ran with
    taken = []
    for work in rounds:
        prompts = [{"prompt_token_ids": list(prompt)} for prompt, _ in work]
        params = [
            SamplingParams(max_tokens=tokens, min_tokens=tokens, ignore_eos=True, seed=i)
            for i, (_, tokens) in enumerate(work)
        ]
        llm.generate(prompts[:1], params[:1], use_tqdm=False)  # warm
        began = time.perf_counter()
        llm.generate(prompts, params, use_tqdm=False)
        taken.append(time.perf_counter() - began)
    return taken


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    bundled = str(BUNDLED / DEFAULT)
    parser.add_argument("model", nargs="?", default=bundled, help="as after vllm:")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    return parser


def main() -> None:
    from vllm.platforms import current_platform

    given = arguments().parse_args()
    model = load_vllm(f"vllm:{given.model}")
    engine = model.engine
    assert isinstance(engine, VLLMEngine)
    search(model, 1, 2.0)  # warm
    found = [search(model, width, given.seconds) for width in WIDTHS]
    engine.close()
    taken = offline(engine.folder, engine.options, [work for work, _ in found])
    rows = []
    for width, (work, seconds), best in zip(WIDTHS, found, taken, strict=True):
        tokens = sum(count for _, count in work)
        rows.append(
            {
                "questions": width,
                "samples": len(work),
                "search_tokens_per_s": tokens / seconds,
                "offline_tokens_per_s": tokens / best,
                "ratio": best / seconds,
            }
        )
    print(json.dumps(rows, indent=2))
    write(
        "vllm",
        {
            "what": f"{SUITE}, {given.seconds:g} s a question, questions at once on one engine",
            "model": Path(given.model).name,
            "device": current_platform.device_type,
            "seed": SEED,
        },
        {"rows": rows},
        [
            {
                "questions at once": str(row["questions"]),
                "tokens/s while searching": f"{row['search_tokens_per_s']:,.0f}",
                "vLLM offline, tokens/s": f"{row['offline_tokens_per_s']:,.0f}",
                "ratio": f"{row['ratio']:.2f}",
            }
            for row in rows
        ],
    )


if __name__ == "__main__":
    main()
