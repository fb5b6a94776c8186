"""A fight: what the arena of one generation showed, each family counting alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .arena import summary
from .entries import Bout, Generation


@dataclass(frozen=True, slots=True)
class Fight:
    """A generation that reached the arena.

    How many bouts a family had was for the arena to choose, and differs by arm and by generation:
    a mean over bouts would change with the choice.
    """

    generation: Generation
    bouts: Sequence[Bout]

    def families(self, *arms: str) -> list[str]:
        """Those that were asked in all of ``arms``."""
        asked = [{bout.family for bout in self.bouts if bout.arm == arm} for arm in arms]
        return sorted(set.intersection(*asked))

    def share(self, arm: str, families: Sequence[str], *, champion: bool) -> float | None:
        """Right answers of the champion or its challenger, the mean of ``families``."""
        counts = [summary(self.bouts, arm, family) for family in families]
        shares = [(old if champion else new) / n for n, old, new in counts]
        return sum(shares) / len(shares) if shares else None

    def gain(self, arm: str) -> tuple[float, float]:
        """By how much the challenger is right more often, and the standard error of that."""
        asked = self.families(arm)
        gain = variance = 0.0
        for family in asked:
            n, old, new = summary(self.bouts, arm, family)
            some = [b for b in self.bouts if (b.arm, b.family) == (arm, family)]
            apart = sum(b.champion != b.challenger for b in some)
            mean = (new - old) / n
            gain += mean / len(asked)
            variance += max(0.0, apart / n - mean**2) / n / len(asked) ** 2
        return gain, math.sqrt(variance)

    @property
    def gap(self) -> float | None:
        """What the champion's search finds and its System 1 does not."""
        both = self.families("policy", "large")
        policy, large = (self.share(arm, both, champion=True) for arm in ("policy", "large"))
        return None if policy is None or large is None else large - policy

    @property
    def transfer(self) -> float | None:
        """How much of the gap training recovered."""
        both = self.families("policy", "large")
        before, after = (self.share("policy", both, champion=old) for old in (True, False))
        if before is None or after is None or not self.gap:
            return None
        return (after - before) / self.gap
