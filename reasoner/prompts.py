"""What a model without our training is told: how to write, and which form the answer takes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from verifiers import Problem, Verifier, signed

from .extract import announced, document, final_answer

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
    match is it, or all of them in order where ``parts``. None: every word counts. ``schema``: the
    answer is a JSON document, valid by this JSON Schema where it is not empty.
    """

    example: str
    pattern: re.Pattern[str] | None = None
    parts: bool = False
    schema: str | None = None

    @property
    def system(self) -> str:
        rules = f"\nIt must be valid by this JSON Schema:\n{self.schema}" if self.schema else ""
        return f"{_HOW}Answer: {self.example}{rules}"

    def announced(self, text: str) -> str | None:
        """The answer that ``text`` gives as its last word, wherever it ends."""
        return announced(text) if self.schema is None else document(text)

    def final(self, text: str) -> str | None:
        """The answer of a text that has ended."""
        return final_answer(text) if self.schema is None else document(text)

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


def form(problem: Problem, verifier: Verifier) -> Form:
    """The form of a problem's answers; where neither its data nor its domain says, any words."""
    schema = problem.data.get("schema")
    if isinstance(schema, str) or signed(verifier).startswith("schema@"):
        return Form("a JSON document on one line", schema=str(schema or ""))
    return FORMS.get(problem.domain, GENERAL)
