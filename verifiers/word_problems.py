"""Short word problems of one to four operations.

A step is one operation worked in columns, ``37*4 7*4=28 3*4+2=14 =148``; the last one ends in
``done`` and its result is the answer. Each sum is checked as it is written. The reference, a
worked solution, is hidden: what the words mean is for the model to find out.
"""

from __future__ import annotations

import re
from random import Random

from .columns import result, work_out
from .domain import Step
from .expression import ExpressionError, evaluate
from .phrasing import whole_number, without_thousands
from .plots import PLOTS
from .problem import Problem
from .stories import tell
from .verdict import Verdict, right, unjudged, wrong

_RECOGNISE = re.compile(
    r"\bhow (?:many|much|far|long|old|tall|heavy|big|high|wide|deep)\b|"
    r"\bwhat(?: is|'s) the (?:total|sum|difference|area|perimeter|cost|price)\b"
)
_LONGEST = 2_000  # characters of a story
_TO_TWENTY = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_SPELLED = {word: str(n) for n, word in enumerate(_TO_TWENTY, start=2)}
_SPELLED |= {word: str(10 * n) for n, word in enumerate(_TENS, start=2)}
_SPELLED |= {
    f"{ten}-{one}": str(10 * n + k)
    for n, ten in enumerate(_TENS, start=2)
    for k, one in enumerate(["one", *_TO_TWENTY[:8]], start=1)
}
_WORDS = re.compile(rf"(?:{'|'.join(_TENS)})-[a-z]+\b|[a-z]+|\d+|[^\sa-z\d]")
_QUANTITY = re.compile(rf"\d+|\b(?:twice|half|doubles?d?|triples?d?|{'|'.join(_SPELLED)})\b")
_STEP = re.compile(
    r"([\d+*/-]{3,24})(?: [\d+*/-]{1,12}=\d{1,4})* =(\(?[\d+*()-]{1,40})( done)?", re.ASCII
)
_LAST = re.compile(r"-?\d[\d.,:/^]*", re.ASCII)  # a number, or what is more than one: 1/2, 3:30
_NUMBER = re.compile(r"\d+")
_HOW_MANY = re.compile(
    r"\bhow many\b ?((?:[a-z-]+(?: [a-z-]+){0,3}?)?)(?= (?:do|does|did|is|are|was|were|has|have|"
    r"had|can|could|will|would|should|must|in|on|at|for|after|per|from|left|remain|there)\b|\?|$)"
)
_JOINED = {"and", "or", "of", "as", "than", "to", "the", "a", "by", "with"}  # not just one thing
_BROKEN = re.compile(r"\d\.\d|\d/\d|\d ?%")  # whole numbers are all that steps can hold


class WordProblems:
    name = "word_problems"
    version = "3"
    levels = (1, 2, 3, 4)  # about how many operations
    self_checking = False

    def recognise(self, question: str) -> Problem | None:
        text = question.lower()
        if len(text) > _LONGEST or not _RECOGNISE.search(text) or len(_QUANTITY.findall(text)) < 2:
            return None
        if _BROKEN.search(text) or not re.search(r"[a-z]{2,}", _RECOGNISE.sub("", text)):
            return None
        return self.problem(question)

    def problem(self, question: str, reference: str | None = None, level: int = 0) -> Problem:
        found = _WORDS.findall(without_thousands(question.lower()))
        # "#" before a number keeps its digits apart, as columns need them
        words = " ".join(f"#{n}" if n.isdigit() else n for n in (_SPELLED.get(w, w) for w in found))
        return Problem(
            domain=self.name,
            prompt=f"question {words}\n",
            question=question,
            data={"text": words},
            reference=reference,
            level=level,
        )

    def generate(self, rng: Random, level: int) -> Problem:
        text, steps = tell(rng, level, PLOTS)
        return self.problem(text, "\n".join(steps) + " done", level)

    def demonstrate(self, problem: Problem, rng: Random, slip: float = 0.0) -> tuple[Step, ...]:
        """The worked solution that came with a generated problem."""
        steps: list[Step] = []
        fresh = True  # this line begins an operation
        for text in (problem.reference or "").split("\n"):
            if fresh and rng.random() < slip:
                steps.append(Step(_misread(text, problem, rng), teach=False, good=False))
                break
            steps.append(Step(text))
            fresh = ")" not in text
        return tuple(steps)

    def state_key(self, problem: Problem, steps: tuple[str, ...]) -> str | None:
        """The steps themselves: what is still to be done depends on what was done."""
        return None if steps and _result(steps) is None else "\n".join(steps)

    def answer(self, problem: Problem, steps: tuple[str, ...]) -> str | None:
        """Lines end where the model ends them: the last step says `` done``."""
        found = _result(steps) if steps and steps[-1].endswith(" done") else None
        return found if found and _NUMBER.fullmatch(found) else None

    def normalise(self, answer: str) -> str:
        value = whole_number(answer)
        return answer.strip() if value is None else str(value)

    def verify(self, problem: Problem, answer: str) -> Verdict:
        by = f"{self.name}@{self.version}"
        if problem.reference is None:
            return unjudged(by, "only the story knows")
        last = (_LAST.findall(problem.reference) or [""])[-1]
        if (expected := whole_number(last.rstrip(".,:"))) is None:
            return unjudged(by, f"expected a whole number as reference, got {last[:40]!r}")
        if whole_number(_without_unit(problem.question, answer)) == expected:
            return right(by)
        return wrong(by, f"expected {expected}, got {answer[:40]}")

    def canonical(self, problem: Problem) -> str:
        """Its numbers in their order: stories that share them all count as one."""
        return f"word_problems {' '.join(_NUMBER.findall(str(problem.data['text'])))}"


def _without_unit(question: str, answer: str) -> str:
    """``12`` of ``12 apples`` where the question asks "how many (more) apples": any other unit
    stays, and so does every unit where two things are asked for."""
    number, _, unit = answer.strip().removesuffix(".").partition(" ")
    asked = _HOW_MANY.findall(question.lower())
    if len(asked) != 1:
        return answer
    words = asked[0].split()
    named = range(1 if _JOINED.isdisjoint(words) else len(words), len(words) + 1)
    return number if unit.lower() in [" ".join(words[-n:]) for n in named] else answer


def _result(steps: tuple[str, ...]) -> str | None:
    """What the last step comes to; None where its sum is wrong or it is no step.

    A long product takes several lines: each rewrites the one before, and must be worth the same.
    """
    match, before = _STEP.fullmatch(steps[-1]), _STEP.fullmatch(steps[-2]) if steps[1:] else None
    if match is None:
        return None
    worth = match[1] if before is None or _NUMBER.fullmatch(before[2]) else before[2]
    try:
        return match[2] if evaluate(worth) == evaluate(match[2]) else None
    except ExpressionError:
        return None


def _misread(step: str, problem: Problem, rng: Random) -> str:
    """A wrong operand or operation, properly worked: what the value must learn to notice."""
    match = re.match(r"(\d+)([-+*/])(\d+) ", step)
    assert match is not None
    a, op, b = int(match[1]), match[2], int(match[3])
    given = [int(n) for n in _NUMBER.findall(str(problem.data["text"]))]
    while True:
        if rng.random() < 0.6:
            sign, other = rng.choice([o for o in "+-*/" if o != op]), b
        else:
            sign, other = op, rng.choice([n for n in given if n != b] or [b + 1])
        lines = work_out(f"{a}{sign}{other}")
        if lines is None or result(lines[-1]).startswith("-"):
            continue
        return lines[0] + (" done" if lines[1:] == [] and step.endswith(" done") else "")
