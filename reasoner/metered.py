"""An engine within the budget of tokens and dollars of one question."""

from __future__ import annotations

import math
from dataclasses import replace

from search import Meter

from .allowance import Allowance
from .engine import Engine, Generation, Measured, Priced, Request


class Metered:
    """Requests together ask for no more than the meter has left when this is made.

    Dollars are held as tokens of the dearest kind, and counted as they are spent: the meter hears
    of them here. It hears of tokens from the search.
    """

    def __init__(self, engine: Engine, meter: Meter) -> None:
        self._engine, self._meter = engine, meter
        self._price = engine.dollars_per_token if isinstance(engine, Priced) else 0.0
        limits = []
        if (tokens := meter.budget.tokens) is not None:
            limits.append(tokens - meter.tokens)
        if (dollars := meter.budget.dollars) is not None and self._price:
            limits.append(int((dollars - meter.dollars) / self._price))
        self._allowance = Allowance(min(limits)) if limits else None

    async def generate(self, request: Request) -> Generation:
        """What the engine says, within the budget where there is one."""
        if self._allowance is None:
            return self._paid(await self._engine.generate(request))
        engine, probe = self._engine, int(request.value)
        prompt = engine.count_tokens(request.prompt) if isinstance(engine, Measured) else 0
        want = prompt + request.samples * (request.max_tokens + probe)
        held, spent = await self._allowance.hold(want), 0
        try:
            generation = self._paid(await engine.generate(_within(request, held - prompt, probe)))
            dear = math.ceil(generation.dollars / self._price) if self._price else 0
            spent = max(generation.tokens, dear)
        finally:
            self._allowance.settle(held, spent)
        return generation

    def _paid(self, generation: Generation) -> Generation:
        self._meter.add(dollars=generation.dollars)
        return generation


def _within(request: Request, tokens: int, probe: int) -> Request:
    """``request`` cut to at most ``tokens``: fewer samples first, then shorter ones.

    ``probe``: tokens that reading the value of a sample takes.
    """
    samples = max(1, min(request.samples, tokens // (request.max_tokens + probe)))
    bound = max(1, min(request.max_tokens, tokens // samples - probe))
    return replace(request, samples=samples, max_tokens=bound)
