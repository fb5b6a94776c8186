"""The proposer: edits of what is solved sometimes, admitted and rewarded by what they teach."""

from __future__ import annotations

import re
from collections import Counter
from random import Random

import pytest

from selfplay.admission import Admission
from selfplay.draw import lot
from selfplay.play import EDIT
from selfplay.proposer import Proposer, learnability
from selfplay.rollouts import Rollout
from selfplay.settings import Settings
from selfplay.targets import Taught
from verifiers import domain, fingerprint, held_out, recognise, suite
from verifiers.reach import can_reach, can_reach_exactly

SETTINGS = Settings(model="tiny", domains=("countdown", "equations"), problems=200, proposed=0.5)
ANY = Admission(lambda form: False)


def played(question: str, right: int, wrong: int, *, edited: bool = False) -> Taught:
    problem = recognise(question)
    drawn = ((right, True), (wrong, False))
    rollouts = tuple(Rollout(problem, ("x",), True, good, count) for count, good in drawn if count)
    return Taught(problem, (), rollouts, edited=edited)


def test_what_is_always_or_never_solved_is_not_edited() -> None:
    taught = [
        played("Use 4 5 6 10 to make 24", 9, 0),
        played("Use 1 2 3 4 to make 24", 3, 6),
        played("Use 1 5 5 5 to make 24", 0, 9),
        Taught(recognise("Use 2 3 4 to make 24"), (), ()),
    ]
    assert learnability(taught[1]) == pytest.approx(2 / 9)
    proposer = Proposer.of(taught)
    assert [parent.question for parent in proposer.parents] == ["Use 1 2 3 4 to make 24"]


def test_an_edit_changes_one_number_and_can_be_solved() -> None:
    parent = played("Use 2 3 7 9 to make 33", 1, 1)
    found = list(Proposer.of([parent]).propose(Random(0), 300))
    assert len(found) > 250
    for child in found:
        pairs = zip(numbers(parent.problem.question), numbers(child.question), strict=True)
        assert sum(a != b for a, b in pairs) == 1
        assert child.level == parent.problem.level
        assert child.reference is None
        state = tuple(sorted(child.data["numbers"]))
        target = child.data["target"]
        assert can_reach(state, target) or can_reach_exactly(state, target)
    assert len({child.prompt for child in found}) > 20


def numbers(text: str) -> list[str]:
    return re.findall(r"\d+", text)


def test_a_family_whose_edits_teach_nothing_is_edited_less() -> None:
    parents = [played("Use 1 2 3 4 to make 24", 1, 1), played("Solve 3 x = 12", 1, 1)]
    failed = [played(f"Solve 3 x = {n}", 0, 5, edited=True) for n in range(13, 22)]
    fruitful = [played("Use 1 2 3 5 to make 24", 2, 2, edited=True)]
    proposer = Proposer.of(parents + failed + fruitful)
    drawn = Counter(child.domain for child in proposer.propose(Random(0), 400))
    assert drawn["countdown"] > 10 * drawn["equations"] > 0


def test_answers_that_only_a_reference_knows_are_not_made_up() -> None:
    family = domain("arithmetic")
    sums = [family.generate(Random(i), 1) for i in range(5)]
    taught = [Taught(p, (), (Rollout(p, ("x",), True, g, 1),)) for p in sums for g in (True, False)]
    assert Proposer.of(taught).parents == ()
    assert list(Proposer().propose(Random(0), 5)) == []


def test_evaluation_problems_are_never_proposed() -> None:
    """Parents one number away from the hard slice: what they lead to is refused."""
    near = []
    for problem in suite("game24")[:20]:
        a, b, c, d = problem.data["numbers"]
        near.append(played(f"Use {a} {b} {c} {d + 1} to make 24", 1, 1))
    proposer = Proposer.of(near)
    raw = [fingerprint(domain(p.domain), p) for p in proposer.propose(Random(0), 2000)]
    assert any(form in held_out() for form in raw), "the test must be able to fail"
    drawn = lot(SETTINGS, 2, {}, ANY, proposer)
    assert sum(name.startswith(EDIT) for name, _, _ in drawn) > 50
    assert not any(form in held_out() for _, form, _ in drawn)


def test_a_lot_is_edits_and_fresh_problems_each_once() -> None:
    proposer = Proposer.of([played("Use 2 3 7 9 to make 33", 1, 1)])
    drawn = lot(SETTINGS, 2, {}, ANY, proposer)
    edits = [name for name, _, _ in drawn if name.startswith(EDIT)]
    assert len(drawn) == 200
    assert 10 < len(edits) <= 100
    assert len({form for _, form, _ in drawn}) == len({name for name, _, _ in drawn}) == 200
    assert drawn == lot(SETTINGS, 2, {}, ANY, proposer)
    assert not [n for n, _, _ in lot(SETTINGS, 2, {}, ANY) if n.startswith(EDIT)]
