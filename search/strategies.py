"""The contract of a strategy, and all of them by name."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Protocol

from .answers import Rank
from .auto import Auto
from .beam import Beam
from .greedy import Greedy
from .mcts import Mcts
from .proposal import Job
from .puct import Puct
from .sample import BestOfN, Sample
from .tree import Tree


class Strategy(Protocol):
    """Chooses where to think next. Stateless: all it knows is in the tree, so any strategy can
    go on where another one stopped."""

    @property
    def rank(self) -> Rank:
        """How its unjudged answers are compared."""
        ...

    def select(self, tree: Tree, seed: int) -> Job | None:
        """The next job, carrying ``seed``; None: nothing to propose while the tree is as it is."""
        ...


STRATEGIES: dict[str, Callable[[], Strategy]] = {
    "auto": Auto,
    "greedy": Greedy,
    "sample": Sample,
    "best-of-n": BestOfN,
    "beam": Beam,
    "mcts": Mcts,
    "puct": Puct,
}


def strategy(name: str) -> Strategy:
    """The strategy of that name at its default settings; ValueError when there is none."""
    make = STRATEGIES.get(name)
    if make is None:
        wanted = name.strip().lower().replace("_", "-")
        near = get_close_matches(wanted, STRATEGIES, n=1, cutoff=0.5)
        hint = f'did you mean "{near[0]}"?' if near else "choose one of these"
        raise ValueError(f'no strategy "{name}": {hint} ({", ".join(STRATEGIES)})')
    return make()
