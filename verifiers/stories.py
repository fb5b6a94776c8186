"""Word problems told: short stories of one to four operations."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from .columns import result, work_out
from .names import person, thing

_START = re.compile(r"(?:^|(?<=[.?] ))[a-z]")
MAX_VALUE = 999  # of every number on the way
_ABOUT_ME = 0.06
_ASIDES = (
    "it was a sunny day.", "that was fun.", "everyone was happy.", "it was a long day.",
    "they are very nice.", "nobody was late.", "the weather was bad.", "that is not much.",
)  # fmt: skip


@dataclass
class Story:
    """A story in the making: sentences, the operations they imply, and the number so far.

    ``past``: told in the past tense. Verbs are given as "present/past".
    """

    rng: Random
    name: str
    pronoun: str
    other: str
    thing: str
    past: bool
    total: int = 0
    operations: int = 0
    values: list[int] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def do(self, a: int, op: str, b: int) -> int:
        lines = work_out(f"{a}{op}{b}")
        if lines is None:
            raise Untold
        self.operations += 1
        self.steps += lines
        value = int(result(lines[-1]))
        if not 0 < value <= MAX_VALUE:
            raise Untold
        self.total = value
        return value

    def say(self, *variants: str) -> None:
        self.sentences.append(self.rng.choice(variants))

    def verb(self, *forms: str) -> str:
        present, _, past = self.rng.choice(forms).partition("/")
        return past if self.past else present

    def pick(self, *variants: str) -> str:
        return self.rng.choice(variants)

    def number(self, low: int, high: int) -> int:
        return self.rng.randint(low, max(low, high))

    @property
    def his(self) -> str:
        return {"he": "his", "i": "my"}.get(self.pronoun, "her")

    @property
    def him(self) -> str:
        return {"he": "him", "i": "me"}.get(self.pronoun, "her")


class Untold(Exception):
    """The numbers drawn make no sensible story; another one is told."""


Plot = Callable[[Story, int], str]
"""Tells a story of about that many operations and returns the question."""


def tell(rng: Random, level: int, plots: Sequence[Plot]) -> tuple[str, tuple[str, ...]]:
    """A story of about ``level`` operations with its question, and the worked solution."""
    while True:
        name, pronoun = person(rng)
        other, _ = person(rng)
        if other == name:
            continue
        past = rng.random() < 0.35
        if rng.random() < _ABOUT_ME:
            name = pronoun = "i"
            past = True  # the verbs' past is the same for everyone
        story = Story(rng, name, pronoun, other, thing(rng), past)
        try:
            asked = rng.choice(plots)(story, level)
        except Untold:
            continue
        told = _composed(rng, story.sentences, asked)
        text = _START.sub(lambda first: first[0].upper(), told)
        named = re.compile(rf"\b(?:{name}|{other}|i)\b")
        return named.sub(lambda found: found[0].capitalize(), text), tuple(story.steps)


def _composed(rng: Random, sentences: list[str], asked: str) -> str:
    """The sentences with the question behind them, seldom before them or in one with them."""
    form = rng.random()
    if form < 0.1:
        facts = rng.choice((", ", " and ")).join(s.removesuffix(".") for s in sentences)
        if form < 0.07:
            return f"{rng.choice(('if ', ''))}{facts}, {asked}"
        return f"{asked.removesuffix('?')} if {facts}?"
    if form < 0.16:
        at = rng.randint(0, len(sentences))
        return " ".join([*sentences[:at], rng.choice(_ASIDES), *sentences[at:], asked])
    return " ".join([*sentences, asked])
