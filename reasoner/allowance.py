"""The tokens that may still be asked for: requests in flight hold theirs until they come home."""

from __future__ import annotations

import asyncio


class Allowance:
    """A token budget shared by concurrent requests, so that together they stay within it.

    One event loop's only. ``left``: tokens not spent yet, those held included.
    """

    def __init__(self, left: int) -> None:
        self.left = left
        self._held = 0
        self._freed = asyncio.Event()

    async def hold(self, tokens: int) -> int:
        """Hold ``tokens``, or what there is when nobody else holds any; 1 at least.

        Waits while others hold what is missing: most of them use less than they asked for.
        """
        while self._held and self.left - self._held < tokens:
            self._freed.clear()
            await self._freed.wait()
        held = max(1, min(tokens, self.left - self._held))
        self._held += held
        return held

    def settle(self, held: int, spent: int) -> None:
        """A request came home: of what it held it used ``spent``."""
        self._held -= held
        self.left -= spent
        self._freed.set()
