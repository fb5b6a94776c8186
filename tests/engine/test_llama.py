"""The decoder's numbers against transformers, on the same files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from reasoner.llama import Llama, knows_bfloat16
from reasoner.tiny import TinyEngine
from reasoner.tokenizer import Tokenizer

from .conftest import CONTEXT, ask


@pytest.fixture(scope="module")
def reference(model_dir: Path) -> Any:
    transformers = pytest.importorskip("transformers")
    return transformers.LlamaForCausalLM.from_pretrained(model_dir, dtype=torch.float32).eval()


def storage(model: Llama, rows: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    config = model.config
    shape = (config.layers, rows, config.kv_heads, length, config.head_dim)
    return torch.full(shape, 1e3), torch.full(shape, 1e3)  # loud garbage: all must be masked


def logits_of(reference: Any, tokens: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return reference(tokens).logits  # type: ignore[no-any-return]


def test_prefill_and_decode_give_the_reference_logits(model_dir: Path, reference: Any) -> None:
    model = Llama(model_dir, torch.float32)
    torch.manual_seed(1)
    tokens = torch.randint(0, model.config.vocab, (3, 14))
    expected = logits_of(reference, tokens)
    keys, values = storage(model, rows=5, length=32)
    positions = torch.arange(9).expand(3, 9)
    got = model.logits(model.forward(tokens[:, :9], positions, keys, values, 9))
    torch.testing.assert_close(got.view(3, 9, -1), expected[:, :9], atol=1e-4, rtol=1e-4)
    for at in range(9, 14):
        new, where = tokens[:, at : at + 1], torch.full((3, 1), at)
        got = model.logits(model.forward(new, where, keys, values, at + 4))
        torch.testing.assert_close(got, expected[:, at], atol=1e-4, rtol=1e-4)


def test_rows_of_different_lengths_do_not_see_each_other(model_dir: Path, reference: Any) -> None:
    model = Llama(model_dir, torch.float32)
    torch.manual_seed(2)
    tokens, lengths = torch.randint(0, model.config.vocab, (4, 12)), [3, 12, 7, 5]
    keys, values = storage(model, rows=4, length=16)
    for row, length in enumerate(lengths):
        at = slice(row, row + 1)
        first = torch.arange(length - 1).unsqueeze(0)
        model.forward(tokens[at, : length - 1], first, keys[:, at], values[:, at], length - 1)
    last = torch.tensor([[length - 1] for length in lengths])
    got = model.logits(model.forward(tokens.gather(1, last), last, keys, values, 12))
    for row, length in enumerate(lengths):
        expected = logits_of(reference, tokens[row : row + 1, :length])[0, -1]
        torch.testing.assert_close(got[row], expected, atol=1e-4, rtol=1e-4)


@pytest.mark.skipif(not knows_bfloat16(), reason="this processor packs no bfloat16")
def test_bfloat16_is_near_the_reference(model_dir: Path, reference: Any) -> None:
    model = Llama(model_dir, torch.bfloat16)
    tokens = torch.arange(40, 60).unsqueeze(0)
    keys, values = storage(model, rows=1, length=20)
    hidden = model.forward(tokens, torch.arange(20).unsqueeze(0), keys, values, 20)
    expected = logits_of(reference, tokens)[0]
    assert (model.logits(hidden) - expected).abs().max() < 0.1 * expected.std()


@pytest.mark.parametrize("prompt", ["to 10 and 4\n", "x"])
def test_greedy_text_is_that_of_generate(
    prompt: str, shared: TinyEngine, model_dir: Path, reference: Any
) -> None:
    tokenizer = Tokenizer(model_dir / "tokenizer.json")
    tokens = tokenizer.encode(prompt)
    special = tokenizer.special
    expected = reference.generate(
        torch.tensor([tokens]),
        attention_mask=torch.ones(1, len(tokens), dtype=torch.long),
        do_sample=False,
        max_new_tokens=40,
        eos_token_id=special.end,
        pad_token_id=special.pad,
        suppress_tokens=[special.value, special.good, special.bad, special.pad],
    )[0, len(tokens) :].tolist()
    (completion,) = ask(shared, prompt, max_tokens=40, temperature=0).completions
    assert completion.text == tokenizer.decode([t for t in expected if t != special.end])


def test_value_and_logprob_are_those_of_the_reference(
    shared: TinyEngine, model_dir: Path, reference: Any
) -> None:
    tokenizer = Tokenizer(model_dir / "tokenizer.json")
    special = tokenizer.special
    generation = ask(shared, "4 to 10\n", samples=6, max_tokens=5, value=True, seed=3)
    for completion in generation.completions:
        prompt, text = tokenizer.encode("4 to 10\n"), tokenizer.encode(completion.text)
        if tokenizer.decode(text) != completion.text or len(text) != completion.tokens:
            continue  # bytes that are no text, or other tokens for the same text
        logits = logits_of(reference, torch.tensor([[*prompt, *text, special.value]]))[0]
        good = torch.sigmoid(logits[-1, special.good] - logits[-1, special.bad])
        assert completion.value == pytest.approx(good.item(), abs=1e-4)
        logits[:, [special.value, special.good, special.bad, special.pad]] = -torch.inf
        written = [*text, special.end] if completion.finish == "end" else text
        chances = logits.log_softmax(-1)[len(prompt) - 1 :]
        expected = sum(chances[i, token].item() for i, token in enumerate(written))
        assert completion.logprob == pytest.approx(expected, abs=1e-3)


def test_context_is_used_to_its_last_token(shared: TinyEngine) -> None:
    generation = ask(shared, "x" * (CONTEXT - 8), max_tokens=100, value=True, temperature=0)
    assert generation.completions[0].tokens <= 7
    assert generation.completions[0].value is not None


@pytest.mark.parametrize("shared", [1, 5])
def test_what_rows_share_is_looked_at_once_with_the_same_result(
    shared: int, model_dir: Path, reference: Any
) -> None:
    model = Llama(model_dir, torch.float32)
    torch.manual_seed(3)
    tokens, lengths = torch.randint(0, model.config.vocab, (4, 12)), [6, 12, 7, 9]
    tokens[:, :5] = tokens[0, :5]
    keys, values = storage(model, rows=4, length=16)
    model.forward(tokens[:, :11], torch.arange(11).expand(4, 11), keys, values, 11)
    last = torch.tensor([[length - 1] for length in lengths])
    keys[:, 1:, :, :shared], values[:, 1:, :, :shared] = 1e3, 1e3  # the first row's are read
    got = model.logits(model.forward(tokens.gather(1, last), last, keys, values, 12, shared))
    for row, length in enumerate(lengths):
        expected = logits_of(reference, tokens[row : row + 1, :length])[0, -1]
        torch.testing.assert_close(got[row], expected, atol=1e-4, rtol=1e-4)
