"""What numbers can still become: the moves of countdown, and exact answers about their ends."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache

State = tuple[Fraction | int, ...]  # numbers left, ascending
Move = tuple["Fraction | int", str, "Fraction | int", "Fraction | int"]  # a, op, b, result


def moves(state: State) -> Iterator[Move]:
    """Operations that stay within the natural numbers, without mirror images."""
    seen = set()
    for i in range(len(state)):
        for j in range(i + 1, len(state)):
            b, a = state[i], state[j]  # a >= b
            if (a, b) in seen:
                continue
            seen.add((a, b))
            yield a, "+", b, a + b
            yield a, "-", b, a - b
            yield a, "*", b, a * b
            if b and a % b == 0:
                yield a, "/", b, a // b


def fraction_moves(state: State) -> Iterator[Move]:
    """All operations over the rationals (differences stay non-negative)."""
    yield from moves(state)
    for i in range(len(state)):
        for j in range(len(state)):
            a, b = state[i], state[j]
            if i != j and b and (a < b or a % b):
                yield a, "/", b, tidy(Fraction(a) / b)


def tidy(value: Fraction | int) -> Fraction | int:
    return int(value) if value == int(value) else value


def after(state: State, move: Move) -> State:
    left = list(state)
    left.remove(move[0])
    left.remove(move[2])
    left.append(move[3])
    left.sort()
    return tuple(left)


def reachable(state: State) -> frozenset[Fraction | int]:
    """Every single number that ``state`` can end on (natural intermediate results only)."""
    if len(state) <= 3:
        return _reachable_small(state)
    return frozenset().union(*(reachable(after(state, move)) for move in moves(state)))


@lru_cache(maxsize=20_000)  # sets of at most some sixty numbers: larger states are not worth it
def _reachable_small(state: State) -> frozenset[Fraction | int]:
    if len(state) == 1:
        return frozenset(state)
    return frozenset().union(*(_reachable_small(after(state, move)) for move in moves(state)))


@lru_cache(maxsize=100_000)
def can_reach(state: State, target: int) -> bool:
    if len(state) <= 3:
        return target in _reachable_small(state)
    return any(can_reach(after(state, move), target) for move in moves(state))


@lru_cache(maxsize=50_000)
def can_reach_exactly(state: State, target: int) -> bool:
    """As :func:`can_reach`, over the rationals; for states of at most four numbers."""
    if len(state) == 1:
        return state[0] == target
    return any(can_reach_exactly(after(state, move), target) for move in fraction_moves(state))


def exactly_reachable(state: State) -> frozenset[Fraction | int]:
    """As :func:`reachable`, over the rationals; for states of at most four numbers."""
    if len(state) == 1:
        return frozenset(state)
    return frozenset().union(*(_exactly(after(state, move)) for move in fraction_moves(state)))


_exactly = lru_cache(maxsize=20_000)(exactly_reachable)
