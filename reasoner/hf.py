"""Any Hugging Face model on this machine, in the batch and the prefix cache of the bundled one."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import torch

from .causal_lm import CausalLM
from .chat_tokenizer import ChatTokenizer, read_tokenizer
from .engine import Chat, Generation, Request
from .llama import fastest_dtype
from .tiny import TinyEngine

_CAPACITY = 32  # samples in flight
_BATCH_BYTES = 2 << 30


class HFEngine(TinyEngine):
    """Runs a model of transformers; see ``TinyEngine`` for what it does with requests.

    A model with our training is ``trained``: it reads plain text and tells the value.
    Any other gets a :class:`Chat` as its chat template says, or as plain text where it has none,
    and tells no value.
    """

    def __init__(
        self,
        model_dir: str | os.PathLike[str],
        dtype: torch.dtype | None = None,
        device: str | None = None,
        kv_bytes: int = 1 << 30,
    ) -> None:
        """Load the model; raises :class:`ModelError`.

        ``dtype``: None for the faster one here. ``device``: None for the GPU where there is one,
        else "cpu". ``kv_bytes``: the most that the prefix cache may
        hold.
        """
        self.model_dir = Path(model_dir)
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        dtype = dtype or (fastest_dtype() if device == "cpu" else torch.bfloat16)
        model = CausalLM(self.model_dir, dtype, device)
        vocabulary = read_tokenizer(self.model_dir, model.config.vocab, model.ends)
        self._chat = vocabulary if isinstance(vocabulary, ChatTokenizer) else None
        threads = len(os.sched_getaffinity(0))
        self._start(model, vocabulary, kv_bytes, _batch_bytes(device), threads, device)

    @property
    def capacity(self) -> int:
        return min(_CAPACITY, self._decoder.max_rows)

    @property
    def trained(self) -> bool:
        return self._chat is None

    def _encode(self, prompt: str | Chat) -> list[int]:
        if self._chat is not None and isinstance(prompt, Chat):
            return self._chat.encode_chat(prompt)
        return super()._encode(prompt)

    async def generate(self, request: Request) -> Generation:
        """See ``Engine``. Raises :class:`EngineError`; the engine lives on."""
        if self._chat is None:
            return await super().generate(request)
        generation = await super().generate(replace(request, value=False))
        opened = self._chat.opened(request.prompt)
        found = (replace(c, text=opened + c.text) for c in generation.completions)
        return Generation(tuple(found), generation.tokens)


def _batch_bytes(device: str) -> int:
    """What rows in flight may take: of a GPU a third of what is free, as growing needs both the
    old storage and the new. Room for one sample of a large model is gigabytes."""
    if not device.startswith("cuda"):
        return _BATCH_BYTES
    return max(_BATCH_BYTES, torch.cuda.mem_get_info(device)[0] // 3)
