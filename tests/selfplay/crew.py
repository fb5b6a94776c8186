"""Workers without weights: a toy player, an expert, and some that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

from reasoner.catalog import Model
from reasoner.engine import Completion, Finish, Generation, Request
from selfplay.play import Order, Play, play
from tests.app.toy import ToyEngine
from verifiers import domain, recognise


class ExpertEngine:
    """Knows a right line for every countdown; tells it a share of the time."""

    name = "expert"
    capacity = 32

    def __init__(self, skill: float = 1.0) -> None:
        self.skill, self.toy = skill, ToyEngine()

    async def generate(self, request: Request) -> Generation:
        head = request.prompt.split("\n")[0] + "\n"
        if Random(f"{self.skill} {head} {request.seed}").random() >= self.skill:
            return await self.toy.generate(request)
        family = domain("countdown")
        numbers, target = head.removeprefix("countdown ").split(" to ")
        problem = recognise(f"Use {numbers} to make {target.strip()}")
        steps = [step.text for step in family.demonstrate(problem, Random(0))]
        done = request.prompt.removeprefix(head).split("\n")[:-1]
        if steps[: len(done)] != done:
            return await self.toy.generate(request)
        rest = steps[len(done) :]
        text, finish = "\n".join(rest), Finish.END
        if request.stop == "\n" and len(rest) > 1:
            text, finish = rest[0] + "\n", Finish.STOP
        return Generation((Completion(text, request.samples, 8, -1.0, finish, 0.5),), 8)

    def close(self) -> None:
        pass


class Crew:
    """``engine_of``: the engine that stands for a model's folder."""

    capacity = 4

    def __init__(self, engine_of: Callable[[str], object] = lambda folder: ToyEngine()) -> None:
        self.engine_of = engine_of
        self.orders: list[Order] = []
        self.closed = False

    async def play(self, order: Order) -> Play:
        self.orders.append(order)
        if order.problem.domain != "countdown":  # of no interest here: always right
            return Play(
                order.id, order.generation, order.problem, "toy", "toy", order.seed, 0, "verified",
                1, 0.0, "", True, True,
            )  # fmt: skip
        engine = self.engine_of(order.model)
        return await play(order, Model("toy", engine, fingerprint="toy"))  # type: ignore[arg-type]

    def close(self) -> None:
        self.closed = True


class Poisoned(Crew):
    """Fails, or hangs, on the problems of one number."""

    def __init__(self, bad: Callable[[Order], bool], hang: bool = False) -> None:
        super().__init__()
        self.bad, self.hang = bad, hang

    async def play(self, order: Order) -> Play:
        if self.bad(order):
            self.orders.append(order)
            if self.hang:
                await asyncio.wait_for(asyncio.Event().wait(), 0.01)
            raise RuntimeError("poison")
        return await super().play(order)


class Quiet:
    """An audience that remembers, and may be made to act."""

    def __init__(self, act: Callable[[str, int], None] = lambda part, done: None) -> None:
        self.lines: list[str] = []
        self.parts: list[tuple[str, int]] = []
        self.act = act

    def tell(self, part: str, done: int, total: int, note: str) -> None:
        self.parts.append((part, done))
        self.act(part, done)

    def say(self, line: str) -> None:
        self.lines.append(line)
