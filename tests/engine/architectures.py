"""Random models of several architectures, small enough to compute in no time."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from .conftest import SPECIALS, write_tokenizer

KINDS = ("llama", "qwen2", "gpt2", "mistral")
TEMPLATE = (
    "{% for m in messages %}[{{ m.role }}]\n{{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}[assistant]\n{% endif %}"
)


def write_architecture(folder: Path, kind: str, template: str | None = TEMPLATE) -> Path:
    """A folder as ``save_pretrained`` leaves it; ``<end>`` ends a text."""
    folder.mkdir(parents=True, exist_ok=True)
    vocab = write_tokenizer(folder / "tokenizer.json")
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"), eos_token="<end>", pad_token="<pad>"
    )
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    torch.manual_seed(3)
    model = _model(kind, vocab, vocab - len(SPECIALS) + SPECIALS.index("<end>"))
    model.save_pretrained(folder)
    return folder


def _model(kind: str, vocab: int, end: int) -> PreTrainedModel:
    same = {"vocab_size": vocab, "eos_token_id": end, "bos_token_id": None, "pad_token_id": None}
    if kind == "gpt2":
        config = GPT2Config(
            n_embd=64, n_layer=2, n_head=4, n_positions=512, initializer_range=0.3, **same
        )
        return GPT2LMHeadModel(config)
    sizes = {
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "initializer_range": 0.3,
    }
    if kind == "qwen2":
        return Qwen2ForCausalLM(Qwen2Config(**sizes, **same))
    if kind == "mistral":  # looks back 16 tokens only
        return MistralForCausalLM(MistralConfig(sliding_window=16, **sizes, **same))
    return LlamaForCausalLM(LlamaConfig(**sizes, **same))
