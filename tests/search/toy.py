"""Scripted proposers: small worlds with no model, the same answer for the same seed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import combinations
from random import Random

from search import Chain, Job, Outcome, Proposal, Strategy, Thought, Tree

Numbers = tuple[Fraction, ...]
LONGEST = 12  # a line is cut after so many steps: worlds have loops


@dataclass(frozen=True)
class Option:
    """One step out of a scripted state; ``to`` None = not allowed."""

    text: str
    to: str | None
    weight: float = 1.0
    value: float | None = None
    outcome: Outcome | None = None


class Script:
    """Walks a table of states; the root's state is "". Counts what it was asked."""

    def __init__(self, table: Mapping[str, list[Option]] | Callable[[str], list[Option]]) -> None:
        self._options = table if callable(table) else table.__getitem__
        self.jobs: list[Job] = []
        self.tokens_a_step = 1

    async def propose(self, steps: tuple[str, ...], job: Job) -> Proposal:
        return self.answer(steps, job)

    def answer(self, steps: tuple[str, ...], job: Job) -> Proposal:
        self.jobs.append(job)
        state = ""
        for step in steps:
            taken = next(option for option in self._options(state) if option.text == step)
            assert taken.to is not None
            state = taken.to
        rng = Random(job.seed)
        lines: Counter[tuple[Thought, ...]] = Counter()
        for _ in range(job.samples):
            lines[self._line(state, rng, job)] += 1
        tokens = sum(len(line) * count for line, count in lines.items()) * self.tokens_a_step
        return Proposal(tuple(Chain(line, count) for line, count in lines.items()), tokens)

    def _line(self, state: str, rng: Random, job: Job) -> tuple[Thought, ...]:
        line: list[Thought] = []
        while True:
            options = self._options(state)
            if job.temperature == 0.0:
                option = max(options, key=lambda option: option.weight)
            else:
                weights = [option.weight ** (1.0 / job.temperature) for option in options]
                option = rng.choices(options, weights)[0]
            cut = len(line) + 1 == LONGEST
            last = not job.to_end or option.to is None or option.outcome is not None or cut
            # As engines do it: the value is read once, after the last step of a line.
            value = option.value if last else None
            line.append(Thought(option.text, option.to, value, option.outcome))
            if last:
                return tuple(line)
            state = option.to


def noise(*parts: object) -> float:
    """A standard normal number, the same for the same parts."""
    return Random("/".join(map(str, parts))).gauss(0.0, 1.0)


@cache
def moves(numbers: Numbers) -> tuple[tuple[str, Numbers], ...]:
    """(text, numbers left) of all steps of the Game of 24."""
    found = {}
    for i, j in combinations(range(len(numbers)), 2):
        a, b = max(numbers[i], numbers[j]), min(numbers[i], numbers[j])
        rest = [n for k, n in enumerate(numbers) if k not in (i, j)]
        made = [(f"{a} + {b}", a + b), (f"{a} - {b}", a - b), (f"{a} * {b}", a * b)]
        made += [(f"{a} / {b}", a / b)] if b else []
        made += [(f"{b} / {a}", b / a)] if a and a != b else []
        for text, result in made:
            found[text] = tuple(sorted([*rest, result]))
    return tuple(found.items())


@cache
def solvable(numbers: Numbers) -> bool:
    if len(numbers) == 1:
        return numbers[0] == 24
    return any(solvable(left) for _, left in moves(numbers))


def game24(
    numbers: tuple[int, ...],
    *,
    skill: float = 2.0,
    spread: float = 2.0,
    sight: float = 3.0,
    blur: float = 0.0,
    slip: float = 0.1,
    judged: bool = True,
) -> Script:
    """A Game of 24 player that is right more often than chance.

    A step's logit is ``skill`` if 24 stays in reach, plus ``spread`` times fixed noise; a value's
    logit is +-``sight`` plus ``blur`` times fixed noise. ``slip``: share of malformed steps.
    """

    @cache
    def options(state: str) -> list[Option]:
        left: Numbers = tuple(Fraction(n) for n in (state.split() or map(str, sorted(numbers))))
        found = []
        for text, then in moves(left):
            good = solvable(then)
            weight = math.exp(skill * good + spread * noise(numbers, state, text))
            value = 1.0 / (1.0 + math.exp((-sight if good else sight) - blur * noise(then)))
            outcome = None
            if len(then) == 1:
                score = float(then[0] == 24) if judged else None
                outcome = Outcome(f"line to {then[0]}", str(then[0]), score)
            found.append(Option(text, " ".join(map(str, then)), weight, value, outcome))
        share = sum(option.weight for option in found) * slip / (1.0 - slip)
        return [*found, Option("?", None, share)] if share else found

    return Script(options)


def maze(seed: int, states: int = 8, judged: bool = True, solvable: bool = True) -> Script:
    """A small random graph with transpositions, loops, dead ends and few answers."""

    @cache
    def options(state: str) -> list[Option]:
        rng = Random(f"{seed}/{state}")
        found = []
        for i in range(rng.randint(1, 4)):
            kind, weight = rng.random(), rng.random() + 0.1
            value = rng.choice([None, rng.random()])
            if kind < 0.15:
                found.append(Option(f"bad {i}", None, weight))
            elif kind < 0.4:
                answer = str(rng.randrange(4))
                right = solvable and answer == "0"
                outcome = Outcome(f"it is {answer}", answer, float(right) if judged else None)
                found.append(Option(f"say {answer}", f"end{answer}", weight, value, outcome))
            else:
                found.append(Option(f"go {i}", f"s{rng.randrange(states)}", weight, value))
        return list({option.text: option for option in found}.values())

    return Script(options)


def drive(
    tree: Tree, strategy: Strategy, script: Script, jobs: int, width: int = 1, seed: int = 0
) -> list[tuple[Job, Proposal]]:
    """Run up to ``jobs`` jobs without an event loop, ``width`` in flight, oldest home first."""
    flying: list[Job] = []
    events: list[tuple[Job, Proposal]] = []
    launched = 0
    while True:
        while len(flying) < width and launched < jobs:
            job = strategy.select(tree, seed * 1_000_003 + launched)
            if job is None:
                break
            tree.begin(job)
            flying.append(job)
            launched += 1
        if not flying:
            return events
        job = flying.pop(0)
        proposal = script.answer(tree.steps(job.path), job)
        tree.release(job)
        tree.apply(job, proposal)
        events.append((job, proposal))


def snapshot(tree: Tree) -> dict[str, object]:
    """Everything there is to know of a tree, as JSON would hold it."""
    nodes, frontier, best = tree.nodes, tree.frontier, tree.answers.best(alternatives=9)
    return {
        "temperature": tree.temperature,
        "answers": []
        if best is None
        else [
            [each.group, round(each.confidence, 9), each.votes, list(each.path)]
            for each in (best, *best.alternatives)
        ],
        "nodes": [
            {
                "key": nodes.key[node],
                "q": round(nodes.q[node], 9),
                "visits": nodes.visits[node],
                "drawn": nodes.drawn[node],
                "flags": [frontier.closed[node], frontier.solved[node], frontier.dead[node]],
                "steps": [
                    [child, nodes.edge_text[e], nodes.edge_visits[e], nodes.edge_samples[e]]
                    for child, e in nodes.children[node].items()
                ],
            }
            for node in range(len(nodes))
        ],
    }
