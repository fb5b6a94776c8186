"""A whole task family: write a number in binary, one halving a step.

``13 = 2 * 6 + 1``, ``6 = 2 * 3 + 0``, ``3 = 2 * 1 + 1``, ``1 = 2 * 0 + 1``: the last digits,
read upwards, are the answer 1101.
"""

import re
from random import Random

from verifiers import Problem, Step, Verdict

_ASKED = re.compile(r"\s*(?:write|what is|convert) (\d{1,6}) (?:in|to) binary\s*[.?]?\s*", re.I)
_STEP = re.compile(r"(\d{1,6}) = 2 \* (\d{1,6}) \+ ([01])", re.ASCII)


class Binary:
    name = "binary"
    version = "1"
    levels = (1, 2, 3)  # numbers of up to 4, 8 and 12 bits
    self_checking = True  # the question alone decides

    def recognise(self, question: str) -> Problem | None:
        match = _ASKED.fullmatch(question)
        return None if match is None else self.problem(int(match[1]))

    def problem(self, number: int) -> Problem:
        return Problem(
            self.name, f"binary {number}\n", f"Write {number} in binary", {"number": number}
        )

    def generate(self, rng: Random, level: int) -> Problem:
        return self.problem(rng.randrange(1, 16**level))

    def demonstrate(self, problem: Problem, rng: Random, slip: float = 0.0) -> tuple[Step, ...]:
        steps, number = [], int(problem.data["number"])
        while number:
            astray = rng.random() < slip
            digit = number % 2 ^ astray
            steps.append(Step(f"{number} = 2 * {number // 2} + {digit}", not astray, not astray))
            if astray:  # a lost line teaches nothing after its slip
                break
            number //= 2
        return tuple(steps)

    def state_key(self, problem: Problem, steps: tuple[str, ...]) -> str | None:
        read = self._read(problem, steps)
        return None if read is None else f"{read[0]} {read[1]}"

    def answer(self, problem: Problem, steps: tuple[str, ...]) -> str | None:
        read = self._read(problem, steps)
        return read[1] if read is not None and steps and read[0] == 0 else None

    def normalise(self, answer: str) -> str:
        return answer.strip().removeprefix("0b").lstrip("0") or "0"

    def verify(self, problem: Problem, answer: str) -> Verdict:
        right = self.normalise(answer) == f"{problem.data['number']:b}"
        return Verdict(float(right), reason="" if right else "another number")

    def canonical(self, problem: Problem) -> str:
        return f"binary {problem.data['number']}"

    def _read(self, problem: Problem, steps: tuple[str, ...]) -> tuple[int, str] | None:
        """What is left to halve and the digits so far; None after a step that is none."""
        left, digits = int(problem.data["number"]), ""
        for step in steps:
            match = _STEP.fullmatch(step)
            if match is None or int(match[1]) != left or int(match[2]) != left // 2:
                return None
            left, digits = left // 2, match[3] + digits
        return left, digits
