"""A random Llama small enough to compute in microseconds, with a byte-level tokenizer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from reasoner.engine import Generation, Request
from reasoner.tiny import TinyEngine

HIDDEN, LAYERS, HEADS, KV_HEADS, FFN, CONTEXT = 64, 2, 4, 2, 96, 256
SPECIALS = ("<pad>", "<end>", "<value>", "<good>", "<bad>")
T = TypeVar("T")


def write_tokenizer(path: Path, specials: tuple[str, ...] = SPECIALS) -> int:
    """Bytes, a few pairs and the special tokens; returns the size of the vocabulary."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pairs = [("t", "o"), ("1", "0"), ("Ġ", "4"), ("a", "b")]
    vocabulary = {text: i for i, text in enumerate([*alphabet, *("".join(p) for p in pairs)])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=pairs))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(text, special=True) for text in specials])
    tokenizer.save(str(path))
    return tokenizer.get_vocab_size()


def write_model(folder: Path, seed: int = 0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    vocab = write_tokenizer(folder / "tokenizer.json")
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": vocab,
        "hidden_size": HIDDEN,
        "intermediate_size": FFN,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS,
        "head_dim": HIDDEN // HEADS,
        "max_position_embeddings": CONTEXT,
        "rope_theta": 10000.0,
        "rms_norm_eps": 1e-5,
        "tie_word_embeddings": True,
        "hidden_act": "silu",
        "torch_dtype": "bfloat16",
    }
    (folder / "config.json").write_text(json.dumps(config))
    random = torch.Generator().manual_seed(seed)

    def matrix(*shape: int) -> torch.Tensor:
        return (torch.randn(*shape, generator=random) * 0.25).bfloat16()

    def norm() -> torch.Tensor:
        return (torch.rand(HIDDEN, generator=random) + 0.5).bfloat16()

    kv = HIDDEN // HEADS * KV_HEADS
    weights = {"model.embed_tokens": matrix(vocab, HIDDEN), "model.norm": norm()}
    for i in range(LAYERS):
        at = f"model.layers.{i}"
        weights |= {
            f"{at}.self_attn.q_proj": matrix(HIDDEN, HIDDEN),
            f"{at}.self_attn.k_proj": matrix(kv, HIDDEN),
            f"{at}.self_attn.v_proj": matrix(kv, HIDDEN),
            f"{at}.self_attn.o_proj": matrix(HIDDEN, HIDDEN),
            f"{at}.mlp.gate_proj": matrix(FFN, HIDDEN),
            f"{at}.mlp.up_proj": matrix(FFN, HIDDEN),
            f"{at}.mlp.down_proj": matrix(HIDDEN, FFN),
            f"{at}.input_layernorm": norm(),
            f"{at}.post_attention_layernorm": norm(),
        }
    named = {f"{name}.weight": tensor for name, tensor in weights.items()}
    save_file(named, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.fixture(scope="session")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "toy")


@pytest.fixture
def make_engine(model_dir: Path) -> Iterator[Callable[..., TinyEngine]]:
    """Builds engines on the toy model (one thread, float32) and closes them afterwards."""
    made: list[TinyEngine] = []

    def make(**options: Any) -> TinyEngine:
        settings: dict[str, Any] = {"threads": 1, "dtype": "float32"}
        made.append(TinyEngine(model_dir, **(settings | options)))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


@pytest.fixture(scope="session")
def shared(model_dir: Path) -> Iterator[TinyEngine]:
    """One engine for tests that leave it as they found it."""
    engine = TinyEngine(model_dir, threads=1, dtype="float32")
    yield engine
    engine.close()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run with a limit, so that a lost wake-up fails instead of hanging."""

    async def limited() -> T:
        return await asyncio.wait_for(work, 60)

    return asyncio.run(limited())


def ask(engine: TinyEngine, prompt: str, **options: Any) -> Generation:
    return run(engine.generate(Request(prompt, **options)))


def texts(generation: Generation) -> dict[str, int]:
    return {completion.text: completion.count for completion in generation.completions}
