"""Elo: how strong each generation is, at each thinking budget.

Bradley-Terry by maximum likelihood. A challenger only ever meets the champion of its day, so the
comparisons form a tree and the maximum is a sum: its champion's rating plus 400 log10(won / lost),
over problems that only one of them solved, each family counting alike: the arena gives them
unequal numbers of bouts. Errors add up along the tree in the same way.
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
        before, asked = champion.get(arm, Rating()), [b for b in bouts if b.arm == arm]
        gained = _gain(asked) if asked else Rating()
        ratings[arm] = Rating(before.elo + gained.elo, math.hypot(before.error, gained.error))
    return ratings


def _gain(bouts: Sequence[Bout]) -> Rating:
    """Of the challenger over the champion; the error is that of a ratio of two means."""
    families = sorted({bout.family for bout in bouts})
    # Half a win and half a loss more: no finite number of wins makes infinitely strong.
    spare = 0.5 / len(families)
    shares: list[tuple[int, float, float]] = []  # bouts of a family, won and lost
    for family in families:
        some = [b for b in bouts if b.family == family]
        up = sum(b.challenger and not b.champion for b in some) + spare
        down = sum(b.champion and not b.challenger for b in some) + spare
        shares.append((len(some), up / len(some), down / len(some)))
    won, lost = (sum(share[side] for share in shares) for side in (1, 2))
    variance = sum(
        (up / won**2 + down / lost**2 - (up / won - down / lost) ** 2) / n for n, up, down in shares
    )
    return Rating(_POINTS * math.log(won / lost), Z95 * _POINTS * math.sqrt(variance))
