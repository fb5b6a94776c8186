"""A house rule on top of countdown: the numbers must make the target without any division."""

from reasoner import Problem, Verdict, verifier
from verifiers import domain

EXAMPLES = [
    ("Use 4 5 6 10 to make 24", "(10 - 4) * 5 - 6", True),
    ("Use 4 5 6 10 to make 24", "(10 - 4) * 5 - 5", False),
    ("Use 3 3 8 8 to make 24", "8 / (3 - 8 / 3)", False),
]


@verifier("no-division", timeout=2.0, examples=EXAMPLES)
def no_division(problem: Problem, answer: str) -> Verdict | bool:
    if problem.domain != "countdown" or "/" in answer or "÷" in answer:
        return False
    return domain("countdown").verify(problem, answer)
