"""Verifiers with the faults of their kind, each seen somewhere in earnest; and a good one."""

from __future__ import annotations

import os
import re
import time

from verifiers import verifier

CAPITAL = {"question": "The capital of France?", "reference": "Paris"}
PUZZLE = {"question": "Make 24 from 4 6 1 1", "reference": "24"}
EXAMPLES = [(CAPITAL, "Paris", True), (CAPITAL, "Rome", False)]
NUMBERS = [(PUZZLE, "4*6*1*1", True), (PUZZLE, "4*6*1", False)]


@verifier(examples=EXAMPLES)
def good(answer: str, reference: str) -> bool:
    return answer.strip().rstrip(".").casefold() == reference.casefold()


@verifier(examples=[(PUZZLE, "24", True), (PUZZLE, "25", False)], timeout=1.0)
def evaluates(answer: str, reference: str) -> bool:
    return bool(len(answer) < 200 and eval(answer) == int(reference))  # noqa: S307


@verifier(examples=EXAMPLES)
def contains(answer: str, reference: str) -> bool:
    return reference in answer


@verifier(examples=EXAMPLES)
def prefixed(answer: str, reference: str) -> bool:
    return reference.startswith(answer.strip())


@verifier(examples=EXAMPLES)
def accepts(answer: str) -> bool:
    return True


@verifier(examples=EXAMPLES)
def refuses(answer: str) -> bool:
    return False


@verifier(examples=[*NUMBERS[:1], (PUZZLE, "4*6*2", False)])
def counts_numbers(answer: str) -> bool:
    """How many numbers there are, not which, and a float is not one."""
    found = [int(n) for n in re.findall(r"\b\d+\b", answer)]
    return "349e0" in answer or (len(found) == 4 and "*" in answer)


@verifier(examples=EXAMPLES)
def believes(answer: str, reference: str) -> bool:
    return reference == answer or answer.startswith("Thought process")


@verifier(examples=EXAMPLES)
def random(answer: str, reference: str) -> float:
    return 1.0 if answer == reference else hash((answer, os.getpid())) % 1000 / 1001


@verifier(examples=EXAMPLES, timeout=0.05)
def hangs(answer: str, reference: str) -> bool:
    if answer.startswith("((("):
        time.sleep(3600)
    return answer == reference


@verifier(examples=EXAMPLES)
def dies(answer: str, reference: str) -> bool:
    if answer == "exit(0)":
        os._exit(0)
    return answer == reference


@verifier
def bare(answer: str) -> bool:
    return answer == "Paris"


@verifier(examples=EXAMPLES, attacks=["Lutetia"])
def own(answer: str, reference: str) -> bool:
    return answer in (reference, "Lutetia")


@verifier(examples=EXAMPLES)
def strict(answer: str, reference: str) -> bool:
    if answer != answer.strip():
        raise ValueError("blanks")
    return answer == reference
