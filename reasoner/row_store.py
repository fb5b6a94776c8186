"""Keys and values of the rows in flight."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .checkpoint import LlamaConfig

_FIRST_ROWS, _FIRST_LENGTH = 16, 128  # to begin with; both double when needed


class RowStore:
    """``keys``, ``values``: float32 [L, W, G, T, D], row i of the batch in row i.

    What lies past a row's stored tokens may be anything finite: attention masks it.
    """

    def __init__(self, config: LlamaConfig) -> None:
        shape = (config.layers, 0, config.kv_heads, _FIRST_LENGTH, config.head_dim)
        self.keys, self.values = torch.zeros(shape), torch.zeros(shape)
        self._token_bytes = 8 * config.layers * config.kv_heads * config.head_dim

    def rows_within(self, size: int, longest: int) -> int:
        """How many rows of up to ``longest`` tokens fit into ``size`` bytes."""
        return size // (self._token_bytes * _doubled(_FIRST_LENGTH, longest))

    def row(self, place: int) -> tuple[Tensor, Tensor]:
        """Keys and values [L, G, T, D] of one row; writing to them writes to the store."""
        return self.keys[:, place], self.values[:, place]

    def reserve(self, rows: int, length: int) -> None:
        """Grow to at least ``rows`` rows of ``length`` tokens."""
        layers, had_rows, heads, had_length, size = self.keys.shape
        if rows <= had_rows and length <= had_length:
            return
        rows = max(had_rows, _doubled(_FIRST_ROWS, rows))
        length = max(had_length, _doubled(_FIRST_LENGTH, length))

        def grown(old: Tensor) -> Tensor:
            new = torch.zeros(layers, rows, heads, length, size)
            new[:, :had_rows, :, :had_length] = old
            return new

        self.keys, self.values = grown(self.keys), grown(self.values)

    def copy(self, sources: Sequence[int], targets: Sequence[int], length: int) -> None:
        """Copy the first ``length`` tokens of rows; all are read before any is written."""
        source, target = torch.tensor(sources), torch.tensor(targets)
        for storage in (self.keys, self.values):
            part = storage[:, :, :, :length]
            part.index_copy_(1, target, part.index_select(1, source))


def _doubled(start: int, least: int) -> int:
    """``start`` doubled until it is at least ``least``."""
    while start < least:
        start *= 2
    return start
