"""An engine within the token budget of one question."""

from __future__ import annotations

from dataclasses import replace

from search import Meter

from .allowance import Allowance
from .engine import Engine, Generation, Measured, Request


class Metered:
    """Requests together ask for no more tokens than the meter has left when this is made."""

    def __init__(self, engine: Engine, meter: Meter) -> None:
        self._engine = engine
        limit = meter.budget.tokens
        self._allowance = None if limit is None else Allowance(limit - meter.tokens)

    async def generate(self, request: Request) -> Generation:
        """What the engine says, within the token budget where there is one."""
        if self._allowance is None:
            return await self._engine.generate(request)
        engine, probe = self._engine, int(request.value)
        prompt = engine.count_tokens(str(request.prompt)) if isinstance(engine, Measured) else 0
        want = prompt + request.samples * (request.max_tokens + probe)
        held, spent = await self._allowance.hold(want), 0
        try:
            generation = await engine.generate(_within(request, held - prompt, probe))
            spent = generation.tokens
        finally:
            self._allowance.settle(held, spent)
        return generation


def _within(request: Request, tokens: int, probe: int) -> Request:
    """``request`` cut to at most ``tokens``: fewer samples first, then shorter ones.

    ``probe``: tokens that reading the value of a sample takes.
    """
    samples = max(1, min(request.samples, tokens // (request.max_tokens + probe)))
    bound = max(1, min(request.max_tokens, tokens // samples - probe))
    return replace(request, samples=samples, max_tokens=bound)
