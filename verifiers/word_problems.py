"""Short word problems of one to four operations, told in templates.

A step is one operation, ``3 * 4 = 12``; the answer is the last result. The reference is hidden:
what the words mean is for the model to find out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from verifiers.domain import Step
from verifiers.problem import Problem
from verifiers.verdict import Verdict, right, unjudged, wrong

MAX_VALUE = 999
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
_WORDS = re.compile(r"[a-z]+|\d+|[^\sa-z\d]")
_RECOGNISE = re.compile(r"\bhow (?:many|much|far|long|old)\b|\bwhat is the total\b")
_QUANTITY = re.compile(r"\d+|\b(?:twice|half|doubles?|triples?|three|four|two)\b")
_STEP = re.compile(r"\s*(\d{1,9}) ([-+*/]) (\d{1,9}) = (\d{1,9})( done)?\s*", re.ASCII)
_ANSWER = re.compile(r"-?\d{1,12}", re.ASCII)


@dataclass
class _Story:
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


Event = Callable[[_Story], None]


def _gains(s: _Story) -> None:
    k = s.rng.randint(2, 60)
    s.say(
        f"{s.pronoun} buys {k} more.",
        f"{s.pronoun} finds {k} more {s.thing}.",
        f"{s.pronoun} gets {k} {s.thing} from a friend.",
        f"then {s.name} collects {k} more {s.thing}.",
        f"a friend gives {s.name} {k} {s.thing}.",
    )
    s.total = s.do(s.total, "+", k)


def _loses(s: _Story) -> None:
    k = s.rng.randint(1, max(1, s.total - 1))
    s.say(
        f"{s.pronoun} gives {k} to a friend.",
        f"{s.pronoun} gives away {k} {s.thing}.",
        f"{s.pronoun} loses {k} of them.",
        f"{s.pronoun} sells {k} {s.thing}.",
        f"then {s.name} uses {k} {s.thing}.",
    )
    s.total = s.do(s.total, "-", k)


def _buys_boxes(s: _Story) -> None:
    n, k, box = s.rng.randint(2, 9), s.rng.randint(2, 12), s.rng.choice(BOXES)
    s.say(
        f"{s.pronoun} buys {n} {box} with {k} {s.thing} each.",
        f"{s.pronoun} buys {n} {box} of {k} {s.thing}.",
        f"then {s.name} gets {n} {box} with {k} {s.thing} in each.",
    )
    s.total = s.do(s.total, "+", s.do(n, "*", k))


def _gives_to_each(s: _Story) -> None:
    n = s.rng.randint(2, 6)
    k = s.rng.randint(1, max(1, s.total // (n + 1)))
    s.say(
        f"{s.pronoun} gives {k} {s.thing} to each of {n} friends.",
        f"{s.pronoun} gives {n} friends {k} {s.thing} each.",
    )
    s.total = s.do(s.total, "-", s.do(n, "*", k))


def _multiplies(s: _Story) -> None:
    word, k = s.rng.choice((("doubles", 2), ("triples", 3)))
    s.say(f"then {s.name} {word} the number of {s.thing}.", f"{s.pronoun} {word} what {s.pronoun} has.")
    s.total = s.do(s.total, "*", k)


def _halves(s: _Story) -> None:
    s.say(f"{s.pronoun} gives half of them away.", f"{s.pronoun} sells half of the {s.thing}.")
    s.total = s.do(s.total, "/", 2)


def _events(s: _Story) -> tuple[Event, ...]:
    events: tuple[Event, ...] = (_gains, _loses, _buys_boxes, _gives_to_each, _multiplies)
    return (*events, _halves) if s.total % 2 == 0 else events


def _collection(s: _Story, level: int) -> str:
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


def _shopping(s: _Story, level: int) -> str:
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


def _sharing(s: _Story, level: int) -> str:
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


def _travel(s: _Story, level: int) -> str:
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


def _comparison(s: _Story, level: int) -> str:
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


class WordProblems:
    name = "word_problems"
    version = "1"
    levels = (1, 2, 3, 4)  # about how many operations
    self_checking = False

    def recognise(self, question: str) -> Problem | None:
        text = question.lower()
        if not _RECOGNISE.search(text) or len(_QUANTITY.findall(text)) < 2:
            return None
        if not re.search(r"[a-z]{2,}", _RECOGNISE.sub("", text)):
            return None
        return self.problem(question)

    def problem(self, question: str, reference: str | None = None, level: int = 0) -> Problem:
        words = " ".join(_WORDS.findall(question.lower()))
        return Problem(
            domain=self.name,
            prompt=f"question {words}\n",
            question=question,
            data={"text": words},
            reference=reference,
            level=level,
        )

    def generate(self, rng: Random, level: int) -> Problem:
        while True:
            name, pronoun = rng.choice(NAMES)
            story = _Story(rng, name, pronoun, rng.choice(THINGS))
            asked = rng.choice(_PLOTS)(story, level)
            values = [int(step.rpartition(" ")[2]) for step in story.steps]
            if 0 < min(values) and max(values) <= MAX_VALUE:
                text = " ".join(s[0].upper() + s[1:] for s in [*story.sentences, asked])
                text = _NAME.sub(lambda match: match[0].title(), text)
                return self.problem(text, "\n".join(story.steps) + " done", level)

    def demonstrate(self, problem: Problem, rng: Random, slip: float = 0.0) -> tuple[Step, ...]:
        """The worked solution that came with a generated problem."""
        steps: list[Step] = []
        for text in (problem.reference or "").split("\n"):
            if rng.random() < slip:
                steps.append(Step(_misread(text, problem, rng), teach=False, good=False))
                break
            steps.append(Step(text))
        return tuple(steps)

    def state_key(self, problem: Problem, steps: tuple[str, ...]) -> str | None:
        """The steps themselves: what is still to be done depends on what was done."""
        if any(_STEP.fullmatch(step) is None for step in steps[-1:]):
            return None
        return "\n".join(step.strip() for step in steps)

    def answer(self, problem: Problem, steps: tuple[str, ...]) -> str | None:
        """Lines end where the model ends them: the last step says `` done``."""
        match = _STEP.fullmatch(steps[-1]) if steps else None
        return match[4] if match and match[5] else None

    def normalise(self, answer: str) -> str:
        text = answer.strip().replace(",", "")
        return str(int(text)) if _ANSWER.fullmatch(text) else text

    def verify(self, problem: Problem, answer: str) -> Verdict:
        by = f"{self.name}@{self.version}"
        if problem.reference is None:
            return unjudged(by, "only the story knows")
        expected = re.findall(r"-?\d+", problem.reference.replace(",", ""))[-1]
        if self.normalise(answer) == str(int(expected)):
            return right(by)
        return wrong(by, f"expected {expected}, got {answer[:40]}")

    def canonical(self, problem: Problem) -> str:
        """Names and things do not make another problem."""
        text = _CLOTHES.sub("_", str(problem.data["text"]))
        return f"word_problems {text}"


_NAME = re.compile(rf"\b(?:{'|'.join(name for name, _ in NAMES)})\b")
_CLOTHES = re.compile(rf"\b(?:{'|'.join([*(n for n, _ in NAMES), *THINGS, *BOXES, 'he', 'she'])})\b")


def _misread(step: str, problem: Problem, rng: Random) -> str:
    """A wrong operand, operation or result: what the value must learn to notice."""
    match = _STEP.fullmatch(step)
    assert match is not None
    a, op, b, result = int(match[1]), match[2], int(match[3]), int(match[4])
    if rng.random() < 0.3:
        result += rng.choice((-10, -2, -1, 1, 2, 10))
    else:
        if rng.random() < 0.6:
            op = rng.choice([o for o in "+-*" if o != op])
        else:
            given = [int(n) for n in re.findall(r"\d+", str(problem.data["text"]))]
            b = rng.choice([n for n in given if n != b] or [b + 1])
        result = {"+": a + b, "-": a - b, "*": a * b, "/": a // max(b, 1)}[op]
    return f"{a} {op} {b} = {abs(result)}{match[5] or ''}"
