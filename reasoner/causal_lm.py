"""Any causal language model of transformers, its keys and values in the decoder's storage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AttentionInterface, AutoModelForCausalLM, Cache, DynamicCache
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.utils.logging import disable_progress_bar

from .errors import ModelError
from .llama import choose

_SLIDING, _FULL = "sliding_attention", "full_attention"
_GROUPED = "reasoner_grouped"  # the name of our attention in transformers' register


@dataclass(frozen=True, slots=True)
class Sizes:
    """See ``Shape``."""

    layers: int
    kv_heads: int
    head_dim: int
    vocab: int
    context: int


class CausalLM:
    """A transformers model as a ``Network``. Its "hidden states" are its logits: what a model
    does between the two differs too much."""

    def __init__(self, folder: Path, dtype: torch.dtype, device: str) -> None:
        """Load ``folder``; raises :class:`ModelError`. Runs no code and no pickle found there."""
        disable_progress_bar()  # type: ignore[no-untyped-call]  # stderr is for the reader
        try:
            self._model = AutoModelForCausalLM.from_pretrained(
                folder,
                dtype=dtype,
                attn_implementation="sdpa",
                use_safetensors=True,
                local_files_only=True,
            )
        except Exception as error:  # whatever the library raises for a folder that is no model
            said = " ".join(str(error).split())[:200]
            raise ModelError(
                f"expected a causal language model in {folder}, found: {said}"
            ) from None
        self._model.train(False).requires_grad_(False).to(device)
        if self._model.is_backend_compatible():  # type: ignore[no-untyped-call]
            AttentionInterface.register(_GROUPED, _attend)
            self._model.set_attn_implementation(_GROUPED)
        self.kv_dtype = dtype
        config = self._model.config.get_text_config()
        self._window: int | None = getattr(config, "sliding_window", None)
        self._kinds = set(getattr(config, "layer_types", None) or [])
        self.config = self._sizes(config, folder)
        ends = self._model.generation_config.eos_token_id
        self.ends = frozenset([ends] if isinstance(ends, int) else ends or ())

    @torch.inference_mode()
    def _sizes(self, config: Any, folder: Path) -> Sizes:
        """Measured on one token: configs name them in too many ways."""
        cache = DynamicCache()
        logits = self._model(
            torch.zeros(1, 1, dtype=torch.int64, device=self._model.device),
            past_key_values=cache,
            use_cache=True,
        ).logits
        parts = [part for layer in cache.layers for part in vars(layer).values()]
        found = {tuple(part.shape) for part in parts if isinstance(part, Tensor)}
        if self._kinds - {_SLIDING, _FULL} or len(found) != 1:
            raise ModelError(
                f"expected attention layers that keep keys and values of one shape in {folder}, "
                f"found {sorted(self._kinds)} {sorted(found)}; serve this model, with vLLM for "
                "example, and use it as openai:http://..."
            )
        (shape,) = found
        context = getattr(config, "max_position_embeddings", None) or 2048
        return Sizes(len(cache.layers), shape[1], shape[3], logits.shape[-1], context)

    def forward(
        self,
        tokens: Tensor,
        positions: Tensor,
        keys: Tensor,
        values: Tensor,
        span: int,
        shared: int = 0,
    ) -> Tensor:
        """See ``Network``: logits [B, V] of the last token of each row."""
        seen = torch.arange(span, device=positions.device) <= positions[:, None, :, None]
        mask: Tensor | dict[str, Tensor] = seen  # [B, 1, S, span]
        if self._window is not None:
            low = positions[:, None, :, None] - self._window
            near = seen & (torch.arange(span, device=positions.device) > low)
            mask = {_FULL: seen, _SLIDING: near} if _FULL in self._kinds else near
        logits: Tensor = self._model(
            tokens,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=_Rows(keys, values, positions, span),
            use_cache=True,
            logits_to_keep=1,
        ).logits
        return logits[:, -1]

    def logits(self, hidden: Tensor) -> Tensor:
        return hidden.float()

    def logits_of(self, hidden: Tensor, tokens: Tensor) -> Tensor:
        return hidden.float()[:, tokens]

    def choose(
        self, logits: Tensor, temperatures: Tensor, rows: Tensor, uniforms: Tensor, plain: bool
    ) -> tuple[Tensor, Tensor]:
        return choose(logits, temperatures, rows, uniforms, plain)


def _attend(
    module: nn.Module,
    query: Tensor,  # [B, heads, S, D]
    key: Tensor,  # [B, G, span, D]
    value: Tensor,  # [B, G, span, D]
    attention_mask: Tensor | None,  # [B, 1, S, span]
    scaling: float | None = None,
    position_bias: Tensor | None = None,
    **more: Any,
) -> tuple[Tensor, None]:
    """One new token a row: the query heads of a key-value head are rows of one product, where
    transformers would copy all keys and values for each of them."""
    rows, heads, new, size = query.shape
    groups = key.shape[1]
    if new > 1 or heads == groups or position_bias is not None:
        found: tuple[Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask,
            scaling=scaling, position_bias=position_bias, **more,
        )  # fmt: skip
        return found
    query = query.view(rows, groups, heads // groups, size)
    mixed = F.scaled_dot_product_attention(query, key, value, attention_mask, scale=scaling)
    return mixed.reshape(rows, 1, heads, value.shape[-1]), None


class _Rows(Cache):
    """The decoder's storage as a transformers cache: each row at a position of its own."""

    def __init__(self, keys: Tensor, values: Tensor, positions: Tensor, span: int) -> None:
        super().__init__(layers=[])
        self._keys, self._values, self._span = keys, values, span
        heads, length = keys.shape[2:4]
        lanes = torch.arange(positions.shape[0] * heads, device=positions.device) * length
        at = lanes.view(-1, heads, 1) + positions[:, None]
        self._at = at.view(-1)  # [B * G * S], of a layer's keys in one line

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """Store [B, G, S, D]; returns all that is stored there [B, G, span, D]."""
        rows, _groups, _new, size = key_states.shape
        keys, values = self._keys[layer_idx], self._values[layer_idx]
        keys.view(-1, size).index_copy_(0, self._at, key_states.reshape(-1, size))
        values.view(-1, size).index_copy_(0, self._at, value_states.reshape(-1, size))
        return keys[:rows, :, : self._span], values[:rows, :, : self._span]

    def get_seq_length(self, layer_idx: int = 0) -> int:
        return self._span
