"""Weights that change while vLLM runs: what they write, and who is told which wrote what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

pytest.importorskip("vllm", reason="vLLM is not installed; run: make test-vllm")

from reasoner import Model, Reasoner
from reasoner.engine import Finish, Request
from reasoner.group import Line, spell
from reasoner.records import Growth
from reasoner.runs import Store
from reasoner.vllm.engine import VLLMEngine
from tests.engine.conformance import Reference
from tests.engine.conftest import run
from tests.engine.test_conformance import NEVER

from .conftest import PROMPT, TINY
from .weights import changed

pytestmark = pytest.mark.timeout(1200)


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

    async def ask(seed: int, over: asyncio.Event) -> None:
        """Always something in flight."""
        while not over.is_set():
            await engine.generate(Request(PROMPT, samples=4, max_tokens=60, seed=seed))
            seed += 100

    async def change() -> None:
        """To and fro, as all that is in flight may just have ended, until both have a part in one
        line; and then until the newer weights have answered alone."""
        await engine.reload_weights(TINY, "first")
        over, known = asyncio.Event(), 0
        async with asyncio.TaskGroup() as callers:
            for seed in range(4):
                callers.create_task(ask(seed, over))
            for version in ("second", "first") * 20:
                while len(found) == known:
                    await asyncio.sleep(0.01)
                mixed = any(len(line.weights or ()) > 1 for line in found)
                await engine.reload_weights(folders[version], version)
                known = len(found)
                if mixed:
                    break
            while not any(_alone(line, version) for line in found[known:]):
                await asyncio.sleep(0.01)
            over.set()

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
    assert any(len(line.weights or ()) > 1 for line in found), "nothing was ever in flight"


def _alone(line: Line, version: str) -> bool:
    return [span.version for span in line.weights or ()] == [version]


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
