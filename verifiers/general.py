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
_WORDS = (
    "a an the this that my your his our their who what when where why how which is are was were "
    "do does did can could will would should may must have has had be been i you he she it we "
    "they me him her us them and or but not if of in on at to from for with about between after "
    "before by than like as so very more most good bad big small old new long first last best "
    "big red blue green white black time year day night week world life man woman child people "
    "friend family mother father house home school water food money work book word language "
    "music film game war king queen president city country france germany england america china "
    "japan india africa europe paris london rome berlin river sea mountain earth sun moon star "
    "sky planet animal dog cat horse bird fish tree flower car train ship plane road door "
    "computer program python code number god love death birth health doctor disease brain heart "
    "law state history science physics chemistry biology art poem story novel song recipe cake "
    "bread wine coffee tea tell explain write give make find know think say mean help please "
    "hello thanks name called invented wrote discovered founded born died won lives speak eat "
    "drink cook learn build translate summarise compare describe capital population weather "
    "price reason difference meaning colour"
).split()


def _babble(rng: Random) -> str:
    """Words in any order, some of them no words at all."""
    words = [
        rng.choice(_WORDS)
        if rng.random() < 0.8
        else "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789'-", k=rng.randint(1, 10)))
        for _ in range(rng.randint(1, 14))
    ]
    return " ".join(words) + rng.choice(("?", "?", ".", "!", ""))


class General:
    name = "general"
    version = "2"
    levels = (1, 2)  # topics in frames; any words at all
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
        if level == 2:
            return self.problem(_babble(rng), UNKNOWN)
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
