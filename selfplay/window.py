"""The replay window: what recent plays taught, and the batches that a challenger learns from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import blake2b
from itertools import count
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from tokenizers import Tokenizer

from reasoner.traces import encode, lines
from verifiers import Step

from .corpus import advised, encoder, expert_lesson, specials
from .folder import write_whole
from .lesson import (
    Batch,
    Lesson,
    choosing,
    comparison,
    fill_rows,
    lesson,
    pack,
    second_thoughts,
)
from .targets import Taught

if TYPE_CHECKING:
    from pydantic import TypeAdapter

VALUE = 0.15  # of the lessons that are no demonstrations, so many are for the value
PAIRS = 0.5  # of those, so many compare two siblings
CHOOSING = 0.5  # of the lessons for the policy from plays, so many are choices
FAILING = 0.7  # of the others, so many begin with lines that failed, where some did
FAILED = 8  # such lines in one lesson, at most
GROWTH = 0.65  # exponent of the window's growth, as in KataGo (D. Wu 2019)


def reach(total: int, least: int) -> int:
    """How many of ``total`` plays to learn from: all at first, then a power law's share."""
    if total <= least:
        return total
    grown: float = (total**GROWTH - least**GROWTH) / (GROWTH * least ** (GROWTH - 1))
    return round(least + 0.4 * grown)


def write(taught: Iterable[Taught], path: Path) -> None:
    write_whole(path, map(encode, taught))


def read(path: Path) -> Iterator[Taught]:
    for _, body in lines(path.read_bytes()):
        if body is not None:
            yield _adapter().validate_json(body)


@cache
def _adapter() -> TypeAdapter[Taught]:
    from pydantic import TypeAdapter

    return TypeAdapter(Taught)


@dataclass(frozen=True, slots=True)
class Window:
    """``solved``: what teaches the policy. ``tried``: what teaches the value. ``digest``: of the
    files they are from."""

    solved: Sequence[Taught]
    tried: Sequence[Taught]
    digest: str = ""

    @classmethod
    def of(cls, paths: Sequence[Path]) -> Window:
        known = blake2b(digest_size=8)
        for path in paths:
            known.update(path.read_bytes())
        found = cls.holding([taught for path in paths for taught in read(path)])
        return replace(found, digest=known.hexdigest())

    @classmethod
    def holding(cls, taught: Sequence[Taught]) -> Window:
        return cls([t for t in taught if t.line], [t for t in taught if t.rollouts])

    def tokens(self, tokenizer: Tokenizer, length: int) -> int:
        """Of one reading of every line and its choices, prompts included; from a sample of 200."""
        if not self.solved:
            return 0
        tools = encoder(tokenizer), specials(tokenizer)
        some = Random(0).choices(self.solved, k=200)
        sizes = [
            len(lesson(t.problem, _steps(t.line), True, *tools).ids)
            + len(choosing(t.problem, t.choices, *tools, length).ids)
            for t in some
        ]
        return round(len(self.solved) * sum(sizes) / len(sizes))

    def batches(
        self, tokenizer: Tokenizer, seed: str, start: int, rows: int, length: int, expert: float
    ) -> Iterator[Batch]:
        """Batches ``start``, ``start + 1``, ...: each follows from the seed and its number alone.

        ``expert``: share of the rows that hold demonstrations, at least, so that nothing is
        forgotten.
        """
        special, encode_text = specials(tokenizer), encoder(tokenizer)
        shown = min(rows - 1, math.ceil(expert * rows)) if self.solved or self.tried else rows
        for number in count(start):
            rng = Random(f"{seed} batch {number}")

            def show(rng: Random = rng) -> Lesson:
                return expert_lesson(rng, encode_text, special, length)

            def draw(rng: Random = rng) -> Lesson:
                choice = rng.random() < CHOOSING
                if self.tried and (rng.random() < VALUE or not self.solved):
                    one = rng.choice(self.tried)
                    if one.pairs and rng.random() < PAIRS:
                        pair = rng.choice(one.pairs)
                        return comparison(
                            one.problem, pair.steps, pair.better, pair.worse, encode_text, special
                        )
                    rollout = rng.choices(one.rollouts, [r.count for r in one.rollouts])[0]
                    steps = rollout.judged_steps()
                    return lesson(one.problem, steps, rollout.done, encode_text, special)
                one = rng.choice(self.solved)
                if one.choices and choice:
                    found = choosing(one.problem, one.choices, encode_text, special, length)
                    if found.choices:  # otherwise none is short enough
                        return found
                if rng.random() < FAILING and (failed := _failed(one, rng)):
                    return second_thoughts(
                        one.problem, failed, _steps(one.line), encode_text, special, length
                    )
                return lesson(one.problem, _steps(one.line), True, encode_text, special)

            filled = fill_rows(show, shown, length) + fill_rows(draw, rows - shown, length)
            yield pack(filled, length, special.pad)


def _failed(one: Taught, rng: Random) -> list[list[Step]]:
    """Some of the policy's own lines that ended in a wrong answer, likelier ones rather earlier;
    none where nobody sees from the line that it did."""
    if not advised(one.problem.domain):
        return []
    wrong = [r for r in one.rollouts if r.done and not r.right]
    order = sorted(wrong, key=lambda r: rng.random() ** (1 / r.count), reverse=True)
    return [
        [Step(text, teach=False, good=None) for text in r.steps]
        for r in order[: rng.randint(1, FAILED)]
    ]


def _steps(texts: Sequence[str]) -> list[Step]:
    return [Step(text, good=None) for text in texts]
