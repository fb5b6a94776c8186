"""The curriculum: which family and level to play next.

For every cell (family, level) a Beta posterior of how often System 1 solves it. Cells are drawn by
learnability p(1 - p) of a Thompson draw (Absolute Zero, R-Zero 2025): what is always solved teaches
nothing, what is never solved gives nothing to learn from; times the share of its family that the
cell is, or practice would go where little is asked. It is System 1's rate, not the search's: a
search that solves everything would starve what it has still to teach.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

MEMORY = 400.0  # problems a posterior remembers: the model changes, old results fade
FLOOR = 0.1  # of all problems are spread evenly, so that nothing mastered is forgotten
READY = 0.1  # the next level opens when the rate is above this
SEEN = 10  # problems before a rate counts

Cell = tuple[str, int]  # family, level


@dataclass(frozen=True, slots=True)
class Skill:
    """Beta(1 + solved, 1 + failed) of System 1's solve rate; counts fade, so they are not whole."""

    solved: float = 0.0
    failed: float = 0.0

    def after(self, solved: int, failed: int) -> Skill:
        """With more results; what is beyond :data:`MEMORY` fades."""
        s, f = self.solved + solved, self.failed + failed
        keep = min(1.0, MEMORY / (s + f)) if s + f else 1.0
        return Skill(s * keep, f * keep)

    def draw(self, rng: Random) -> float:
        return rng.betavariate(1 + self.solved, 1 + self.failed)

    @property
    def mean(self) -> float:
        return (1 + self.solved) / (2 + self.solved + self.failed)

    @property
    def ready(self) -> bool:
        """Whether it is time for the next level, too."""
        return self.solved + self.failed >= SEEN and self.mean >= READY


@dataclass(frozen=True, slots=True)
class Curriculum:
    """``levels``: each family's dial, easiest first, with each level's share of the family.
    ``skills``: of the cells played so far."""

    levels: Mapping[str, Mapping[int, float]]
    skills: Mapping[Cell, Skill] = field(default_factory=dict)

    def skill(self, cell: Cell) -> Skill:
        return self.skills.get(cell, Skill())

    def open(self) -> list[Cell]:
        """Cells in play: the first level of each family, and each level above one that System 1
        often solves. How much they are played is left to :meth:`draw`."""
        cells = []
        for family, levels in self.levels.items():
            for level in levels:
                cells.append((family, level))
                if not self.skill((family, level)).ready:
                    break
        return cells

    def draw(self, rng: Random) -> Cell:
        """The cell of the next problem."""
        cells = self.open()
        if rng.random() < FLOOR:
            return rng.choice(cells)
        rates = [self.skill(cell).draw(rng) for cell in cells]
        shares = [self.levels[family][level] for family, level in cells]
        return rng.choices(cells, [s * p * (1 - p) for s, p in zip(shares, rates, strict=True)])[0]

    def after(self, results: Mapping[Cell, tuple[int, int]]) -> Curriculum:
        """``results``: of each cell, how many System 1 solved and failed."""
        skills = dict(self.skills)
        for cell, (solved, failed) in results.items():
            skills[cell] = self.skill(cell).after(solved, failed)
        return Curriculum(self.levels, skills)
