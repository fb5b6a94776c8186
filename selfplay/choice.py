"""A choice: what to do next in one state, and how good each option is known to be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from search.improved import VALUE_SCALE, VISIT_OFFSET, softmax

# Tries, at the state's own rate, that every option is given before its own. With one, a policy that
# learned from few playouts got better by itself and worse at being searched: see docs/log.md.
_DOUBT = 4.0


@dataclass(frozen=True, slots=True)
class Choice:
    """In the state after ``steps``. ``options``: next steps; ``policy``: the share that each should
    have of these alone, parallel and summing to 1."""

    steps: tuple[str, ...]
    options: tuple[str, ...]
    policy: tuple[float, ...]


def improved(samples: Sequence[int], tries: Sequence[int], wins: Sequence[int]) -> list[float]:
    """The improved policy over options that were drawn ``samples`` times and played to an end
    ``tries`` times, ``wins`` of them well: softmax(log prior + sigma(completed q)), as Gumbel
    MuZero has it (Danihelka et al. 2022).

    q is how often playouts end well, not whether some can: the policy does not search, so for it
    the better step is the one from which solutions are easy to find.
    """
    rate = (sum(wins) + 0.5) / (sum(tries) + 1.0)
    scale = VALUE_SCALE * (VISIT_OFFSET + max(tries))
    return softmax(
        [
            math.log(max(1, drawn)) + scale * (won + _DOUBT * rate) / (tried + _DOUBT)
            for drawn, tried, won in zip(samples, tries, wins, strict=True)
        ]
    )
