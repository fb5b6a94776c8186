"""What the decoder asks of a language model and of its tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from .tokenizer import SpecialIds


class Shape(Protocol):
    """The sizes of a language model that storage depends on.

    ``context``: the longest text in tokens. ``vocab``: rows of the output matrix.
    """

    @property
    def layers(self) -> int: ...

    @property
    def kv_heads(self) -> int: ...

    @property
    def head_dim(self) -> int: ...

    @property
    def vocab(self) -> int: ...

    @property
    def context(self) -> int: ...


class Network(Protocol):
    """Computes tokens whose keys and values live in the caller's storage."""

    kv_dtype: torch.dtype

    @property
    def config(self) -> Shape: ...

    def forward(
        self,
        tokens: Tensor,
        positions: Tensor,
        keys: Tensor,
        values: Tensor,
        span: int,
        shared: int = 0,
    ) -> Tensor:
        """Hidden states [B * S, H]; callers with S > 1 have no use for them.

        Stores the keys and values of ``tokens`` [B, S] at their ``positions`` [B, S] in ``keys``
        and ``values`` [L, W >= B, G, T, D]; each token looks at its row up to itself, within
        ``span``. ``shared``: tokens that all rows begin with, to be made use of or not.
        """
        ...

    def logits(self, hidden: Tensor) -> Tensor:
        """Hidden states [N, H] to logits [N, V], float32."""
        ...

    def logits_of(self, hidden: Tensor, tokens: Tensor) -> Tensor:
        """Logits [N, len(tokens)] of a few tokens, in full precision."""
        ...

    def choose(
        self, logits: Tensor, temperatures: Tensor, rows: Tensor, uniforms: Tensor, plain: bool
    ) -> tuple[Tensor, Tensor]:
        """Tokens [M] drawn from ``rows`` [M] of logits [R, V], and their log-probabilities."""
        ...


class Vocabulary(Protocol):
    """Tokens as bytes. ``ends`` end a text; ``silent`` ones are never written."""

    special: SpecialIds
    pieces: list[bytes]
    ends: frozenset[int]
    silent: tuple[int, ...]

    @property
    def size(self) -> int: ...

    def encode(self, text: str) -> list[int]:
        """Tokens of ``text``; :class:`EngineError` when it is not valid Unicode."""
        ...

    def decode(self, tokens: Sequence[int]) -> str: ...
