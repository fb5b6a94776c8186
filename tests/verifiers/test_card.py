"""The score card: built-in verifiers pass it, known-bad ones do not."""

from __future__ import annotations

import ast
import asyncio
import re
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifiers import gullible
from verifiers import Problem, Verifier, all_of, domain, exact, find_verifier, verifier
from verifiers.attacks import attacks, forms, heavy, injections, mutations
from verifiers.card import ScoreCard, as_problem, digest, examine
from verifiers.source import Source, parse


def card_of(subject: Verifier, source: Source | None = None) -> ScoreCard:
    return asyncio.run(examine(subject, source))


def failed(card: ScoreCard) -> dict[str, str]:
    return {check.name: check.detail for check in card.checks if not check.passed}


@pytest.mark.parametrize(
    "name",
    [
        "countdown",
        "arithmetic",
        "equations",
        "word_problems",
        "general",
        "exact",
        "choice",
        "regex",
    ],
)
def test_what_is_built_in_stands(name: str) -> None:
    card = card_of(find_verifier(name), parse(name))
    assert failed(card) == {}
    assert card.passed
    assert all(check.tried > 0 for check in card.checks)


@pytest.mark.parametrize(
    ("name", "checks"),
    [
        ("evaluates", {"no answer was executed"}),
        ("contains", {"all options at once", "text around thinking"}),
        ("prefixed", {"empty answers"}),
        ("accepts", {"near misses fail", "empty answers", "constants", "master keys"}),
        ("refuses", {"right answers pass"}),
        ("counts_numbers", {"smuggled literals"}),
        ("believes", {"master keys"}),
        ("random", {"the same three times over"}),
        ("hangs", {"nothing hangs or crashes it"}),
        ("dies", {"nothing hangs or crashes it"}),
        ("bare", {"right answers pass", "near misses fail"}),
        ("own", {"attacks of its own"}),
        ("strict", {"other forms are judged"}),
    ],
)
def test_what_can_be_fooled_fails(name: str, checks: set[str]) -> None:
    subject = getattr(gullible, name)
    card = card_of(subject)
    assert checks <= failed(card).keys()
    assert not card.passed


def test_a_good_function_passes() -> None:
    card = card_of(gullible.good)
    assert failed(card) == {}


def test_a_domain_whose_expert_is_wrong_fails() -> None:
    class Off:
        def __getattr__(self, name: str) -> Any:
            return getattr(domain("equations"), name)

        def answer(self, problem: Problem, steps: tuple[str, ...]) -> str | None:
            return "x = 1000001"

    assert "right answers pass" in failed(card_of(Off()))  # type: ignore[arg-type]


def test_a_domain_that_can_not_generate_fails() -> None:
    class Off:
        def __getattr__(self, name: str) -> Any:
            return getattr(domain("equations"), name)

        def generate(self, rng: Random, level: int) -> Problem:
            raise KeyError("no idea")

    card = card_of(Off())  # type: ignore[arg-type]
    assert "KeyError" in failed(card)["right answers pass"]


def test_a_card_is_of_one_source(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    seen = set()
    for number, text in enumerate(("True", "False")):
        file = tmp_path / f"mine{number}.py"
        file.write_text(f"def check(answer): return {text}\n")
        seen.add(digest(find_verifier(f"{file}:check")))
    assert len(seen) == 2
    assert digest(exact("a")) != digest(exact("b"))
    assert digest(all_of(exact("a"))) != digest(all_of(exact("b")))
    one, two = (verifier("n", isolation="trusted")(eval(f"lambda answer: {n} > 1")) for n in "13")  # noqa: S307
    one.function.__module__ = two.function.__module__ = "a notebook"
    assert digest(one) != digest(two)


def test_the_corpus_holds_no_right_answer() -> None:
    problem = domain("countdown").recognise("Use 4 5 6 10 to make 24")
    assert problem is not None
    right = "(10 - 4) * 5 - 6"
    corpus = [*attacks(problem, right, "10 + 4 + 5 + 6"), *heavy(), *injections("/nowhere")]
    assert len(corpus) > 150
    assert right not in {attack.text for attack in corpus}
    assert len({attack.kind for attack in corpus}) == 14
    assert max(len(attack.text) for attack in corpus) == 1_000_000


def test_fields_make_a_problem() -> None:
    problem = as_problem({"question": "Mate?", "fen": "8/8", "reference": "Qh7#", "level": 2})
    assert (problem.domain, problem.question, problem.reference) == ("general", "Mate?", "Qh7#")
    assert (problem.data["fen"], problem.level) == ("8/8", 2)
    assert as_problem(problem) is problem
    line = {"question": "Mate?", "data": {"fen": "8/8"}, "reference": "Qh7#", "level": 2}
    assert as_problem(line) == problem
    assert as_problem({"question": "Mate?", "data": "8/8"}).data["data"] == "8/8"


def test_a_card_without_examples_says_what_to_add() -> None:
    said = failed(card_of(gullible.bare))
    assert 'examples=[("the question", "a right answer", True)' in said["right answers pass"]
    assert '("the question", "almost right", False)' in said["near misses fail"]
    for check in ("nothing hangs or crashes it", "the same three times over"):
        assert said[check] == "nothing was tried: it has no examples"


def test_whoever_watches_hears_of_every_verdict() -> None:
    heard: list[tuple[int, int, str]] = []
    card = asyncio.run(examine(gullible.good, watch=lambda *said: heard.append(said)))
    total = heard[0][1]
    assert [done for done, _, _ in heard] == list(range(1, total + 1))
    assert total == next(
        c.tried for c in card.checks if c.name == "nothing hangs or crashes it"
    ) + (2 * next(c.tried for c in card.checks if c.name == "the same three times over"))
    assert {check for _, _, check in heard} >= {"right answers pass", "nesting", "exits"}


@pytest.mark.parametrize(
    ("right", "apart"),
    [("413", "4,13"), ("1234", "12,34"), ("x = 5/12", "x = 5/1 2"), ("41", "4_1"), ("7", None)],
)
def test_numbers_are_taken_apart_where_no_thousands_end(right: str, apart: str | None) -> None:
    made = [a.text for a in attacks(Problem("general", "", "?"), right, "0") if "apart" in a.kind]
    assert (apart in made) if apart else not made


@given(st.text(max_size=80))
def test_a_mutation_is_one_other_character(right: str) -> None:
    for mutation in mutations(right):
        assert len(mutation) == len(right)
        assert sum(a != b for a, b in zip(mutation, right, strict=True)) == 1
    assert all(isinstance(text, str) for text in forms(right))


# --- an independent oracle: what a mutated expert answer is worth, worked out another way


def oracle(text: str) -> tuple[Fraction, list[int]] | None:
    """Value and numbers of an expression, by Python's own parser; None for anything else."""
    try:
        # "07" is seven to people, and a syntax error to Python
        tree = ast.parse(re.sub(r"\b0+(?=[0-9])", "", text.strip()), mode="eval").body
    except (SyntaxError, ValueError):
        return None
    used: list[int] = []

    def value(node: ast.expr) -> Fraction:
        if isinstance(node, ast.Constant) and type(node.value) is int:
            used.append(node.value)
            return Fraction(node.value)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        assert isinstance(node, ast.BinOp)
        a, b = value(node.left), value(node.right)
        if isinstance(node.op, ast.Add):
            return a + b
        if isinstance(node.op, ast.Sub):
            return a - b
        if isinstance(node.op, ast.Mult):
            return a * b
        assert isinstance(node.op, ast.Div)
        return a / b

    try:
        return value(tree), used
    except (AssertionError, ZeroDivisionError):
        return None


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from("+-*/() 0123456789"), st.integers(0, 60))
def test_a_mutated_countdown_answer_passes_only_if_another_parser_agrees(
    seed: int, character: str, place: int
) -> None:
    family, rng = domain("countdown"), Random(seed)
    problem = family.generate(rng, rng.choice((3, 4)))
    answer = family.answer(problem, tuple(s.text for s in family.demonstrate(problem, rng)))
    assert answer is not None
    assert family.verify(problem, answer).passed is True
    text = answer.partition("=")[0].strip()
    place %= len(text)
    mutated = text[:place] + character + text[place + 1 :]
    found = oracle(mutated)
    numbers = problem.data["numbers"]
    assert isinstance(numbers, tuple)
    fair = found is not None and found[0] == problem.data["target"]
    fair = fair and found is not None and sorted(found[1]) == sorted(numbers)
    if family.verify(problem, mutated).passed:
        assert fair, mutated


NUMBER = r"\s*(-?\s*\d+(?:\s*/\s*\d+)?)\s*"


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from("0123456789-/=xy, "), st.integers(0, 60))
def test_a_mutated_solution_passes_only_if_it_solves(seed: int, character: str, place: int) -> None:
    import sympy

    family, rng = domain("equations"), Random(seed)
    problem = family.generate(rng, rng.choice(family.levels))
    answer = family.answer(problem, tuple(s.text for s in family.demonstrate(problem, rng)))
    assert answer is not None
    assert family.verify(problem, answer).passed is True
    place %= len(answer)
    mutated = answer[:place] + character + answer[place + 1 :]
    if not family.verify(problem, mutated).passed:
        return
    form = re.fullmatch(rf"\s*x\s*={NUMBER}(?:[,;]?\s*y\s*={NUMBER})?", mutated)
    assert form is not None, mutated
    flat = problem.data["coefficients"]
    assert isinstance(flat, tuple)
    x, y = (sympy.Rational((text or "0").replace(" ", "")) for text in form.groups())
    for a, b, c in zip(*[iter(map(int, flat))] * 3, strict=True):
        assert a * x + b * y == c, mutated
