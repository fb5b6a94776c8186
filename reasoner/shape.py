"""The sizes of a language model that storage depends on."""

from __future__ import annotations

from typing import Protocol


class Shape(Protocol):
    """``context``: the longest text in tokens. ``vocab``: rows of the output matrix."""

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
