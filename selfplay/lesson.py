"""A lesson: thoughts as token ids, with what is to be learned at each position."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from reasoner.policy import AGAIN
from verifiers import Problem, Step, domain

from .choice import Choice

IGNORE = -100
Encode = Callable[[str], list[int]]
Spelling = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Specials:
    """Ids of the special tokens."""

    pad: int
    end: int
    value: int
    good: int
    bad: int


@dataclass(frozen=True, slots=True)
class Lesson:
    """A tree of tokens, for siblings share the text before them.

    ``ids``, ``labels``, ``positions``, ``parents``: parallel lists of length T. A token sees the
    one it follows, ``parents[t]`` (-1: none), and whatever that one sees; its position is its
    depth. ``labels[t]`` is what t must predict (IGNORE: nothing).

    A probe is one ``<value>`` token that nobody follows: the text reads as if it were not there.
    ``pairs``: probes that are compared, the better one first. ``choices``: for each, its options'
    shares, and their spelling as (place, token to be predicted there).
    """

    ids: list[int]
    labels: list[int]
    positions: list[int]
    parents: list[int]
    pairs: list[tuple[int, int]]
    choices: list[list[tuple[float, Spelling]]]


class _Draft:
    """A lesson as it is written."""

    def __init__(self) -> None:
        self.lesson = Lesson([], [], [], [], [], [])
        self._known: dict[tuple[int, int], int] = {}

    def write(self, after: int, tokens: Sequence[int], *, teach: bool = False) -> int:
        """Text after a place (-1: none); returns the place of its last token."""
        for token in tokens:
            if teach:
                self.lesson.labels[after] = token
            at = self._known.get((after, token))
            after = self._add(after, token) if at is None else at
            self._known[self.lesson.parents[after], token] = after
        return after

    def line(
        self, after: int, steps: Sequence[Step], done: bool, encode: Encode, special: Specials
    ) -> int:
        """A line of thought after a place; returns the place of its last token. ``done``: its
        last step finishes it."""
        for number, step in enumerate(steps):
            text = step.text + ("" if done and number == len(steps) - 1 else "\n")
            after = self.write(after, encode(text), teach=step.teach)
            if step.good is not None:
                self.probe(after, special, step.good)
        return after

    def probe(self, after: int, special: Specials, good: bool | None) -> int:
        """``good``: what it must say; None: nothing."""
        at = self._add(after, special.value)
        if good is not None:
            self.lesson.labels[at] = special.good if good else special.bad
        return at

    def spell(self, after: int, tokens: Sequence[int]) -> Spelling:
        """Where each of ``tokens`` is predicted; the last one itself is not written."""
        places = [after]
        for token in tokens[:-1]:
            places.append(self.write(places[-1], [token]))
        return list(zip(places, tokens, strict=True))

    def _add(self, after: int, token: int) -> int:
        one = self.lesson
        one.ids.append(token)
        one.labels.append(IGNORE)
        one.positions.append(one.positions[after] + 1 if after >= 0 else 0)
        one.parents.append(after)
        return len(one.ids) - 1


def lesson(
    problem: Problem, steps: Sequence[Step], done: bool, encode: Encode, special: Specials
) -> Lesson:
    """One line of thought. ``done``: its last step finishes it (the model must end its text)."""
    draft = _Draft()
    at = draft.line(draft.write(-1, encode(problem.prompt)), steps, done, encode, special)
    if done and steps[-1].teach:
        draft.lesson.labels[at] = special.end
    return draft.lesson


def second_thoughts(
    problem: Problem, failed: Sequence[Sequence[Step]], line: Sequence[Step], encode: Encode,
    special: Specials, room: int,
) -> Lesson:  # fmt: skip
    """Lines that failed, each to be taken back, and the one to write then, which solves it; of
    those that failed as many as fit into ``room`` tokens. The problem is written anew every time:
    a line is then found as the first one is."""
    draft = _Draft()
    at = draft.write(-1, encode(problem.prompt))
    for steps in failed:
        at = draft.line(at, steps, True, encode, special)
        at = draft.write(at, encode(AGAIN + problem.prompt), teach=True)
    at = draft.line(at, line, True, encode, special)
    draft.lesson.labels[at] = special.end
    if failed and len(draft.lesson.ids) > room:
        return second_thoughts(problem, failed[:-1], line, encode, special, room)
    return draft.lesson


def after(problem: Problem, failed: Iterable[Sequence[Step]]) -> tuple[str, ...]:
    """The state in which lines that failed were taken back, as the steps that lead there."""
    anew = (AGAIN.strip(), problem.prompt.strip())
    return tuple(text for steps in failed for text in (*(step.text for step in steps), *anew))


def comparison(
    problem: Problem, steps: Sequence[str], better: str, worse: str, encode: Encode,
    special: Specials,
) -> Lesson:  # fmt: skip
    """Two steps from one state, to be valued one above the other; nothing else is taught."""
    draft = _Draft()
    at = draft.write(-1, _state(problem, steps, encode))
    first, second = (
        draft.probe(draft.write(at, encode(f"{step}\n")), special, None) for step in (better, worse)
    )
    draft.lesson.pairs.append((first, second))
    return draft.lesson


def choosing(
    problem: Problem, choices: Iterable[Choice], encode: Encode, special: Specials, room: int
) -> Lesson:
    """What to do next, in some states of one problem; as many as fit into ``room`` tokens.

    Options are spelled as far as they differ from all others, for what is written after that
    follows by itself; those without a share are not spelled.
    """
    draft = _Draft()
    for choice in choices:
        start = _state(problem, choice.steps, encode)
        spelled = zip(choice.policy, _distinct(problem, choice, encode, special), strict=True)
        shared = [(share, tokens) for share, tokens in spelled if share]
        if len(draft.lesson.ids) + len(start) + sum(len(tokens) for _, tokens in shared) > room:
            continue
        at = draft.write(-1, start)
        options = [(share, draft.spell(at, tokens)) for share, tokens in shared]
        draft.lesson.choices.append(options)
    return draft.lesson


def _state(problem: Problem, steps: Sequence[str], encode: Encode) -> list[int]:
    return [*encode(problem.prompt), *(token for step in steps for token in encode(f"{step}\n"))]


def _distinct(
    problem: Problem, choice: Choice, encode: Encode, special: Specials
) -> list[list[int]]:
    """Each option's tokens, up to the first that no other option shares with all before it."""
    whole = [encode(option) for option in choice.options]
    beginnings = Counter(tuple(ids[:n]) for ids in whole for n in range(1, len(ids) + 1))
    found = []
    for ids, option in zip(whole, choice.options, strict=True):
        lengths = (n for n in range(1, len(ids) + 1) if beginnings[tuple(ids[:n])] == 1)
        if (length := next(lengths, None)) is not None:
            found.append(ids[:length])
            continue
        # the beginning of another option: how it ends tells them apart
        done = domain(problem.domain).answer(problem, (*choice.steps, option)) is not None
        found.append([*ids, special.end] if done else encode(f"{option}\n"))
    return found


@dataclass(frozen=True, slots=True)
class Batch:
    """``ids``, ``labels``, ``positions``: int64 [B, T]; ``mask``: bool [B, 1, T, T], True: sees.

    ``pairs``: int64 [P, 2], places in the flattened ids of probes that are compared, the better
    one first. ``spelling``: int64 [S, 2], rows of (place, token predicted there), and ``weights``:
    float32 [S], the share of each, of so many ``choices``.
    """

    ids: torch.Tensor
    labels: torch.Tensor
    positions: torch.Tensor
    mask: torch.Tensor
    pairs: torch.Tensor
    spelling: torch.Tensor
    weights: torch.Tensor
    choices: int


def pack(rows: Sequence[Sequence[Lesson]], length: int, pad: int) -> Batch:
    """Lessons of one row share it without seeing one another."""
    shape = (len(rows), length)
    ids: NDArray[np.int64] = np.full(shape, pad, np.int64)
    labels: NDArray[np.int64] = np.full(shape, IGNORE, np.int64)
    positions: NDArray[np.int64] = np.zeros(shape, np.int64)
    mask: NDArray[np.bool_] = np.tile(np.eye(length, dtype=np.bool_), (len(rows), 1, 1))
    pairs: list[tuple[int, int]] = []
    spelling: defaultdict[tuple[int, int], float] = defaultdict(float)
    choices = 0
    for r, row in enumerate(rows):
        at = 0
        for one in row:
            part = slice(at, at + len(one.ids))
            ids[r, part], labels[r, part], positions[r, part] = one.ids, one.labels, one.positions
            sees = mask[r, part, part]
            for t, parent in enumerate(one.parents):
                if parent >= 0:
                    sees[t] |= sees[parent]
            first, at = r * length + at, part.stop
            pairs += [(first + better, first + worse) for better, worse in one.pairs]
            for options in one.choices:
                choices += 1
                for share, spelled in options:
                    for place, token in spelled:
                        spelling[first + place, token] += share
    return Batch(
        torch.from_numpy(ids),
        torch.from_numpy(labels),
        torch.from_numpy(positions),
        torch.from_numpy(mask[:, None]),
        torch.tensor(pairs, dtype=torch.int64).view(-1, 2),
        torch.tensor(list(spelling), dtype=torch.int64).view(-1, 2),
        torch.tensor(list(spelling.values()), dtype=torch.float32),
        choices,
    )


def fill_rows(lessons: Callable[[], Lesson], count: int, length: int) -> list[list[Lesson]]:
    """Draw lessons until ``count`` rows of ``length`` tokens are full (first fit)."""
    rows: list[list[Lesson]] = [[] for _ in range(count)]
    room = [length] * count
    misses = 0
    while count and misses < 4:
        one = lessons()
        size = len(one.ids)
        best = max(range(count), key=room.__getitem__)
        if size > room[best]:
            misses += 1
            continue
        fitting = min((r for r in range(count) if room[r] >= size), key=room.__getitem__)
        rows[fitting].append(one)
        room[fitting] -= size
    return rows
