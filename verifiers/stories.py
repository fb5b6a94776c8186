"""Word problems told: short stories of one to four operations, from templates."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

MAX_VALUE = 999  # of every number on the way
NAMES = (
    ("tom", "he"), ("anna", "she"), ("ben", "he"), ("maria", "she"), ("sam", "he"),
    ("lena", "she"), ("omar", "he"), ("emma", "she"), ("raj", "he"), ("lucy", "she"),
    ("jack", "he"), ("mia", "she"), ("leo", "he"), ("sara", "she"), ("david", "he"),
)  # fmt: skip
THINGS = (
    "apples", "books", "marbles", "coins", "stickers", "pencils", "cards", "cookies", "oranges",
    "stamps", "toys", "balloons", "eggs", "candies", "shells", "flowers",
)  # fmt: skip
BOXES = ("bags", "boxes", "packs", "baskets", "jars")
PLACES = ("a farm", "a school", "a library", "a shop", "a bakery")


@dataclass
class Story:
    """A story in the making: sentences, the operations they imply, and the number so far."""

    rng: Random
    name: str
    pronoun: str
    thing: str
    total: int = 0
    sentences: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def do(self, a: int, op: str, b: int) -> int:
        result = {"+": a + b, "-": a - b, "*": a * b, "/": a // b if b else 0}[op]
        self.steps.append(f"{a} {op} {b} = {result}")
        return result

    def say(self, *variants: str) -> None:
        self.sentences.append(self.rng.choice(variants))


Event = Callable[[Story], None]


def _gains(s: Story) -> None:
    k = s.rng.randint(2, 60)
    s.say(
        f"{s.pronoun} buys {k} more.",
        f"{s.pronoun} finds {k} more {s.thing}.",
        f"{s.pronoun} gets {k} {s.thing} from a friend.",
        f"then {s.name} collects {k} more {s.thing}.",
        f"a friend gives {s.name} {k} {s.thing}.",
    )
    s.total = s.do(s.total, "+", k)


def _loses(s: Story) -> None:
    k = s.rng.randint(1, max(1, s.total - 1))
    s.say(
        f"{s.pronoun} gives {k} to a friend.",
        f"{s.pronoun} gives away {k} {s.thing}.",
        f"{s.pronoun} loses {k} of them.",
        f"{s.pronoun} sells {k} {s.thing}.",
        f"then {s.name} uses {k} {s.thing}.",
    )
    s.total = s.do(s.total, "-", k)


def _buys_boxes(s: Story) -> None:
    n, k, box = s.rng.randint(2, 9), s.rng.randint(2, 12), s.rng.choice(BOXES)
    s.say(
        f"{s.pronoun} buys {n} {box} with {k} {s.thing} each.",
        f"{s.pronoun} buys {n} {box} of {k} {s.thing}.",
        f"then {s.name} gets {n} {box} with {k} {s.thing} in each.",
    )
    s.total = s.do(s.total, "+", s.do(n, "*", k))


def _gives_to_each(s: Story) -> None:
    n = s.rng.randint(2, 6)
    k = s.rng.randint(1, max(1, s.total // (n + 1)))
    s.say(
        f"{s.pronoun} gives {k} {s.thing} to each of {n} friends.",
        f"{s.pronoun} gives {n} friends {k} {s.thing} each.",
    )
    s.total = s.do(s.total, "-", s.do(n, "*", k))


def _multiplies(s: Story) -> None:
    word, k = s.rng.choice((("doubles", 2), ("triples", 3)))
    s.say(
        f"then {s.name} {word} the number of {s.thing}.",
        f"{s.pronoun} {word} what {s.pronoun} has.",
    )
    s.total = s.do(s.total, "*", k)


def _halves(s: Story) -> None:
    s.say(f"{s.pronoun} gives half of them away.", f"{s.pronoun} sells half of the {s.thing}.")
    s.total = s.do(s.total, "/", 2)


def _events(s: Story) -> tuple[Event, ...]:
    events: tuple[Event, ...] = (_gains, _loses, _buys_boxes, _gives_to_each, _multiplies)
    return (*events, _halves) if s.total % 2 == 0 else events


def _collection(s: Story, level: int) -> str:
    """Starts with some things; events follow; how many are left?"""
    s.total = s.rng.randint(5, 60)
    s.say(
        f"{s.name} has {s.total} {s.thing}.",
        f"{s.name} starts with {s.total} {s.thing}.",
        f"there are {s.total} {s.thing} in the room of {s.name}.",
    )
    while len(s.steps) < level:
        event = s.rng.choice(_events(s))
        if event in (_buys_boxes, _gives_to_each) and len(s.steps) + 2 > level:
            continue
        event(s)
    return s.rng.choice(
        (
            f"how many {s.thing} does {s.name} have now?",
            f"how many {s.thing} are there now?",
            f"how many {s.thing} does {s.pronoun} have in the end?",
        )
    )


def _shopping(s: Story, level: int) -> str:
    price, n = s.rng.randint(2, 15), s.rng.randint(2, 12)
    s.say(
        f"{s.name} buys {n} {s.thing} for {price} dollars each.",
        f"the price of {s.thing} is {price} dollars each and {s.name} buys {n}.",
    )
    s.total = s.do(n, "*", price)
    if level == 1:
        return f"how much does {s.pronoun} pay?"
    if level >= 3:
        other, m = s.rng.randint(2, 15), s.rng.randint(2, 12)
        s.say(f"{s.pronoun} also buys {m} books for {other} dollars each.")
        s.total = s.do(s.total, "+", s.do(m, "*", other))
        if level == 3:
            return f"how much does {s.pronoun} pay in total?"
    money = s.total + s.rng.randint(1, 60)
    s.say(f"{s.pronoun} had {money} dollars.", f"{s.pronoun} pays with {money} dollars.")
    s.total = s.do(money, "-", s.total)
    return s.rng.choice(("how much money is left?", f"how much does {s.pronoun} get back?"))


def _sharing(s: Story, level: int) -> str:
    n, each, place = s.rng.randint(2, 9), s.rng.randint(3, 30), s.rng.choice(PLACES)
    s.total = n * each
    if level >= 2:
        more = s.rng.randint(1, s.total - 1)
        s.say(f"{place} has {s.total - more} {s.thing} and gets {more} more.")
        s.do(s.total - more, "+", more)
    else:
        s.say(f"{place} has {s.total} {s.thing}.")
    box = s.rng.choice(BOXES)
    s.say(f"they are put in {n} {box} equally.", f"they are shared equally among {n} {box}.")
    s.total = s.do(s.total, "/", n)
    if level >= 3:
        k = s.rng.randint(2, 12)
        s.say(f"then {k} more are put in each of the {box}.")
        s.total = s.do(s.total, "+", k)
    if level >= 4:
        k = s.rng.randint(1, s.total - 1)
        s.say(f"at night {k} are taken out of each.")
        s.total = s.do(s.total, "-", k)
    return f"how many {s.thing} are in each of the {box}?"


def _travel(s: Story, level: int) -> str:
    speed, hours = s.rng.randint(3, 60), s.rng.randint(2, 9)
    s.say(
        f"{s.name} drives {speed} km per hour for {hours} hours.",
        f"{s.name} travels for {hours} hours at {speed} km per hour.",
    )
    s.total = s.do(speed, "*", hours)
    if level >= 3:
        speed, hours = s.rng.randint(3, 60), s.rng.randint(2, 5)
        s.say(f"then {s.pronoun} drives {hours} hours at {speed} km per hour.")
        s.total = s.do(s.total, "+", s.do(speed, "*", hours))
    if level in (2, 4):
        k = s.rng.randint(2, 60)
        s.say(f"then {s.pronoun} walks {k} km.")
        s.total = s.do(s.total, "+", k)
    return s.rng.choice((f"how far does {s.pronoun} go?", "how many km is that in total?"))


def _comparison(s: Story, level: int) -> str:
    other = s.rng.choice([n for n, _ in NAMES if n != s.name])
    s.total = s.rng.randint(4, 60)
    s.say(f"{s.name} has {s.total} {s.thing}.")
    mine = s.total
    if level >= 3:
        k = s.rng.randint(2, 30)
        s.say(f"{s.pronoun} buys {k} more.")
        mine = s.do(mine, "+", k)
    if s.rng.random() < 0.5:
        word, k = s.rng.choice((("twice", 2), ("three times", 3), ("four times", 4)))
        s.say(f"{other} has {word} as many.")
        theirs = s.do(mine, "*", k)
    else:
        k = s.rng.randint(2, 40)
        s.say(f"{other} has {k} more than {s.name}.")
        theirs = s.do(mine, "+", k)
    if level == 4:
        k = s.rng.randint(1, theirs - 1)
        s.say(f"{other} gives {k} of them away.")
        theirs = s.do(theirs, "-", k)
    if level in (1,):
        s.total = theirs
        return f"how many {s.thing} does {other} have?"
    s.total = s.do(mine, "+", theirs)
    return "how many do they have together?"


_PLOTS = (_collection, _collection, _shopping, _sharing, _travel, _comparison)


def tell(rng: Random, level: int) -> tuple[str, tuple[str, ...]]:
    """A story of about ``level`` operations with its question, and the worked solution."""
    while True:
        name, pronoun = rng.choice(NAMES)
        story = Story(rng, name, pronoun, rng.choice(THINGS))
        asked = rng.choice(_PLOTS)(story, level)
        values = [int(step.rpartition(" ")[2]) for step in story.steps]
        if min(values) > 0 and max(values) <= MAX_VALUE:
            text = " ".join(s[0].upper() + s[1:] for s in [*story.sentences, asked])
            return _NAME.sub(lambda match: match[0].title(), text), tuple(story.steps)


def undressed(text: str) -> str:
    """The story without names and things: two that differ only in those are one problem."""
    return _CLOTHES.sub("_", text)


_NAME = re.compile(rf"\b(?:{'|'.join(name for name, _ in NAMES)})\b")
_DRESS = (*(name for name, _ in NAMES), *THINGS, *BOXES, "he", "she")
_CLOTHES = re.compile(rf"\b(?:{'|'.join(_DRESS)})\b")
