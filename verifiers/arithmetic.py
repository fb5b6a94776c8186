"""Integer arithmetic worked out digit by digit.

A step does one operation and rewrites the expression: ``347+586 7+6=13 1+4+8=13 1+3+5=9
=933*2`` is the operation, its columns from the units up (a carry comes first), and the whole
expression after it. The value is the hidden reference: no step is checked while thinking.
"""

from __future__ import annotations

import re
from random import Random

from .columns import misprint, work_out
from .domain import Step
from .expression import ExpressionError, evaluate
from .phrasing import plain, whole_number, without_thousands
from .problem import Problem
from .verdict import Verdict, right, unjudged, wrong
from .working import true

_LEAD = re.compile(
    r"(?:what(?: is|'s| does)?|compute|calculate|evaluate|work out|find|how much is|solve|simplify|"
    r"please|tell me|the (?:value|result) of|can you|is)\b[ :]*"
)
_TAIL = re.compile(r" ?(?:=|equals?|equal to)? ?[?.!]{0,3}$")
_EXPRESSION = re.compile(r"[-(]*\d[\d +*()x-]*")
_TWO_NUMBERS = re.compile(r"\d \d")
_WORDS = (
    (re.compile(r"\bplus\b|\badded\s+to\b"), "+"),
    (re.compile(r"\bminus\b"), "-"),
    (re.compile(r"\btimes\b|\bmultiplied\s+by\b"), "*"),
)
_SPOKEN = (
    (re.compile(r"(?:add|(?:the )?sum of) (\d+) (?:and|to) (\d+)"), r"\1+\2"),
    (re.compile(r"(?:subtract|take) (\d+) (?:away )?from (\d+)"), r"\2-\1"),
    (
        re.compile(r"(?:the )?difference (?:between|of) (\d+) and (\d+)"),
        lambda found: "-".join(sorted(found.groups(), key=int, reverse=True)),
    ),
    (re.compile(r"(?:multiply|(?:the )?product of) (\d+) (?:by|and|with) (\d+)"), r"\1*\2"),
)
_NUMBER = re.compile(r"-?\d+")
_STEP = re.compile(r"(-?[\d+*()-]+)((?: [\d+*-]+=\d+)*) =(-?[\d+*()-]+)")


class Arithmetic:
    name = "arithmetic"
    version = "3"
    levels = (1, 2, 3, 4, 5, 6)
    self_checking = False

    def recognise(self, question: str) -> Problem | None:
        text = without_thousands(plain(question))
        for pattern, sign in _WORDS:
            text = pattern.sub(sign, text)
        while lead := _LEAD.match(text):
            text = text[lead.end() :]
        text = _TAIL.sub("", text)
        for spoken, written in _SPOKEN:
            text = spoken.sub(written, text) if spoken.fullmatch(text) else text
        if not _EXPRESSION.fullmatch(text) or _TWO_NUMBERS.search(text):
            return None
        expression = text.replace(" ", "").replace("x", "*")
        try:
            evaluate(expression)
        except ExpressionError:
            return None
        return None if _NUMBER.fullmatch(expression) else self.problem(expression, question)

    def problem(self, expression: str, question: str = "", level: int = 0) -> Problem:
        return Problem(
            domain=self.name,
            prompt=f"compute {expression}\n",
            question=question or f"What is {expression}?",
            data={"expression": expression},
            reference=str(evaluate(expression)),
            level=level,
        )

    def generate(self, rng: Random, level: int) -> Problem:
        while True:
            expression = _random_expression(rng, level)
            if work_out(expression) is not None:
                return self.problem(expression, level=level)

    def demonstrate(self, problem: Problem, rng: Random, slip: float = 0.0) -> tuple[Step, ...]:
        texts = work_out(str(problem.data["expression"])) or []
        steps: list[Step] = []
        for text in texts:
            if rng.random() < slip:
                steps.append(Step(misprint(text, rng), teach=False, good=False))
                break
            steps.append(Step(text))
        return tuple(steps)

    def state_key(self, problem: Problem, steps: tuple[str, ...]) -> str | None:
        if not steps:
            return str(problem.data["expression"])
        match = _STEP.fullmatch(steps[-1].strip())
        return match[3] if match else None

    def answer(self, problem: Problem, steps: tuple[str, ...]) -> str | None:
        key = self.state_key(problem, steps)
        return key if steps and key and _NUMBER.fullmatch(key) else None

    def sound(self, problem: Problem, steps: tuple[str, ...]) -> bool:
        worth = evaluate(str(problem.data["expression"]))
        return all(true(step, {}, worth) for step in steps)

    def normalise(self, answer: str) -> str:
        value = _stated(answer)
        return " ".join(answer.split()) if value is None else str(value)

    def verify(self, problem: Problem, answer: str) -> Verdict:
        by = f"{self.name}@{self.version}"
        if problem.reference is None:
            return unjudged(by, "an expression's value is not known before it is worked out")
        if self.normalise(answer) == self.normalise(problem.reference):
            return right(by)
        return wrong(by, f"expected {problem.reference}, got {answer[:40]}")

    def canonical(self, problem: Problem) -> str:
        expression = str(problem.data["expression"])
        plain = re.fullmatch(r"(\d+)([+*])(\d+)", expression)
        if plain:  # the order of two operands makes no other problem
            low, high = sorted((plain[1], plain[3]), key=int)
            expression = f"{low}{plain[2]}{high}"
        return f"arithmetic {expression}"


def _stated(answer: str) -> int | None:
    """The number of ``413``, ``= 413`` and ``12 * 34 + 5 = 413``, if that is true."""
    sum_, equals, number = answer.rpartition("=")
    value = whole_number(number)
    try:
        true = not equals or not sum_.strip() or evaluate(sum_) == value
    except ExpressionError:
        return None
    return value if true else None


def _random_expression(rng: Random, level: int) -> str:
    def number(digits: int) -> int:
        return rng.randint(10 ** (digits - 1), 10**digits - 1)

    def term() -> str:
        if rng.random() < 0.35:
            return f"{rng.randint(2, 9)}*{number(rng.choice((1, 2, 2)))}"
        return str(number(rng.choice((2, 2, 3))))

    sign = rng.choice("+-")
    if level == 1:
        return f"{number(2)}{sign}{number(2)}"
    if level == 2:
        return f"{number(rng.choice((2, 3)))}{sign}{number(3)}"
    if level == 3:
        if rng.random() < 0.5:
            return f"{number(rng.choice((2, 3)))}*{rng.randint(2, 9)}"
        return f"{number(rng.choice((3, 4)))}{sign}{number(4)}"
    if level == 4:
        if rng.random() < 0.5:
            return f"{number(2)}*{number(2)}"
        return f"{term()}{sign}{term()}{rng.choice('+-')}{term()}"
    if level == 5:
        inner = f"({number(2)}{sign}{number(2)})"
        return rng.choice(
            (
                f"{inner}*{rng.randint(2, 9)}",
                f"{number(3)}-{inner}",
                f"{term()}+{inner}*{number(1)}",
            )
        )
    if rng.random() < 0.5:
        return f"{number(3)}*{number(2)}{sign}{number(3)}"
    return f"({number(2)}{sign}{number(2)})*({number(2)}{rng.choice('+-')}{number(1)})"
