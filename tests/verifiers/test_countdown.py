"""Attacks on the countdown checker, and its steps against brute force."""

from itertools import permutations, product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifiers.countdown import Countdown
from verifiers.expression import ExpressionError, evaluate
from verifiers.reach import can_reach, can_reach_exactly, reachable

DOMAIN = Countdown()
PUZZLE = DOMAIN.problem((4, 5, 6, 10), 24)


def passed(answer, problem=PUZZLE):
    return DOMAIN.verify(problem, answer).passed


@pytest.mark.parametrize("answer", ["(10 - 4) * 5 - 6", "5 * (10 - 4) - 6 = 24", "5×(10−4)−6"])
def test_right_answers(answer):
    assert passed(answer) is True


@pytest.mark.parametrize(
    "attack",
    [
        "", "24", "24 = 24", "4+5+6+10", "(10-4)*5-6+0", "4*6*1*1", "2**3*3", "48//2", "24e0",
        "4+5+6+10 = 24", "(10-4)*5-6 = 25", "(10-4)*5-6 = 24 = 24", "10-4*5-6", "349e0",
        "٤*٥+٦-١٠", "(10-4)*5-6 # right", "__import__('os').system('true')", "10/0*4*5*6",
        "9**9**9", "1" * 3000, "(" * 100_000 + "4" + ")" * 100_000, "4 5 6 10", "(10-4)*5-6,24",
        "exit(0)", "<answer>24</answer>", "nan", "-".join("4" * 900), "(10-4)*5-6\n24",
    ],
)  # fmt: skip
def test_attacks_fail(attack):
    assert passed(attack) is False


def test_eight_thirds():
    puzzle = DOMAIN.problem((3, 3, 8, 8), 24)
    steps = tuple(s.text for s in DOMAIN.demonstrate(puzzle, Random(0)))
    answer = DOMAIN.answer(puzzle, steps)
    assert answer == "8 / (3 - 8 / 3) = 24"
    assert passed(answer, puzzle)


@pytest.mark.parametrize(
    "step",
    [
        "10 - 4 = 7 left 5 6 7",  # wrong result
        "10 - 3 = 7 left 4 5 6 7",  # a number that is not there
        "10 - 4 = 6 left 5 6",  # one lost
        "10 - 4 = 6 left 5 6 6 6",  # one invented
        "10 - 4 = 6",  # not finished
        "4 + 4 = 8 left 5 6 8 10",  # used twice
        "10 / 0 = 6 left 5 6 6",
        "10 ** 4 = 6 left 5 6 6",
        "10 - 4 = 6 left 5 6 6; import os",
    ],
)
def test_steps_that_are_not_allowed(step):
    assert DOMAIN.state_key(PUZZLE, (step,)) is None


def test_paths_to_one_state_share_its_key():
    a = ("10 - 4 = 6 left 5 6 6", "6 + 6 = 12 left 5 12")
    b = ("6 - 4 = 2 left 2 5 10", "10 + 2 = 12 left 5 12")
    assert DOMAIN.state_key(PUZZLE, a) == DOMAIN.state_key(PUZZLE, b) == "5 12"


def brute_force(numbers, target):
    """Every expression tree over every order, by plain evaluation: slow and independent."""
    shapes = ("((a.b).c).d", "(a.(b.c)).d", "(a.b).(c.d)", "a.((b.c).d)", "a.(b.(c.d))")
    for order in set(permutations(numbers)):
        for shape, ops in product(shapes, product("+-*/", repeat=3)):
            signs = iter(ops)
            text = "".join(next(signs) if c == "." else c for c in shape)
            for name, number in zip("abcd", order, strict=True):
                text = text.replace(name, str(number))
            try:
                if evaluate(text) == target:
                    return True
            except ExpressionError:
                continue
    return False


@pytest.mark.parametrize("seed", range(6))
def test_reach_agrees_with_brute_force(seed):
    rng = Random(seed)
    numbers = tuple(sorted(rng.randint(1, 13) for _ in range(4)))
    assert can_reach_exactly(numbers, 24) == brute_force(numbers, 24)
    assert not can_reach(numbers, 24) or can_reach_exactly(numbers, 24)


@given(st.lists(st.integers(1, 13), min_size=2, max_size=4), st.integers(0, 100))
def test_can_reach_is_membership(numbers, target):
    state = tuple(sorted(numbers))
    assert can_reach(state, target) == (target in reachable(state))


@given(st.lists(st.integers(1, 20), min_size=3, max_size=5), st.integers(0, 2**32))
def test_composed_answers_are_worth_what_the_steps_say(numbers, seed):
    """Parentheses: the expression of any legal line has the value the line ended on."""
    from verifiers.reach import after, moves

    rng, state, steps = Random(seed), tuple(sorted(numbers)), ()
    problem = DOMAIN.problem(tuple(numbers), 24)
    while len(state) > 1:
        a, op, b, result = rng.choice(list(moves(state)))
        state = after(state, (a, op, b, result))
        left = f" left {' '.join(map(str, state))}" if len(state) > 1 else ""
        steps += (f"{a} {op} {b} = {result}{left}",)
    expression, _, value = DOMAIN.answer(problem, steps).partition(" = ")
    assert evaluate(expression) == int(value) == state[0]
