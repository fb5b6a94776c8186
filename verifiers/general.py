"""The domain of last resort: any question at all, answered in one line, judged by nobody."""

from __future__ import annotations

from random import Random

from .domain import Step
from .problem import Problem
from .verdict import Verdict, right, unjudged, wrong

UNKNOWN = "i do not know"
_TOPICS = (
    "capital", "weather", "meaning", "history", "name", "colour", "best", "reason", "story",
    "recipe", "poem", "law", "theory", "city", "country", "river", "king", "song", "word", "star",
)  # fmt: skip
_FRAMES = (
    "What is the {a} of the {b}?", "Who was the {a} of {b}?", "Tell me about the {a}.",
    "Write a {a} about a {b}.", "Why is the {a} a {b}?", "Where is the {a} of {b}?",
    "Explain the {a} of the {b} to me", "Is the {a} a {b}?", "{a} {b}?", "When did the {a} end?",
)  # fmt: skip


class General:
    name = "general"
    version = "2"
    levels = (1,)
    self_checking = False

    def recognise(self, question: str) -> Problem | None:
        return self.problem(question)

    def problem(self, question: str, reference: str | None = None) -> Problem:
        text = " ".join(question.split()).lower()
        return Problem(
            domain=self.name,
            prompt=f"ask {text}\n",
            question=question,
            data={"text": text},
            reference=reference,
            level=1,
        )

    def generate(self, rng: Random, level: int) -> Problem:
        """Questions the bundled model must learn to decline."""
        a, b = rng.choice(_TOPICS), rng.choice(_TOPICS)
        if rng.random() < 0.4:  # words it has never seen, whatever the language
            a, b = (
                "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 9)))
                for _ in "ab"
            )
        return self.problem(rng.choice(_FRAMES).format(a=a, b=b), UNKNOWN)

    def demonstrate(self, problem: Problem, rng: Random, slip: float = 0.0) -> tuple[Step, ...]:
        return (Step(UNKNOWN, good=None),)

    def state_key(self, problem: Problem, steps: tuple[str, ...]) -> str | None:
        return "\n".join(steps)

    def answer(self, problem: Problem, steps: tuple[str, ...]) -> str | None:
        return steps[-1].strip() if steps and steps[-1].strip() else None

    def normalise(self, answer: str) -> str:
        return " ".join(answer.lower().split()).rstrip(".")

    def verify(self, problem: Problem, answer: str) -> Verdict:
        by = f"{self.name}@{self.version}"
        if problem.reference is None:
            return unjudged(by, "no verifier knows this kind of question")
        if not (expected := self.normalise(problem.reference)):
            return unjudged(by, "expected a reference, found an empty one")
        if self.normalise(answer) == expected:
            return right(by)
        return wrong(by, f"expected {problem.reference[:60]!r}")

    def canonical(self, problem: Problem) -> str:
        return f"general {problem.data['text']}"
