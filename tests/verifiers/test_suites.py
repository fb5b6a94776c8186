"""Evaluation problems stay out of training."""

from random import Random

import pytest

from selfplay.corpus import (
    REVIEW,
    _published,
    admissible,
    draw_demonstration,
    fraction_problem,
    fresh_problem,
    is_reserved,
)
from verifiers import SUITES, domain, domains, fingerprint, held_out, suite
from verifiers.reach import can_reach, exactly_reachable


def test_the_hard_slice_is_the_published_one():
    puzzles = suite("game24")
    assert len(puzzles) == 100
    assert puzzles[0].data["numbers"] == (4, 5, 6, 10)
    assert all(p.data["target"] == 24 for p in puzzles)


@pytest.mark.parametrize("name", [n for n in SUITES if n not in ("game24", "by_hand")])
def test_suites_are_stable_and_distinct(name):
    first, second = suite(name), suite(name)
    assert first == second
    assert len({fingerprint(domain(p.domain), p) for p in first}) == 200


def test_questions_typed_by_hand_have_references_that_hold_and_are_held_out():
    problems = suite("by_hand")
    assert len({p.question for p in problems}) == 60
    assert {p.domain for p in problems} == {d.name for d in domains()} - {"general"}
    for problem in problems:
        family = domain(problem.domain)
        assert not admissible(family, problem)
        assert is_reserved(family, problem), "calibration alone may have met its like"
        if not family.self_checking:
            assert family.verify(problem, str(problem.reference)).passed
            assert family.verify(problem, str(problem.reference) + "0").passed is False


def test_the_same_problem_in_other_clothes_is_held_out_too():
    countdown = domain("countdown")
    for puzzle in suite("game24"):
        shuffled = tuple(reversed(puzzle.data["numbers"]))
        assert not admissible(countdown, countdown.problem(shuffled, 24))
    words = domain("word_problems")
    story = suite("word_problems")[0]
    other = story.question.replace("apples", "kites").replace("Tom", "Zed")
    assert fingerprint(words, words.problem(other)) in held_out()


def test_training_refuses_held_out_problems(monkeypatch):
    """The guard itself: with every problem held out but one, only that one is ever drawn."""
    family = domain("equations")
    problems = [family.generate(Random(i), 1) for i in range(50)]
    keep = problems[17]
    every = frozenset(fingerprint(family, p) for p in problems) - {fingerprint(family, keep)}
    monkeypatch.setattr("selfplay.corpus.held_out", lambda: every)
    draws = iter([*problems, keep])
    monkeypatch.setattr(type(family), "generate", lambda *_: next(draws))
    assert fresh_problem(Random(0), "equations", 1) == keep


@pytest.mark.parametrize("options", [{}, {"mix": REVIEW, "fractions": 0.5}])
def test_no_held_out_problem_is_ever_demonstrated(options):
    rng, forbidden = Random(3), held_out()
    for _ in range(400):
        problem, _, _ = draw_demonstration(rng, **options)
        family = domain(problem.domain)
        assert fingerprint(family, problem) not in forbidden
        assert not is_reserved(family, problem)


def test_fraction_problems_are_solved_by_fractions_alone():
    rng, family = Random(4), domain("countdown")
    for _ in range(20):
        problem = fraction_problem(rng)
        given, target = tuple(sorted(problem.data["numbers"])), problem.data["target"]
        assert not can_reach(given, target)
        assert target in exactly_reachable(given)
        steps = tuple(step.text for step in family.demonstrate(problem, rng))
        assert family.verify(problem, family.answer(problem, steps)).passed
    assert 24 in exactly_reachable((3, 3, 8, 8))
    assert 24 not in exactly_reachable((1, 1, 1, 1))


@pytest.mark.parametrize("name", ["countdown", "arithmetic", "equations", "word_problems"])
def test_calibration_sees_what_lessons_never_hold(name):
    family, rng = domain(name), Random(5)
    level = family.levels[1]
    kept = [fresh_problem(rng, name, level, reserved=True) for _ in range(20)]
    assert all(is_reserved(family, p) and admissible(family, p) for p in kept)
    drawn = [fresh_problem(rng, name, level) for _ in range(200)]
    assert not any(is_reserved(family, p) for p in drawn)


def test_published_puzzles_for_training_leave_out_the_hard_slice():
    hard = {fingerprint(domain("countdown"), p) for p in suite("game24")}
    training = {fingerprint(domain("countdown"), p) for p in _published()}
    assert len(training) == 1262
    assert not hard & training
