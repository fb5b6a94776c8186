"""A countdown player without weights: legal moves at random, as slow as a test wants it."""

from __future__ import annotations

import asyncio
from collections import Counter
from fractions import Fraction
from random import Random

from reasoner.engine import Completion, Finish, Generation, Request
from verifiers.countdown import _write, after, moves


class ToyEngine:
    name = "toy"
    capacity = 32

    def __init__(self, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s
        self.requests: list[Request] = []

    async def generate(self, request: Request) -> Generation:
        self.requests.append(request)
        await asyncio.sleep(self.delay_s)
        rng = Random(request.seed)
        texts = Counter(self._line(request, rng) for _ in range(request.samples))
        completions = tuple(
            Completion(text, count, len(text.split()), -1.0, finish, 0.5)
            for (text, finish), count in texts.items()
        )
        return Generation(completions, sum(c.tokens for c in completions))

    def _line(self, request: Request, rng: Random) -> tuple[str, Finish]:
        head, *steps = request.prompt.splitlines()
        given = head.removeprefix("countdown ").split(" to ")[0].split()
        state: tuple[Fraction | int, ...] = tuple(sorted(map(int, given)))
        if steps and " left " in steps[-1]:
            state = tuple(Fraction(n) for n in steps[-1].split(" left ")[1].split())
        lines: list[str] = []
        while len(state) > 1:
            options = list(moves(state))
            move = options[0] if request.temperature == 0 else rng.choice(options)
            state = after(state, move)
            lines.append(_write(move, state))
            if request.stop == "\n" and len(state) > 1:
                return lines[0] + "\n", Finish.STOP
        return "\n".join(lines), Finish.END

    def close(self) -> None:
        pass
