"""A group: the samples of one request, and what came of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from search import Span

from .engine import Completion, Finish


@dataclass(frozen=True, slots=True)
class Line:
    """``count`` samples that came out as ``tokens``; ``value`` is raw P(good)."""

    tokens: tuple[int, ...]
    count: int
    logprob: float
    finish: Finish
    value: float | None
    weights: tuple[Span, ...] | None = None


def spell(lines: Sequence[Line], decode: Callable[[Sequence[int]], str]) -> tuple[Completion, ...]:
    """Lines as text; different tokens can spell the same text, and then count together."""
    spelled: dict[tuple[str, Finish, tuple[Span, ...] | None], list[Line]] = {}
    for line in lines:
        spelled.setdefault((decode(line.tokens), line.finish, line.weights), []).append(line)
    found = []
    for (text, finish, weights), same in spelled.items():
        best = max(same, key=lambda line: line.logprob)
        count = sum(line.count for line in same)
        tokens = len(best.tokens)
        found.append(Completion(text, count, tokens, best.logprob, finish, best.value, weights))
    return tuple(found)


@dataclass(eq=False, slots=True)
class Group:
    """Samples that share a prompt and its settings.

    ``left``: samples not finished. ``until``: by time.perf_counter, when
    its samples end with what they have. ``computed``: tokens run through the model. ``cancelled``:
    set from any thread; the rows are gone before the next iteration.
    """

    prompt: tuple[int, ...]
    samples: int
    max_tokens: int
    stop: bytes | None
    temperature: float
    seed: int
    value: bool
    until: float = math.inf
    lines: list[Line] = field(default_factory=list)
    left: int = field(init=False)
    computed: int = 0
    cancelled: bool = False
    uniforms: list[float] = field(init=False)  # [samples] in [0, 1), of this iteration
    _random: Random = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.samples
        self._random = Random(self.seed)
        self.uniforms = []

    @property
    def longest(self) -> int:
        """The most storage a row can need, in tokens."""
        return len(self.prompt) + self.max_tokens + 1

    def draw(self) -> None:
        """Fresh uniforms for every sample, finished or not: none depends on another's fate."""
        self.uniforms = [self._random.random() for _ in range(self.samples)]
