"""Countdown: use each number once with + - * / to reach a target (Game of 24 is target 24).

A step is ``10 - 4 = 6 left 6 9 13``: one operation and what is left after it, largest operand
first for the operations that commute, numbers left in ascending order. The last step is
``11 + 13 = 24``. The answer is one expression, composed from the steps.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import lru_cache
from random import Random

from .domain import Step
from .expression import ExpressionError, evaluate, numbers
from .phrasing import plain
from .problem import Problem
from .reach import (
    Move,
    State,
    after,
    can_reach,
    can_reach_exactly,
    fraction_moves,
    moves,
    reachable,
    tidy,
)
from .verdict import Verdict, right, wrong

MAX_NUMBERS = 8
_ADVISED = 5  # numbers left, at most, for all moves to be looked through in milliseconds
_TO_THE_END = 0.5  # share of lost demonstrations that are played on
# Every repetition is bounded and every separator can be read in one way only: these patterns
# meet whatever people type.
_ONE = r"(?<![\d.\-−])(\d{1,6})(?![\d.]\d|\d)"
_MANY = (
    rf"(?<![\d.\-−])(\d{{1,6}}(?:(?: ?[,&] ?| )(?:and )?\d{{1,6}}){{1,{MAX_NUMBERS - 1}}})(?!\d)"
)
_MAKE = r"(?:make|reach|get(?: to)?|obtain|equals?|for|give|form|to|into|hit|target|result is|=)"
_GAP = r"[^\d]{0,60}?"
_PATTERNS = (
    re.compile(rf"game of {_ONE}\b{_GAP}{_MANY}"),
    re.compile(rf"\b(24) game\b{_GAP}{_MANY}"),
    re.compile(rf"^target(?: number)?(?: is| of)? {_ONE}\b{_GAP}{_MANY}"),
    re.compile(rf"^countdown\W{{1,3}}{_MANY}\W{{0,3}}{_MAKE}\W{{0,3}}{_ONE}\W*$"),
    re.compile(
        rf"(?:use|using|with|take|combine|arrange|given|from|numbers?|digits?|have)\b{_GAP}{_MANY}"
        rf"{_GAP}\b{_MAKE}\b{_GAP}{_ONE}"
    ),
    re.compile(
        rf"{_MAKE}\b(?: (?:the number|exactly|a total of))? ?{_ONE}\b{_GAP}"
        rf"(?:from|with|using|out of|of|use)\b{_GAP}{_MANY}"
    ),
    re.compile(rf"^\W{{0,3}}{_MANY} ?(?:->|=>|→|=|to|make) ?{_ONE}\W*$"),
)


class Countdown:
    name = "countdown"
    version = "2"
    levels = (3, 4, 5, 6)  # how many numbers
    self_checking = True

    def recognise(self, question: str) -> Problem | None:
        text = plain(question)
        for pattern in _PATTERNS if text else ():
            match = pattern.search(text)
            if match is None:
                continue
            first, second = match.groups()
            many, one = (first, second) if not first.isdigit() else (second, first)
            given = tuple(int(n) for n in re.findall(r"\d+", many))
            if 2 <= len(given) <= MAX_NUMBERS:
                return self.problem(given, int(one), question)
        return None

    def problem(self, given: tuple[int, ...], target: int, question: str = "") -> Problem:
        prompt = f"countdown {' '.join(map(str, sorted(given)))} to {target}\n"
        listed = " ".join(map(str, given))
        return Problem(
            domain=self.name,
            prompt=prompt,
            question=question or f"Use {listed} to make {target}",
            data={"numbers": given, "target": target},
            level=len(given),
        )

    def generate(self, rng: Random, level: int) -> Problem:
        """Solvable by construction: a random line of play ends on the target."""
        while True:
            high = 13 if rng.random() < 0.8 else 25
            if (problem := self.drawn(rng, level, high)) is not None:
                return problem

    def drawn(self, rng: Random, level: int, high: int) -> Problem | None:
        """One of ``level`` numbers up to ``high``; None where those drawn make no target."""
        given = tuple(sorted(rng.randint(1, high) for _ in range(level)))
        if level <= 4:
            wanted = [t for t in reachable(given) if 10 <= t <= 100]
            if 24 in wanted and rng.random() < 0.3:
                return self.problem(given, 24)
            return self.problem(given, int(rng.choice(sorted(wanted)))) if wanted else None
        state: State = given
        while len(state) > 1:
            state = after(state, rng.choice(list(moves(state))))
        return self.problem(given, int(state[0])) if 10 <= state[0] <= 100 else None

    def demonstrate(self, problem: Problem, rng: Random, slip: float = 0.0) -> tuple[Step, ...]:
        state: State = tuple(sorted(_numbers(problem)))
        target = _target(problem)
        allowed, solvable, natural = _rules(state, target)
        steps: list[Step] = []
        while len(state) > 1:
            options = list(allowed(state))
            rng.shuffle(options)
            teach = rng.random() >= slip
            move = options[0]
            if teach:
                winning = (m for m in options if solvable(after(state, m), target))
                move = next(winning, move)
            state = after(state, move)
            good = solvable(state, target)
            steps.append(Step(_write(move, state), teach and good, good))
            if not good:
                if natural and rng.random() < _TO_THE_END:
                    steps += _lost(state, target, rng)
                break
        return tuple(steps)

    def options(self, problem: Problem, steps: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
        state, target = _replay(problem, steps), _target(problem)
        if state is None or not 1 < len(state) <= _ADVISED:
            return ()
        allowed, solvable, _ = _rules(state, target)
        ends = ((move, after(state, move)) for move in allowed(state))
        return tuple((_write(move, left), solvable(left, target)) for move, left in ends)

    def state_key(self, problem: Problem, steps: tuple[str, ...]) -> str | None:
        state = _replay(problem, steps)
        return None if state is None else " ".join(map(str, state))

    def answer(self, problem: Problem, steps: tuple[str, ...]) -> str | None:
        state = _replay(problem, steps)
        if state is None or len(state) != 1:
            return None
        return f"{_compose(problem, steps)} = {state[0]}"

    def normalise(self, answer: str) -> str:
        return re.sub(r"\s+", "", _sides(answer)[0])

    def verify(self, problem: Problem, answer: str) -> Verdict:
        by = f"{self.name}@{self.version}"
        expression, claim = _sides(answer)
        if "=" in claim:
            return wrong(by, "expected one '=' at most")
        try:
            used, value = numbers(expression), evaluate(expression)
            claimed = evaluate(claim) if "=" in answer else value
        except ExpressionError as error:
            return wrong(by, f"not an expression: {error}")
        if Counter(used) != Counter(_numbers(problem)):
            given = " ".join(map(str, _numbers(problem)))
            return wrong(by, f"expected each of {given} once, got {' '.join(map(str, used))}")
        if value != _target(problem) or claimed != value:
            return wrong(by, f"expected {_target(problem)}, got {value}")
        return right(by, f"uses every number once and equals {value}")

    def canonical(self, problem: Problem) -> str:
        return f"countdown {sorted(_numbers(problem))} {_target(problem)}"


def _rules(
    state: State, target: int
) -> tuple[Callable[[State], Iterator[Move]], Callable[[State, int], bool], bool]:
    """The moves that are looked at, what can still reach the target by them, and whether natural
    numbers do. Fractions only where nothing else works: they are rare, and dear to search."""
    if can_reach(state, target):
        return moves, can_reach, True
    return fraction_moves, can_reach_exactly, False


def _lost(state: State, target: int, rng: Random) -> Iterator[Step]:
    """A lost line played to its end, as near to the target as its last moves allow: who has
    only seen lines that end well makes up sums to end well."""
    while len(state) > 1:
        ways = [(move, after(state, move)) for move in moves(state)]
        rng.shuffle(ways)
        if len(state) <= 3:
            ways.sort(key=lambda way: min(abs(Fraction(end) - target) for end in reachable(way[1])))
        move, state = ways[0]
        yield Step(_write(move, state), teach=True, good=False)


def _sides(answer: str) -> tuple[str, str]:
    """The expression, and what it is said to make: ``24 = 4 * 6`` is ``4 * 6 = 24``."""
    left, equals, right_ = answer.partition("=")
    return (right_, left) if equals and left.strip().isdigit() else (left, right_)


def _numbers(problem: Problem) -> tuple[int, ...]:
    given = problem.data["numbers"]
    assert isinstance(given, tuple)
    return tuple(int(n) for n in given)


def _target(problem: Problem) -> int:
    target = problem.data["target"]
    assert isinstance(target, int)
    return target


def _write(move: Move, state: State) -> str:
    a, op, b, result = move
    left = f" left {' '.join(map(str, state))}" if len(state) > 1 else ""
    return f"{a} {op} {b} = {result}{left}"


_STEP = re.compile(
    r"\s*(\d{1,9}(?:/\d{1,9})?) ([-+*/]) (\d{1,9}(?:/\d{1,9})?) = (\d{1,9}(?:/\d{1,9})?)"
    r"(?: left((?: \d{1,9}(?:/\d{1,9})?)+))?\s*",
    re.ASCII,
)


@lru_cache(maxsize=100_000)
def _read(step: str) -> tuple[Move, State] | None:
    """Parse a step and check its arithmetic; the state is empty for a last step."""
    match = _STEP.fullmatch(step)
    if match is None:
        return None
    try:
        a, b, result = (tidy(Fraction(match[i])) for i in (1, 3, 4))
        left = tuple(sorted(tidy(Fraction(n)) for n in (match[5] or "").split()))
        op = match[2]
        if op == "/" and b == 0:
            return None
        value = a + b if op == "+" else a - b if op == "-" else a * b if op == "*" else None
        if (Fraction(a) / b if value is None else value) != result:
            return None
    except ZeroDivisionError:
        return None
    return (a, op, b, result), left


def _replay(problem: Problem, steps: tuple[str, ...]) -> State | None:
    state: State = tuple(sorted(_numbers(problem)))
    for step in steps:
        parsed = _read(step)
        if parsed is None:
            return None
        move, left = parsed
        rest = list(state)
        for operand in (move[0], move[2]):
            if operand not in rest:
                return None
            rest.remove(operand)
        state = tuple(sorted([*rest, move[3]]))
        if left != (state if len(state) > 1 else ()):
            return None
    return state


def _compose(problem: Problem, steps: tuple[str, ...]) -> str:
    """One expression out of the steps. Precedence of each part: 0 sum, 1 product, 2 atom."""
    parts: list[tuple[Fraction | int, str, int]] = [(n, str(n), 2) for n in _numbers(problem)]
    for step in steps:
        parsed = _read(step)
        assert parsed is not None
        (a, op, b, result), _ = parsed
        left = parts.pop(next(i for i, part in enumerate(parts) if part[0] == a))
        other = parts.pop(next(i for i, part in enumerate(parts) if part[0] == b))
        level = 0 if op in "+-" else 1
        left_text = left[1] if left[2] >= level else f"({left[1]})"
        tight = other[2] > level or (other[2] == level and op in "+*")
        right_text = other[1] if tight else f"({other[1]})"
        parts.append((result, f"{left_text} {op} {right_text}", level))
    return parts[0][1]
