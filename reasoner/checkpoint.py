"""A model folder in Hugging Face format, read and checked without transformers.

The folder holds ``config.json`` (``model_type`` llama), ``model.safetensors`` and
``tokenizer.json``. Tensors are views of the mapped file: nothing is copied here.
"""

from __future__ import annotations

import json
import math
import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .errors import ModelError

_SIZES = ("vocab", "hidden", "layers", "heads", "kv_heads", "head_dim", "ffn", "context")
_DTYPES = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16}


@dataclass(frozen=True, slots=True)
class LlamaConfig:
    """Sizes of a Llama; names as in ``config.json``, shorter."""

    vocab: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn: int
    context: int  # tokens
    rope_theta: float
    norm_eps: float
    tied: bool


def read_config(folder: Path) -> LlamaConfig:
    """Read ``config.json``; :class:`ModelError` when it is missing, damaged or no plain Llama."""
    path = folder / "config.json"
    try:
        raw = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"expected a JSON model config at {path}, found: {error}") from None
    if not isinstance(raw, dict) or raw.get("model_type") != "llama":
        kind = raw.get("model_type") if isinstance(raw, dict) else type(raw).__name__
        raise ModelError(
            f"expected model_type 'llama' in {path}, found {kind!r}; "
            "load any other architecture as hf:FOLDER"
        )
    try:
        return _config(raw)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise ModelError(f"expected a complete Llama config in {path}, found: {error!r}") from None


def _config(raw: Mapping[str, Any]) -> LlamaConfig:
    rope = raw.get("rope_parameters") or raw.get("rope_scaling") or {}
    if not isinstance(rope, dict):
        raise ValueError(f"rope parameters {rope!r}")
    kind = rope.get("rope_type", rope.get("type", "default"))
    odd = {"rope_type": kind != "default", "hidden_act": raw.get("hidden_act", "silu") != "silu"}
    odd |= {name: bool(raw.get(name)) for name in ("attention_bias", "mlp_bias")}
    if any(odd.values()):
        raise ValueError(f"unsupported {', '.join(name for name, bad in odd.items() if bad)}")
    heads = int(raw["num_attention_heads"])
    if heads < 1:
        raise ValueError(f"num_attention_heads of {heads}")
    config = LlamaConfig(
        vocab=int(raw["vocab_size"]),
        hidden=int(raw["hidden_size"]),
        layers=int(raw["num_hidden_layers"]),
        heads=heads,
        kv_heads=int(raw.get("num_key_value_heads") or heads),
        head_dim=int(raw.get("head_dim") or int(raw["hidden_size"]) // heads),
        ffn=int(raw["intermediate_size"]),
        context=int(raw["max_position_embeddings"]),
        rope_theta=float(rope.get("rope_theta") or raw.get("rope_theta") or 10000.0),
        norm_eps=float(raw.get("rms_norm_eps", 1e-6)),
        tied=bool(raw.get("tie_word_embeddings", False)),
    )
    if small := [name for name in _SIZES if getattr(config, name) < 1]:
        raise ValueError(f"nothing in {', '.join(small)}")
    if config.heads % config.kv_heads or config.head_dim % 2:
        raise ValueError(f"{heads} heads of {config.head_dim} for {config.kv_heads} keys")
    return config


def read_tensors(path: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file, by name.

    Every offset is checked against the file's true size first, so a truncated or damaged file is
    one :class:`ModelError` and never a crash later.
    """
    try:
        with path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except (OSError, ValueError) as error:
        raise ModelError(f"expected model weights at {path}, found: {error}") from None
    try:
        return _tensors(data)
    except (KeyError, TypeError, ValueError, AttributeError, struct.error) as error:
        raise ModelError(
            f"expected a whole safetensors file at {path}, found a damaged one ({error}); "
            "fetch or build the model again"
        ) from None


def _tensors(data: mmap.mmap) -> dict[str, Tensor]:
    (length,) = struct.unpack_from("<Q", data)
    start = 8 + length
    if start > len(data):
        raise ValueError(f"a header of {length} bytes in a file of {len(data)}")
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        if name == "__metadata__":
            continue
        dtype, shape = _DTYPES[entry["dtype"]], [int(size) for size in entry["shape"]]
        begin, end = entry["data_offsets"]
        if not 0 <= begin < end <= len(data) - start:
            raise ValueError(f"{name} ends at byte {start + end} of {len(data)}")
        if end - begin != math.prod(shape) * dtype.itemsize:
            raise ValueError(f"{name} has {end - begin} bytes for shape {shape}")
        flat = torch.frombuffer(data, dtype=dtype, count=math.prod(shape), offset=start + begin)
        if not flat.isfinite().all():
            raise ValueError(f"{name} holds numbers that are not finite")
        tensors[name] = flat.view(shape)
    return tensors
