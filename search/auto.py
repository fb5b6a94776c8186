"""The default plan: answer at once, then look around, then search."""

from __future__ import annotations

from dataclasses import dataclass, field

from .answers import Rank
from .greedy import Greedy
from .mcts import Mcts
from .proposal import Job
from .sample import lines_asked, roll_out
from .tree import Tree


@dataclass(frozen=True, slots=True)
class Auto:
    """One anytime plan on one tree.

    System 1's greedy line first, together with ``lines`` sampled ones, then tree search. Where
    answers are not judged, every other job goes on drawing lines: only agreement tells there.
    ``batch``: lines per job. ``patient``: System 1 writes alone at first. Where nothing can be
    judged, its answer is worth more than those of an early crowd, which slows it down.
    """

    lines: int = 8
    batch: int = 4
    patient: bool = False
    mcts: Mcts = field(default_factory=Mcts)
    rank: Rank = Rank.VOTES

    def select(self, tree: Tree, seed: int) -> Job | None:
        job = Greedy().select(tree, seed)
        if job is not None:
            return job
        if self.patient and not (tree.greedy or tree.errors):
            return None
        asked = lines_asked(tree)
        if asked < self.lines:
            return roll_out(tree, min(self.batch, self.lines - asked), seed)
        turn = tree.jobs + len(tree.flying)
        if not tree.answers.judged and tree.answers.groups and turn % 2:
            return roll_out(tree, self.batch, seed)
        return self.mcts.select(tree, seed)
