"""The prefix cache: keys and values of text already computed, shared across the search tree.

Text is cut into segments before each line break, so a child state ``parent + "\\nstep"`` finds
its parent's segments whole. Segments form a radix tree (as in SGLang's RadixAttention, Zheng et
al. 2023, arXiv 2312.07104), held as one ordered dict from (parent, tokens) to slots.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .network import Shape

ROOT = 0
_Key = tuple[int, tuple[int, ...]]  # parent segment, tokens


@dataclass(frozen=True, slots=True)
class _Segment:
    id: int
    slots: list[int]  # parallel to the tokens


class PrefixCache:
    """A pool of token slots, bounded; the leaf that was used longest ago leaves first.

    The pool is [slots, 2, L, G, D], keys and values exactly as the rows hold them, so
    that a cached prefix changes no result. The system commits memory as slots are first written:
    it grows with use.
    """

    def __init__(
        self,
        config: Shape,
        breaks: frozenset[int],
        kv_bytes: int,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """``breaks``: tokens that begin a new segment. ``kv_bytes``: never more than this."""
        shape = (2, config.layers, config.kv_heads, config.head_dim)
        self.token_bytes = dtype.itemsize * math.prod(shape)
        self.slots = kv_bytes // self.token_bytes
        self._pool = torch.empty((self.slots, *shape), dtype=dtype)
        self._breaks = breaks
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._segments: OrderedDict[_Key, _Segment] = OrderedDict()  # oldest first
        self._free: list[int] = []
        self._fresh = 0  # slots from here on were never used
        self._next_id = ROOT + 1

    @property
    def used(self) -> int:
        """Slots in use."""
        return self._fresh - len(self._free)

    def match(self, tokens: Sequence[int]) -> list[int]:
        """Slots of the longest cached prefix of ``tokens``, never all of them."""
        slots: list[int] = []
        path: list[_Key] = []
        parent = ROOT
        for begin, end in self._cuts(tokens, len(tokens) - 1):
            key = (parent, tuple(tokens[begin:end]))
            segment = self._segments.get(key)
            if segment is None:
                break
            path.append(key)
            slots += segment.slots
            parent = segment.id
        self._touch(path)
        return slots

    def load(self, slots: Sequence[int], row: Tensor) -> None:
        """Copy ``slots`` to the start of ``row`` [2, L, G, T, D]."""
        for begin, first, count in _runs(slots):
            found = self._pool[first : first + count].permute(1, 2, 3, 0, 4)
            row[:, :, :, begin : begin + count].copy_(found)

    def store(self, tokens: Sequence[int], length: int, row: Tensor) -> None:
        """Keep the whole segments of ``tokens``, of which ``length`` are in ``row``.

        row: [2, L, G, T, D]. What is cached already stays; what does not fit even after evicting
        everything else is left out.
        """
        path: list[_Key] = []
        fresh: list[int] = []
        start = parent = ROOT
        for begin, end in self._cuts(tokens, length):
            key = (parent, tuple(tokens[begin:end]))
            segment = self._segments.get(key)
            if segment is None:
                slots = self._take(end - begin, path)
                if slots is None:
                    break
                if not fresh:
                    start = begin
                fresh += slots
                segment = self._segments[key] = _Segment(self._next_id, slots)
                self._next_id += 1
            path.append(key)
            parent = segment.id
        self._touch(path)
        if fresh:
            new = row[:, :, :, start : start + len(fresh)].permute(3, 0, 1, 2, 4)
            for begin, first, count in _runs(fresh):
                self._pool[first : first + count].copy_(new[begin : begin + count])

    def _cuts(self, tokens: Sequence[int], length: int) -> list[tuple[int, int]]:
        """Segments [begin, end) that a line break follows, within the first ``length`` tokens."""
        ends = [i for i in range(1, min(length + 1, len(tokens))) if tokens[i] in self._breaks]
        return list(zip([0, *ends], ends, strict=False))

    def _touch(self, path: list[_Key]) -> None:
        # Leaf first: a parent is then always younger than its children, and the oldest segment
        # is always a leaf.
        for key in reversed(path):
            self._segments.move_to_end(key)

    def _take(self, count: int, path: list[_Key]) -> list[int] | None:
        """``count`` slots, evicting the oldest segments but ``path``; None if too many."""
        if count + sum(len(self._segments[key].slots) for key in path) > self.slots:
            return None
        self._touch(path)  # the oldest is now never one of ours
        while len(self._free) + self.slots - self._fresh < count:
            _, oldest = self._segments.popitem(last=False)
            self._free += oldest.slots
        kept = max(0, len(self._free) - count)
        reused = self._free[kept:]  # in order, so that slots stay side by side
        del self._free[kept:]
        begin = self._fresh
        self._fresh += count - len(reused)
        return reused + list(range(begin, self._fresh))


def _runs(slots: Sequence[int]) -> list[tuple[int, int, int]]:
    """(index, slot, length) of each stretch of slots side by side.

    Until something is evicted there are few, and copying them is twice as quick as one gather.
    """
    runs: list[tuple[int, int, int]] = []
    begin = 0
    for i in range(1, len(slots) + 1):
        if i == len(slots) or slots[i] != slots[i - 1] + 1:
            runs.append((begin, slots[begin], i - begin))
            begin = i
    return runs
