"""Any Hugging Face model on this machine, in the batch and the prefix cache of the bundled one."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import torch

from .causal_lm import CausalLM
from .chat_tokenizer import ChatTokenizer
from .engine import Chat, Generation, Request
from .llama import fastest_dtype
from .tiny import TinyEngine

_CAPACITY = 32  # samples in flight
_BATCH_BYTES = 2 << 30


class HFEngine(TinyEngine):
    """Runs a model of transformers; see ``TinyEngine`` for what it does with requests.

    A :class:`Chat` is written as the model's chat template says, or as plain text where it has
    none. No value is read: these models were never taught the value token.
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
        self._chat = ChatTokenizer(self.model_dir, model.config.vocab, model.ends)
        threads = len(os.sched_getaffinity(0))
        self._start(model, self._chat, kv_bytes, _BATCH_BYTES, threads, device)

    @property
    def capacity(self) -> int:
        return _CAPACITY

    def _encode(self, prompt: str | Chat) -> list[int]:
        return (
            self._chat.encode_chat(prompt) if isinstance(prompt, Chat) else super()._encode(prompt)
        )

    async def generate(self, request: Request) -> Generation:
        """See ``Engine``. Raises :class:`EngineError`; the engine lives on."""
        generation = await super().generate(replace(request, value=False))
        opened = self._chat.opened(request.prompt)
        found = (replace(c, text=opened + c.text) for c in generation.completions)
        return Generation(tuple(found), generation.tokens)
