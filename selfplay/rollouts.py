"""Roll-outs: a model's own lines of thought on fresh problems, judged at their end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from reasoner.cards import licence
from reasoner.engine import Completion, Engine, Request
from reasoner.policy import AGAIN, LINE_TOKENS, coolness
from verifiers import Problem, Step, domain
from verifiers.source import Source

from .corpus import fresh_problem

IN_FLIGHT = 24  # problems at once: enough to keep the engine busy


@dataclass(frozen=True, slots=True)
class Rollout:
    """``steps``: the lines as written, up to the first that is not allowed. ``done``: the last
    one is an answer. ``right``: a verifier with the reference confirmed it."""

    problem: Problem
    steps: tuple[str, ...]
    done: bool
    right: bool
    count: int  # how many samples came out as exactly this

    def judged_steps(self) -> tuple[Step, ...]:
        """For the value alone: each state's outcome is the line's."""
        return tuple(Step(text, teach=False, good=self.right) for text in self.steps)


def read(problem: Problem, completion: Completion) -> Rollout:
    """One completion as a judged line."""
    family = domain(problem.domain)
    steps: tuple[str, ...] = ()
    for line in completion.text.split("\n"):
        if not line:
            break
        steps = (*steps, line)
        if family.state_key(problem, steps) is None:
            return Rollout(problem, steps, False, False, completion.count)
        answer = family.answer(problem, steps)
        if answer is not None:
            right = family.verify(problem, answer).passed is True
            return Rollout(problem, steps, True, right, completion.count)
    return Rollout(problem, steps, False, False, completion.count)


def draw_problems(
    seed: str, mix: Sequence[tuple[str, int, int]], *, reserved: bool = False
) -> list[Problem]:
    """``mix``: (domain, level, how many). Evaluation problems are never drawn."""
    rng = Random(seed)
    problems = [
        fresh_problem(rng, name, level, reserved=reserved)
        for name, level, count in mix
        for _ in range(count)
    ]
    rng.shuffle(problems)
    return problems


async def roll_out(
    engine: Engine,
    problems: Sequence[Problem],
    samples: int,
    seed: int,
    report: Callable[[int], None] = lambda done: None,
    *,
    as_searched: bool = False,
) -> list[list[Rollout]]:
    """Judged lines for each problem, in the problems' order; ``report`` counts problems done.

    ``as_searched``: as warm or cold as a search draws, for calibration; else at temperature 1,
    which shows the value more ways to fail. Raises ``UsageError`` before anything is drawn when
    a verifier fails its own test: what it pays for must not be learned.
    """
    for name in sorted({problem.domain for problem in problems}):
        await licence(domain(name), Source("name", name))
    gate = asyncio.Semaphore(IN_FLIGHT)
    finished = 0

    async def one(number: int, problem: Problem) -> list[Rollout]:
        nonlocal finished
        request = Request(
            problem.prompt,
            samples=samples,
            max_tokens=LINE_TOKENS,
            stop=AGAIN,
            temperature=coolness(domain(problem.domain)) if as_searched else 1.0,
            seed=seed * 1_000_003 + number,
        )
        async with gate:
            generation = await engine.generate(request)
        finished += 1
        report(finished)
        return [read(problem, completion) for completion in generation.completions]

    return await asyncio.gather(*(one(n, problem) for n, problem in enumerate(problems)))
