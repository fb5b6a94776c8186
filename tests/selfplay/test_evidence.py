"""Sequential evidence keeps its word: seldom wrong, however often one looks."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfplay.evidence import Evidence


def duel(rng: Random, better: float, worse: float, bound: float, most: int) -> int | None:
    """After how many problems the claim is refuted at 0.05; None: never."""
    evidence = Evidence(bound)
    for n in range(1, most + 1):
        u = rng.random()
        evidence.add([1 if u < better else -1 if u < better + worse else 0])
        if evidence.refutes(0.05):
            return n
    return None


@pytest.mark.parametrize("bound", [0.0, -0.02, -0.1])
def test_a_true_claim_is_seldom_refuted_though_one_looks_after_every_problem(bound: float):
    rng = Random(1)
    better, worse = 0.15 + bound / 2, 0.15 - bound / 2  # the mean is exactly the bound
    wrong = sum(duel(rng, better, worse, bound, 600) is not None for _ in range(200))
    assert wrong <= 17  # 5 % of 200 and two standard deviations


def test_a_clear_improvement_is_seen_soon_and_a_small_one_late():
    rng = Random(2)
    clear = [duel(rng, 0.25, 0.05, 0.0, 2000) for _ in range(20)]
    small = [duel(rng, 0.12, 0.08, 0.0, 6000) for _ in range(20)]
    assert None not in clear
    assert sorted(clear)[10] < 120
    assert sum(n is not None for n in small) >= 15
    assert sorted(n for n in small if n)[5] > sorted(clear)[10]


def test_no_loss_is_told_from_a_loss():
    """The same model twice is not inferior by 3 points; one that loses 10 points is not cleared."""
    rng = Random(3)
    same = [duel(rng, 0.05, 0.05, -0.03, 4000) for _ in range(20)]
    assert sum(n is not None for n in same) >= 18
    assert sum(duel(rng, 0.05, 0.15, -0.03, 2000) is not None for _ in range(40)) <= 4


@given(st.lists(st.sampled_from([-1, 0, 1]), max_size=200), st.floats(-0.9, 0.9))
def test_capital_is_finite_and_does_not_depend_on_portions(results: list[int], bound: float):
    whole, pieces = Evidence(bound), Evidence(bound)
    whole.add(results)
    for x in results:
        pieces.add([x])
    assert whole.log == pytest.approx(pieces.log, abs=1e-9)
    assert whole.log > -1000


def test_wins_only_raise_it_and_losses_only_lower_it():
    evidence = Evidence(-0.1)
    before = evidence.log
    for x in (1, 1, 0):  # a draw is more than the bound, too
        evidence.add([x])
        assert evidence.log > before
        before = evidence.log
    evidence.add([-1])
    assert evidence.log < before
    with pytest.raises(ValueError, match="between -1 and 1"):
        Evidence(1.0)
