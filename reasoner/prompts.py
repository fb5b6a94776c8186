"""What a model without our training is told: how to write, and which form the answer takes."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HOW = (
    "Solve the user's problem. Reason in short steps, with an empty line after each. "
    "End with a line of its own that gives nothing but the final answer, in this form:\n"
)
FINISH = "\n\nAnswer:"
RATE = (
    "Below are a problem and somebody's solution, which may be unfinished. Is everything in it "
    "right? Say one word: yes or no."
)
_NUMBER = r"-?\d[\d,]*(?:\.\d+)?(?:\s*/\s*\d+)?"


@dataclass(frozen=True, slots=True)
class Form:
    """How a domain wants its answers.

    ``example``: what comes after "Answer:". ``pattern``: what counts in such an answer; the last
    match is it, or all of them in order where ``parts``. None: every word counts.
    """

    example: str
    pattern: re.Pattern[str] | None = None
    parts: bool = False

    @property
    def system(self) -> str:
        return f"{_HOW}Answer: {self.example}"

    def read(self, answer: str) -> str:
        """The part of ``answer`` that counts; all of it where the form is not met."""
        found = self.pattern.findall(answer) if self.pattern else []
        if not found:
            return answer
        return ", ".join(found) if self.parts else str(found[-1]).strip()


GENERAL = Form("...")
FORMS = {
    "countdown": Form(
        "an expression with each given number once, such as (10 - 4) * 5 - 6",
        re.compile(r"[-+*/×÷·()\d\s]*\d[-+*/×÷·()\d\s]*(?:=\s*-?\d+)?"),
    ),
    "arithmetic": Form("a number", re.compile(_NUMBER)),
    "word_problems": Form("a number", re.compile(_NUMBER)),
    "equations": Form(
        "the value of each unknown, such as x = 3/2",
        re.compile(r"\b[a-z]\s*=\s*-?\s*\d+(?:\s*/\s*\d+)?(?![\d.])", re.ASCII),
        parts=True,
    ),
}


def form(domain: str) -> Form:
    """The form of a domain's answers; any other domain takes any words."""
    return FORMS.get(domain, GENERAL)
