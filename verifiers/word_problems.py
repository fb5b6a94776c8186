"""Short word problems of one to four operations.

A step is one operation, ``3 * 4 = 12``; the last one says ``done`` and its result is the answer.
The reference, a worked solution, is hidden: what the words mean is for the model to find out.
"""

from __future__ import annotations

import re
from random import Random

from .domain import Step
from .problem import Problem
from .stories import tell, undressed
from .verdict import Verdict, right, unjudged, wrong

_WORDS = re.compile(r"[a-z]+|\d+|[^\sa-z\d]")
_RECOGNISE = re.compile(r"\bhow (?:many|much|far|long|old)\b|\bwhat is the total\b")
_LONGEST = 2_000  # characters of a story
_QUANTITY = re.compile(r"\d+|\b(?:twice|half|doubles?|triples?|three|four|two)\b")
_STEP = re.compile(r"\s*(\d{1,9}) ([-+*/]) (\d{1,9}) = (\d{1,9})( done)?\s*", re.ASCII)
_WHOLE = re.compile(r"(?<![\d.])-?\d{1,12}(?![\d.]\d|\d)", re.ASCII)
_ANSWER = re.compile(r"-?\d{1,12}", re.ASCII)


class WordProblems:
    name = "word_problems"
    version = "1"
    levels = (1, 2, 3, 4)  # about how many operations
    self_checking = False

    def recognise(self, question: str) -> Problem | None:
        text = question.lower()
        if len(text) > _LONGEST or not _RECOGNISE.search(text) or len(_QUANTITY.findall(text)) < 2:
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
        text, steps = tell(rng, level)
        return self.problem(text, "\n".join(steps) + " done", level)

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
        numbers = _WHOLE.findall(problem.reference.replace(",", ""))
        if not numbers:
            return unjudged(
                by, f"expected a whole number as reference, got {problem.reference[:40]!r}"
            )
        expected = str(int(numbers[-1]))
        if self.normalise(answer) == expected:
            return right(by)
        return wrong(by, f"expected {expected}, got {answer[:40]}")

    def canonical(self, problem: Problem) -> str:
        """Names and things do not make another problem."""
        return f"word_problems {undressed(str(problem.data['text']))}"


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
