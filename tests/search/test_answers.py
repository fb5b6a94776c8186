import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search import Answers, Outcome, Rank
from search.answers import majority_probability


def pool(*votes):
    """Votes as (group, votes, value, score)."""
    answers = Answers()
    for node, (group, count, value, score) in enumerate(votes):
        answers.vote(Outcome(f"it is {group}", group, score), count, value, (0, node + 1))
    return answers


def test_nothing_is_best_of_nothing():
    assert Answers().best() is None
    assert not Answers().verified
    assert not Answers().leader_is_safe()


def test_the_verified_go_first_and_the_rejected_last():
    answers = pool(("wrong", 50, 0.9, 0.0), ("maybe", 2, 0.1, None), ("right", 1, 0.0, 1.0))
    best = answers.best(alternatives=5)
    assert (best.answer, best.verified, best.confidence) == ("it is right", True, 1.0)
    assert [each.group for each in best.alternatives] == ["maybe", "wrong"]
    assert [each.verified for each in best.alternatives] == [None, False]
    assert answers.verified


def test_not_judged_is_not_wrong():
    best = pool(("wrong", 9, None, 0.0), ("unknown", 1, None, None)).best()
    assert (best.group, best.verified) == ("unknown", None)
    assert 0.0 < best.confidence < 1.0


def test_votes_are_weighted_by_value_unless_value_is_asked_for():
    answers = pool(("often", 10, 0.3, None), ("seldom", 1, 0.9, None), ("often", 2, 0.2, None))
    assert answers.best(Rank.VOTES).group == "often"
    assert answers.best(Rank.VALUE).group == "seldom"
    doubted = pool(("often", 10, 0.01, None), ("seldom", 3, 0.9, None))
    assert doubted.best(Rank.VOTES).group == "seldom"


def test_a_late_verdict_dethrones_the_leader():
    answers = pool(("a", 9, None, None), ("b", 2, None, None), ("c", 1, None, None))
    answers.vote(Outcome("a", "a", 0.0), 1, None, (0, 9))
    assert [answers.best(rank).group for rank in Rank] == ["b", "b"]


def test_the_best_line_of_a_group_is_kept():
    best = pool(("a", 5, 0.2, None), ("a", 1, 0.8, None), ("a", 5, 0.3, None)).best()
    assert (best.path, best.node, best.votes) == ((0, 2), 2, 11)


@given(
    votes=st.lists(
        st.tuples(
            st.sampled_from("abcd"),
            st.integers(1, 9),
            st.none() | st.floats(0, 1),
            st.sampled_from([None, None, 0.0, 0.5, 1.0]),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_the_leader_kept_up_to_date_is_the_leader(votes):
    answers = pool(*votes)
    for rank in Rank:
        leader = max(answers.groups.values(), key=lambda group: group.standing(rank))
        assert answers.best(rank).group == leader.name
        assert 0.0 <= answers.best(rank).confidence <= 1.0


@given(a=st.integers(1, 200), b=st.integers(0, 200), value=st.none() | st.floats(0, 1))
def test_confidence_rises_with_votes_and_value_and_falls_with_dissent(a, b, value):
    def confidence(a, b, value):
        answers = pool(("a", a, value, None), ("b", b, 0.5, None))
        return answers.confidence(answers.groups["a"])

    here = confidence(a, b, value)
    assert 0.0 < here < 1.0
    assert confidence(a + 1, b, value) > here > confidence(a, b + 1, value)
    if value is not None:
        assert confidence(a, b, min(1.0, value + 0.1)) >= here


@pytest.mark.parametrize(("a", "b"), [(0, 0), (1, 0), (5, 2), (8, 8), (30, 20)])
def test_majority_probability_is_the_beta_tail(a, b):
    steps = 20_000  # midpoint rule over the Beta(a + 1, b + 1) density
    xs = [(i + 0.5) / steps for i in range(steps)]
    density = [x**a * (1 - x) ** b for x in xs]
    tail = sum(d for x, d in zip(xs, density, strict=True) if x > 0.5) / sum(density)
    assert majority_probability(a, b) == pytest.approx(tail, abs=1e-4)


def test_majority_probability_stays_exact_enough_for_many_votes():
    exact = sum(math.comb(1001, k) for k in range(491, 1002)) / 2**1001
    assert majority_probability(510, 490) == pytest.approx(exact, abs=1e-3)
    assert majority_probability(1e6, 10) == pytest.approx(1.0)


def test_a_leader_is_safe_only_with_enough_agreeing_votes_from_two_jobs():
    assert not pool(("a", 7, None, None), ("a", 0.5, None, None)).leader_is_safe()  # too few
    assert not pool(("a", 50, None, None)).leader_is_safe()  # one job may share one fluke
    assert not pool(
        ("a", 5, None, None), ("a", 1, None, None), ("b", 4, None, None)
    ).leader_is_safe()
    assert pool(("a", 8, None, None), ("a", 1, None, None), ("b", 1, None, None)).leader_is_safe()
