"""Elo: how strong each generation is, at each thinking budget.

Bradley-Terry by maximum likelihood. A challenger only ever meets the champion of its day, so the
comparisons form a tree and the maximum is a sum: its champion's rating plus 400 log10(won / lost),
over problems that only one of them solved. Errors add up along the tree in the same way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .arena import ARMS
from .entries import Bout

_POINTS = 400 / math.log(10)
Z95 = 1.96


@dataclass(frozen=True, slots=True)
class Rating:
    """``elo`` points over the base model; ``error``: half of the 95 % interval."""

    elo: float = 0.0
    error: float = 0.0


def rate(bouts: Sequence[Bout], champion: dict[str, Rating]) -> dict[str, Rating]:
    """The challenger's rating in each arm that was played, from its champion's."""
    ratings = {}
    for arm in ARMS:
        won = sum(b.challenger and not b.champion for b in bouts if b.arm == arm)
        lost = sum(b.champion and not b.challenger for b in bouts if b.arm == arm)
        before = champion.get(arm, Rating())
        if any(b.arm == arm for b in bouts):
            # Half a win and half a loss more: no finite number of wins makes infinitely strong.
            gain = _POINTS * math.log((won + 0.5) / (lost + 0.5))
            error = Z95 * _POINTS * math.sqrt(1 / (won + 0.5) + 1 / (lost + 0.5))
            ratings[arm] = Rating(before.elo + gain, math.hypot(before.error, error))
        else:
            ratings[arm] = before
    return ratings
