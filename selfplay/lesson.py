"""A lesson: one line of thought as token ids, with what is to be learned at each position."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from verifiers import Problem, Step

IGNORE = -100
Encode = Callable[[str], list[int]]


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
    """``ids``, ``labels``, ``positions``, ``probe``: parallel lists of length T.

    ``labels[t]`` is what position t must predict (IGNORE: nothing). A probe is one ``<value>``
    token that sees the state before it and is seen by nobody; it shares its position with the
    token that follows the state, so that the text reads as if it were not there.

    ``worse``: a lesson whose last probe is to be valued below the last one here.
    """

    ids: list[int]
    labels: list[int]
    positions: list[int]
    probe: list[bool]
    worse: Lesson | None = None

    @property
    def size(self) -> int:
        """Tokens it takes in a row, with the one it is compared to."""
        return len(self.ids) + (self.worse.size if self.worse else 0)


def lesson(
    problem: Problem, steps: Sequence[Step], done: bool, encode: Encode, special: Specials
) -> Lesson:
    """``done``: the last step finishes the line (the model must end its text after it)."""
    ids = encode(problem.prompt)
    labels, positions = [IGNORE] * len(ids), list(range(len(ids)))
    probe = [False] * len(ids)
    last = len(ids) - 1  # index of the last token that is text
    for number, step in enumerate(steps):
        finishes = done and number == len(steps) - 1
        new = encode(step.text + ("" if finishes else "\n"))
        for token in new:
            if step.teach:
                labels[last] = token
            last = len(ids)
            positions.append(positions[-1] + 1 if not probe[-1] else positions[-1])
            ids.append(token)
            labels.append(IGNORE)
            probe.append(False)
        if finishes and step.teach:
            labels[last] = special.end
        if step.good is not None:
            ids.append(special.value)
            labels.append(special.good if step.good else special.bad)
            positions.append(positions[-1] + 1)
            probe.append(True)
    return Lesson(ids, labels, positions, probe)


def comparison(
    problem: Problem, steps: Sequence[str], better: str, worse: str, encode: Encode,
    special: Specials,
) -> Lesson:  # fmt: skip
    """Two steps from one state, to be valued one above the other; nothing else is taught."""

    def probed(step: str) -> Lesson:
        plain = [Step(text, teach=False) for text in steps]
        one = lesson(problem, [*plain, Step(step, False, True)], False, encode, special)
        return replace(one, labels=[IGNORE] * len(one.ids))

    return replace(probed(better), worse=probed(worse))


@dataclass(frozen=True, slots=True)
class Batch:
    """``ids``, ``labels``, ``positions``: int64 [B, T]; ``mask``: bool [B, 1, T, T], True: sees.
    ``pairs``: int64 [P, 2], places in the flattened ids of probes that are compared, the better
    one first."""

    ids: torch.Tensor
    labels: torch.Tensor
    positions: torch.Tensor
    mask: torch.Tensor
    pairs: torch.Tensor


def pack(rows: Sequence[Sequence[Lesson]], length: int, pad: int) -> Batch:
    """Lessons of one row share it without seeing one another."""
    shape = (len(rows), length)
    ids: NDArray[np.int64] = np.full(shape, pad, np.int64)
    labels: NDArray[np.int64] = np.full(shape, IGNORE, np.int64)
    positions: NDArray[np.int64] = np.zeros(shape, np.int64)
    owner: NDArray[np.int64] = np.full(shape, -1, np.int64)
    probe: NDArray[np.bool_] = np.zeros(shape, np.bool_)
    pairs: list[tuple[int, int]] = []
    for r, row in enumerate(rows):
        at = 0
        whole = [one for each in row for one in (each, each.worse) if one]
        for n, one in enumerate(whole):
            part = slice(at, at + len(one.ids))
            if one.worse:
                last = r * length + part.stop - 1
                pairs.append((last, last + len(one.worse.ids)))
            ids[r, part], labels[r, part] = one.ids, one.labels
            positions[r, part], probe[r, part], owner[r, part] = one.positions, one.probe, n
            at = part.stop
    order = np.arange(length)
    mask = (owner[:, :, None] == owner[:, None, :]) & (order[:, None] >= order[None, :])
    mask &= ~probe[:, None, :] | np.eye(length, dtype=np.bool_)
    return Batch(
        torch.from_numpy(ids),
        torch.from_numpy(labels),
        torch.from_numpy(positions),
        torch.from_numpy(mask[:, None]),
        torch.tensor(pairs, dtype=torch.int64).view(-1, 2),
    )


def fill_rows(lessons: Callable[[], Lesson], count: int, length: int) -> list[list[Lesson]]:
    """Draw lessons until ``count`` rows of ``length`` tokens are full (first fit)."""
    rows: list[list[Lesson]] = [[] for _ in range(count)]
    room = [length] * count
    misses = 0
    while misses < 4:
        one = lessons()
        size = one.size
        best = max(range(count), key=room.__getitem__)
        if size > room[best]:
            misses += 1
            continue
        fitting = min((r for r in range(count) if room[r] >= size), key=room.__getitem__)
        rows[fitting].append(one)
        room[fitting] -= size
    return rows
