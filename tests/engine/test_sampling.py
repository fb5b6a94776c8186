"""What is drawn: the right distribution, merged, seeded, and the same in any company."""

from __future__ import annotations

import asyncio
import math
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from reasoner.engine import Finish, Generation, Request
from reasoner.llama import Llama
from reasoner.tiny import TinyEngine
from reasoner.tokenizer import Tokenizer

from .conftest import ask, run, texts

DRAWS = 3000


def first_token_chances(folder: Path, prompt: str, temperature: float) -> torch.Tensor:
    """Exact chances of the first sampled token, in float64."""
    model, tokenizer = Llama(folder, torch.float32), Tokenizer(folder / "tokenizer.json")
    config, tokens = model.config, tokenizer.encode(prompt)
    shape = (config.layers, 1, config.kv_heads, len(tokens), config.head_dim)
    where = torch.arange(len(tokens)).unsqueeze(0)
    stored = torch.zeros(shape), torch.zeros(shape)
    hidden = model.forward(torch.tensor([tokens]), where, *stored, len(tokens))
    logits = model.logits(hidden)[-1].double()
    special = tokenizer.special
    logits[[special.value, special.good, special.bad, special.pad]] = -torch.inf
    return (logits / temperature).softmax(-1)


@pytest.mark.parametrize("temperature", [1.0, 1.7])
def test_samples_follow_the_models_distribution(
    temperature: float, shared: TinyEngine, model_dir: Path
) -> None:
    """Chi-square over the first token, drawn by one forking request in several parts."""
    chances = first_token_chances(model_dir, "to 4\n", temperature)
    generation = ask(
        shared, "to 4\n", samples=DRAWS, max_tokens=1, temperature=temperature, seed=11
    )
    tokenizer = Tokenizer(model_dir / "tokenizer.json")
    expected: defaultdict[str, float] = defaultdict(float)
    for token, chance in enumerate(chances.tolist()):
        end = token == tokenizer.special.end
        expected["" if end else tokenizer.decode([token])] += DRAWS * chance
    found = texts(generation)
    assert sum(found.values()) == DRAWS
    common = {text for text, count in expected.items() if count >= 5}
    pairs = [(found.get(text, 0), expected[text]) for text in common]
    rare = DRAWS - sum(e for _, e in pairs)
    if rare >= 5:
        pairs.append((DRAWS - sum(f for f, _ in pairs), rare))
    statistic = sum((f - e) ** 2 / e for f, e in pairs)
    freedom = len(pairs) - 1
    assert freedom >= 5
    assert statistic < freedom + 4 * math.sqrt(2 * freedom)  # about 4 standard deviations


def test_later_tokens_are_independent_between_samples(
    make_engine: Callable[..., TinyEngine],
) -> None:
    """Two samples of one request agree as often as samples of two requests do."""
    engine = make_engine()

    def agreement(pairs: list[tuple[str, str]]) -> float:
        return sum(a == b for a, b in pairs) / len(pairs)

    async def draw(samples: int, seed: int) -> list[str]:
        request = Request("to 10\n", samples=samples, max_tokens=2, temperature=0.5, seed=seed)
        found = texts(await engine.generate(request))
        return [text for text, count in found.items() for _ in range(count)]

    async def main() -> tuple[list[list[str]], list[list[str]]]:
        together = await asyncio.gather(*(draw(2, seed) for seed in range(400)))
        alone = await asyncio.gather(*(draw(1, 1000 + seed) for seed in range(800)))
        return together, alone

    together, alone = run(main())
    inside = agreement([(a, b) for a, b in together])
    across = agreement([(alone[i][0], alone[i + 1][0]) for i in range(0, 800, 2)])
    assert abs(inside - across) < 0.12


def test_equal_samples_are_one_row(make_engine: Callable[..., TinyEngine]) -> None:
    engine = make_engine()
    generation = ask(engine, "to 4\n", samples=50, max_tokens=10, temperature=0)
    assert [completion.count for completion in generation.completions] == [50]
    assert generation.tokens == engine.count_tokens("to 4\n") - 1 + 10
    assert engine.stats.iterations == 10


def test_counts_sum_to_samples_and_texts_are_distinct(shared: TinyEngine) -> None:
    for samples in (1, 7, 300):
        generation = ask(shared, "ab\n", samples=samples, max_tokens=6, stop="\n", value=True)
        assert sum(completion.count for completion in generation.completions) == samples
        keys = {(completion.text, completion.finish) for completion in generation.completions}
        assert len(keys) == len(generation.completions)


def test_shared_beginnings_are_computed_once(make_engine: Callable[..., TinyEngine]) -> None:
    engine = make_engine()
    generation = ask(engine, "ab\n", samples=64, max_tokens=8, temperature=0.3, seed=5)
    alone = sum(completion.count * completion.tokens for completion in generation.completions)
    assert len(generation.completions) > 1
    assert generation.tokens < alone


def test_a_seed_gives_the_same_text_alone_or_in_company(
    make_engine: Callable[..., TinyEngine],
) -> None:
    engine = make_engine()
    request = Request("10 to 4\n", samples=5, max_tokens=12, seed=42, value=True)
    others = [Request(f"{i} ab\n", samples=3, max_tokens=9, seed=i) for i in range(20)]

    async def company() -> Generation:
        calls = [engine.generate(r) for r in (*others[:10], request, *others[10:])]
        return (await asyncio.gather(*calls))[10]

    alone, again = run(engine.generate(request)), run(engine.generate(request))
    crowded = run(company())
    assert texts(alone) == texts(again) == texts(crowded)
    other = run(engine.generate(Request("10 to 4\n", samples=5, max_tokens=12, seed=43)))
    assert texts(other) != texts(alone)


def test_how_completions_end(shared: TinyEngine, model_dir: Path) -> None:
    generation = ask(shared, "4\n", samples=256, max_tokens=30, stop="a", value=True, seed=1)
    finishes = {completion.finish for completion in generation.completions}
    assert finishes == {Finish.STOP, Finish.END, Finish.LENGTH}
    for completion in generation.completions:
        assert completion.value is not None
        assert 0 < completion.value < 1
        if completion.finish is Finish.STOP:
            assert "a" in completion.text[-2:]  # "ab" is one token
            assert "a" not in completion.text[:-2]
        else:
            assert "a" not in completion.text
        assert (completion.tokens == 30) or completion.finish is not Finish.LENGTH


def test_a_stop_of_several_tokens(shared: TinyEngine) -> None:
    free = ask(shared, "to 4\n", max_tokens=40, temperature=0).completions[0].text
    stop = re.findall(r"[!-~]{2}", free)[-1]
    (stopped,) = ask(shared, "to 4\n", max_tokens=40, temperature=0, stop=stop).completions
    assert stopped.text == free[: free.index(stop) + len(stop)]
    assert stopped.finish is Finish.STOP


def test_no_value_unless_asked_for(shared: TinyEngine) -> None:
    generation = ask(shared, "4\n", samples=4, max_tokens=3)
    assert {completion.value for completion in generation.completions} == {None}
