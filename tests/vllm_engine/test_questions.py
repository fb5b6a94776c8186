"""The same questions through all four engines, by the names that people give them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("vllm", reason="vLLM is not installed; run: make test-vllm")

from reasoner import Answer, Reasoner
from reasoner.engine import Paced
from reasoner.policy import Policy
from reasoner.runs import Store
from reasoner.vllm.engine import VLLMEngine
from verifiers import domain, recognise

from .conftest import TINY
from .marks import marked
from .server import VLLMServer

pytestmark = pytest.mark.timeout(1200)
QUESTIONS = {  # and what only a right answer holds
    "Use 4 5 6 10 to make 24": "10",
    "Solve 3x + 7 = 40": "11",
    "What is 17 plus 25?": "42",
}
NAMES: dict[str, Callable[[VLLMServer], str]] = {
    "tiny": lambda server: "tiny",
    "hf": lambda server: f"hf:{TINY}",
    "vllm": lambda server: f"vllm:{TINY}?dtype=float32&kv_cache_memory_bytes=268435456",
    "openai": lambda server: server.name,
}


@pytest.mark.parametrize("kind", NAMES)
def test_the_same_questions(kind: str, server: VLLMServer, tmp_path: Path) -> None:
    """Three at once, twenty seconds each: with our training they are answered right, and without
    it nobody is told that rubbish is right. All are saved, and what ran is gone afterwards."""
    name, store = NAMES[kind](server), Store(tmp_path)

    async def main(reasoner: Reasoner) -> list[Answer]:
        return await asyncio.gather(*(reasoner.aask(question, 20) for question in QUESTIONS))

    with Reasoner(name, store=store) as reasoner:
        model = reasoner.load()
        found = asyncio.run(main(reasoner))
        llm = model.engine._core.llm if isinstance(model.engine, VLLMEngine) else None
        assert isinstance(model.engine, Paced)
        assert "tokens/s a line" in model.engine.pace.words
    trained = model.policy is Policy
    assert trained == (kind != "openai")
    for (question, right), answer in zip(QUESTIONS.items(), found, strict=True):
        assert answer.model == name
        assert answer.budget.tokens > 0
        problem = recognise(question)
        verdict = domain(problem.domain).verify(problem, answer.answer or "")
        assert answer.verified is not True or verdict.score == 1.0
        if trained:
            assert answer.answer is not None
            assert right in answer.answer
        assert answer.run_id is not None
        assert store.read(answer.run_id).header.model == name
    if llm is not None:
        assert not marked(os.environ["REASONER_VLLM"])
        assert llm.engine_core.resources.ctx.closed
