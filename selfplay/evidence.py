"""How sure a paired comparison makes us, at any moment, without planning its length.

Two models answer the same problems; x = +1 where only the challenger is right, -1 where only the
champion is, 0 otherwise. The evidence against "mean(x) <= bound" is the capital of a gambler who
bets on the contrary at fair odds (Waudby-Smith and Ramdas 2023, "Estimating means of bounded random
variables by betting"): by Ville's inequality it ever exceeds 1/alpha with probability alpha at most
when the claim is true, however often and whenever one looks. So a duel may stop as soon as it is
decided, and stopping early costs no error.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

_STAKES = tuple(0.02 * 1.35**i for i in range(13))  # up to 0.73: for small effects and for large


@dataclass(slots=True)
class Evidence:
    """Evidence against "mean(x) <= ``bound``", x in {-1, 0, 1}; feed it with :meth:`add`.

    A mixture over stakes: the gambler splits the first coin over all of them, so that no effect
    size has to be guessed.
    """

    bound: float = 0.0
    _logs: list[float] = field(init=False)

    def __post_init__(self) -> None:
        if not -1.0 < self.bound < 1.0:
            raise ValueError(f"expected a bound between -1 and 1, got {self.bound}")
        self._logs = [0.0] * len(_STAKES)

    def add(self, results: Iterable[int]) -> None:
        """Take in more results, in the order in which they were played."""
        for x in results:
            gain = (x - self.bound) / (1.0 + self.bound)  # at least -1: nobody loses more than all
            for i, stake in enumerate(_STAKES):
                self._logs[i] += math.log1p(stake * gain)

    @property
    def log(self) -> float:
        """Natural logarithm of the capital; 0 at the start."""
        top = max(self._logs)
        return top + math.log(sum(math.exp(log - top) for log in self._logs) / len(self._logs))

    def refutes(self, alpha: float) -> bool:
        """Whether the claim is refuted at error rate ``alpha``: capital of 1/alpha or more."""
        return self.log >= -math.log(alpha)
