"""Reused prefixes: found, bounded, and never visible in the text."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
import torch

from reasoner.checkpoint import LlamaConfig
from reasoner.decoder import Decoder
from reasoner.engine import Request
from reasoner.group import Group
from reasoner.kv_cache import PrefixCache
from reasoner.llama import Llama
from reasoner.tiny import TinyEngine
from reasoner.tokenizer import Tokenizer

from .conftest import ask, run, texts

TOKEN_BYTES = 2 * 2 * 2 * 16 * 4  # keys and values, layers, heads, size, float32
CONFIG = LlamaConfig(300, 64, 2, 4, 2, 16, 96, 256, 1e4, 1e-5, True)
BREAK = 10


def cache_of(slots: int) -> PrefixCache:
    return PrefixCache(CONFIG, frozenset([BREAK]), slots * TOKEN_BYTES)


def row_of(tokens: list[int]) -> torch.Tensor:
    """A row [2, L, G, T, D] in which each token's keys hold its number, and values minus that."""
    keys = torch.tensor(tokens).float().view(1, 1, -1, 1).expand(2, 2, -1, 16)
    return torch.stack((keys, -keys))


def kept(cache: PrefixCache, tokens: list[int]) -> list[int]:
    """What the cache gives back for ``tokens``, read from its keys; values must agree."""
    slots = cache.match(tokens)
    if not slots:
        return []
    row = torch.zeros(2, 2, 2, 64, 16)
    cache.load(slots, row)
    assert torch.equal(row[0], -row[1])
    return [int(number) for number in row[0, 1, 1, : len(slots), 5]]


def test_only_whole_segments_before_a_break_are_kept() -> None:
    cache = cache_of(100)
    text = [1, 2, 3, BREAK, 4, 5, BREAK, 6, 7]
    cache.store(text, len(text), row_of(text))
    assert cache.used == 6  # "6 7" may still grow
    assert kept(cache, [1, 2, 3, BREAK]) == [1, 2, 3]
    assert kept(cache, [1, 2, 3, BREAK, 4, 5, BREAK, 9]) == [1, 2, 3, BREAK, 4, 5]
    assert kept(cache, [1, 2, 3, BREAK, 4, 9, BREAK, 9]) == [1, 2, 3]
    assert kept(cache, [2, 3, BREAK]) == []


def test_the_last_token_is_never_taken_from_the_cache() -> None:
    cache = cache_of(100)
    cache.store([1, 2, BREAK, 3, BREAK], 5, row_of([1, 2, BREAK, 3, BREAK]))
    assert kept(cache, [1, 2]) == []
    assert kept(cache, [1, 2, BREAK]) == [1, 2]


def test_a_segment_that_is_not_stored_yet_is_left_out() -> None:
    cache = cache_of(100)
    text = [1, 2, BREAK, 3, 4, BREAK]
    cache.store(text, 4, row_of(text))
    assert cache.used == 2


def test_the_oldest_leaf_leaves_first_and_parents_outlive_children() -> None:
    cache = cache_of(7)
    for child in (20, 21, 22):  # a shared parent of 3 and children of 2 each: the third evicts
        cache.store([1, 2, 3, BREAK, child, BREAK], 6, row_of([1, 2, 3, BREAK, child, BREAK]))
    assert cache.used <= 7
    assert kept(cache, [1, 2, 3, BREAK, 22, BREAK]) == [1, 2, 3, BREAK, 22]
    assert kept(cache, [1, 2, 3, BREAK, 21, BREAK]) == [1, 2, 3, BREAK, 21]
    assert kept(cache, [1, 2, 3, BREAK, 20, BREAK]) == [1, 2, 3]


def test_what_does_not_fit_is_left_out_and_evicts_nothing() -> None:
    cache = cache_of(5)
    cache.store([1, 2, BREAK], 3, row_of([1, 2, BREAK]))
    long = [*range(30, 40), BREAK]
    cache.store(long, len(long), row_of(long))
    assert kept(cache, [1, 2, BREAK]) == [1, 2]
    assert cache_of(0).match([1, 2, BREAK]) == []


def test_random_use_never_leaks_nor_mixes_up_slots() -> None:
    random, cache = Random(0), cache_of(40)
    for _ in range(600):
        text = [random.randint(1, 3) for _ in range(random.randint(1, 12))]
        text = [token for t in text for token in ([t, BREAK] if random.random() < 0.4 else [t])]
        cache.store(text, random.randint(0, len(text)), row_of(text))
        assert cache.used <= 40
        found = kept(cache, text)
        assert found == text[: len(found)]
    segments = cache._segments.values()
    slots = [slot for segment in segments for slot in segment.slots]
    assert len(slots) == len(set(slots)) == cache.used


def test_children_find_their_parents_prefix(make_engine: Callable[..., TinyEngine]) -> None:
    engine = make_engine()
    (step,) = ask(engine, "to 4\n", max_tokens=20, stop="\n", temperature=0).completions
    before = engine.stats
    child = "to 4\n" + step.text.rstrip("\n") + "\n"
    generation = ask(engine, child, max_tokens=1)
    hits = engine.stats.cache_hits - before.cache_hits
    assert hits >= len("to 4") - 2
    assert generation.tokens == engine.count_tokens(child) - hits


@pytest.mark.parametrize("kv_bytes", [0, 12 * TOKEN_BYTES, 1 << 20])
def test_the_size_of_the_cache_never_shows(
    kv_bytes: int, make_engine: Callable[..., TinyEngine]
) -> None:
    engine, plain = make_engine(kv_bytes=kv_bytes), make_engine(kv_bytes=0)
    random = Random(1)
    prompts = ["to 4\nab\n", "to 4\nab\n10\n", "to 4\n", "ab\n4 4\n"]

    async def main() -> None:
        for _ in range(12):
            request = Request(
                random.choice(prompts), samples=3, max_tokens=8, seed=random.randint(0, 99)
            )
            got, expected = await asyncio.gather(engine.generate(request), plain.generate(request))
            assert texts(got) == texts(expected)
            assert engine.stats.kv_bytes <= kv_bytes

    run(main())
    assert (engine.stats.cache_hits > 0) == (kv_bytes > 0)
    assert plain.stats.kv_bytes == 0


def test_prompts_prefilled_together_may_pad_past_the_context(
    make_engine: Callable[..., TinyEngine],
) -> None:
    """A long cached prefix beside a long new prompt: padding would leave the rope table."""
    engine, plain = make_engine(), make_engine(kv_bytes=0)
    head, tail, fresh = "x" * 200 + "\n", "y" * 30 + "\n", "z" * 120 + "\n"
    ask(engine, head, max_tokens=1)
    requests = [Request(p, max_tokens=6, temperature=0) for p in (head + tail, fresh)]

    async def together() -> list[dict[str, int]]:
        return [texts(g) for g in await asyncio.gather(*map(engine.generate, requests))]

    assert run(together()) == [texts(run(plain.generate(request))) for request in requests]
    assert engine.stats.cache_hits == 200


def test_what_was_found_is_read_before_new_prompts_push_it_out(model_dir: Path) -> None:
    model, tokenizer = Llama(model_dir, torch.float32), Tokenizer(model_dir / "tokenizer.json")
    known, fresh = (tokenizer.encode(text) for text in ("ab to 4\n", "x" * 12 + "\n"))

    def written(slots: int) -> tuple[float, int]:
        """How likely the line after ``known`` is, admitted with ``fresh``; and cache hits."""
        cache = PrefixCache(model.config, frozenset(known[-1:]), slots * TOKEN_BYTES)
        decoder = Decoder(model, tokenizer, cache, max_rows=8, batch_bytes=1 << 24, threads=1)

        def group(prompt: list[int]) -> Group:
            return Group(tuple(prompt), 1, 6, None, 0.0, 0, False)

        for wave in ([group(known)], [group(known), group(fresh)]):
            with torch.inference_mode():
                decoder.admit(deque(wave))
                while decoder.busy:
                    decoder.step()
        return wave[0].lines[0].logprob, decoder.stats.cache_hits

    (alone, none), (shared, hits) = written(0), written(12)
    assert (none, hits) == (0, len(known) - 1)
    assert shared == pytest.approx(alone, abs=1e-4)
