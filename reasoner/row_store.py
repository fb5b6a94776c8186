"""Keys and values of the rows in flight."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .network import Shape

_FIRST_ROWS, _FIRST_LENGTH = 16, 128  # to begin with; both double when needed


class RowStore:
    """``keys``, ``values``: [L, W, G, T, D] of one tensor, row i of the batch in row i.

    What lies past a row's stored tokens may be anything finite: attention masks it.
    """

    def __init__(self, config: Shape, dtype: torch.dtype = torch.float32) -> None:
        self._shape = (2, config.layers, 0, config.kv_heads, _FIRST_LENGTH, config.head_dim)
        self._dtype = dtype
        self.clear()
        self._token_bytes = 2 * dtype.itemsize * config.layers * config.kv_heads * config.head_dim

    def clear(self) -> None:
        """Give all storage back."""
        self._data = torch.zeros(self._shape, dtype=self._dtype)
        self.keys, self.values = self._data

    def rows_within(self, size: int, longest: int) -> int:
        """How many rows of up to ``longest`` tokens fit into ``size`` bytes."""
        return size // (self._token_bytes * _doubled(_FIRST_LENGTH, longest))

    def row(self, place: int) -> Tensor:
        """One row [2, L, G, T, D], keys and values; writing to it writes to the store."""
        return self._data[:, :, place]

    def reserve(self, rows: int, length: int) -> None:
        """Grow to at least ``rows`` rows of ``length`` tokens."""
        both, layers, had_rows, heads, had_length, size = self._data.shape
        if rows <= had_rows and length <= had_length:
            return
        rows = max(had_rows, _doubled(_FIRST_ROWS, rows))
        length = max(had_length, _doubled(_FIRST_LENGTH, length))
        grown = self._data.new_zeros(both, layers, rows, heads, length, size)
        grown[:, :, :had_rows, :, :had_length] = self._data
        self._data = grown
        self.keys, self.values = grown

    def copy(self, sources: Sequence[int], targets: Sequence[int], length: int) -> None:
        """Copy the first ``length`` tokens of rows; no row may be both source and target."""
        # A loop: one indexed copy of all rows at once is ten to a hundred times slower, because
        # it walks the whole store.
        for source, target in zip(sources, targets, strict=True):
            old, new = self._data[:, :, source, :, :length], self._data[:, :, target, :, :length]
            new.copy_(old)


def _doubled(start: int, least: int) -> int:
    """``start`` doubled until it is at least ``least``."""
    while start < least:
        start *= 2
    return start
