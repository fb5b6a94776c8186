"""The curriculum plays what can be learned and forgets nothing."""

from collections import Counter
from random import Random

import pytest

from reasoner.errors import ReasonerError
from selfplay import corpus, draw
from selfplay.admission import Admission
from selfplay.curriculum import FLOOR, MEMORY, Curriculum, Skill
from selfplay.settings import Settings

LEVELS = {"countdown": dict.fromkeys((3, 4, 5), 1 / 3), "equations": {1: 0.5, 2: 0.5}}


def test_levels_open_one_by_one():
    plan = Curriculum(LEVELS)
    assert plan.open() == [("countdown", 3), ("equations", 1)]
    plan = plan.after({("countdown", 3): (2, 2)})
    assert ("countdown", 4) not in plan.open(), "two of four may be luck"
    plan = plan.after({("countdown", 3): (40, 44)})
    assert plan.open() == [("countdown", 3), ("countdown", 4), ("equations", 1)]
    plan = plan.after({("countdown", 3): (0, 500)})  # forgotten again
    assert ("countdown", 4) not in plan.open()


def test_what_is_half_solved_is_played_most_and_what_is_mastered_is_kept():
    half, done, never = ("countdown", 4), ("countdown", 3), ("equations", 1)
    plan = Curriculum(LEVELS).after({done: (398, 2), half: (200, 200), never: (0, 400)})
    drawn = Counter(plan.draw(Random(i)) for i in range(4000))
    assert drawn[half] > 0.5 * 4000, "the rest goes to the next level, which nobody has played"
    floor = 4000 * FLOOR / 4
    assert drawn[done] > 0.7 * floor
    assert drawn[never] > 0.7 * floor


def test_a_posterior_remembers_a_bounded_past():
    skill = Skill()
    for _ in range(100):
        skill = skill.after(0, 50)
    assert skill.failed <= MEMORY
    for _ in range(16):
        skill = skill.after(50, 0)
    assert skill.mean > 0.8, "what was true long ago fades"


def test_the_same_seed_draws_the_same_cells():
    plan = Curriculum(LEVELS).after({("countdown", 3): (30, 30)})
    assert [plan.draw(Random(7)) for _ in range(5)] == [plan.draw(Random(7)) for _ in range(5)]


def test_what_a_small_cell_can_not_give_others_do(monkeypatch):
    real = draw.fresh_problem
    same = real(Random(0), "countdown", 3)
    monkeypatch.setattr(
        draw, "fresh_problem", lambda rng, name, lv: same if lv == 3 else real(rng, name, lv)
    )
    settings = Settings(model="tiny", domains=("countdown",), problems=30)
    skills = {("countdown", 3): Skill(60, 40), ("countdown", 4): Skill(0, 40)}
    problems = draw.lot(settings, 1, skills, Admission(lambda form: False))
    assert Counter(problem.level for _, _, problem in problems) == {3: 1, 4: 29}
    only = settings.model_copy(update={"problems": 3})
    assert len(draw.lot(only, 1, {}, Admission(lambda form: False))) == 1, "and it ends"


def test_a_generator_of_too_few_problems_is_an_error_and_no_endless_search(monkeypatch):
    family = draw.domain("countdown")
    only = corpus.fresh_problem(Random(0), "countdown", 3)
    monkeypatch.setattr(type(family), "generate", lambda self, rng, level: only)
    monkeypatch.setattr(corpus, "_DRAWS", 50)
    with pytest.raises(ReasonerError, match="must make more kinds"):
        corpus.fresh_problem(Random(0), "countdown", 3, reserved=True)


def test_practice_goes_where_the_family_is_asked():
    plan = Curriculum({"countdown": {3: 0.1, 4: 0.9}}).after(
        {("countdown", 3): (50, 50), ("countdown", 4): (50, 50)}
    )
    drawn = Counter(level for _, level in (plan.draw(Random(i)) for i in range(2000)))
    assert drawn[4] > 3 * drawn[3]
    settings = Settings(model="tiny", domains=("countdown", "equations"))
    for family, levels in draw.curriculum(settings, {}).levels.items():
        assert abs(sum(levels.values()) - 1) < 1e-9, family
