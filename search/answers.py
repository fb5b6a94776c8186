"""The pool of answers: who agrees with whom, and how sure that makes us."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from heapq import nlargest

from .proposal import Outcome

_UNKNOWN_VALUE = 0.5
_SAFE = 0.95  # posterior probability, as in adaptive consistency (arXiv 2305.11860)
_SAFE_VOTES = 8.0
_SAFE_LOTS = 2  # one batch alone could share one fluke (a seed, a cached prefix)


class Rank(StrEnum):
    """What puts one unjudged answer before another."""

    VOTES = "votes"
    """Sum over its lines of votes x value: weighted self-consistency."""
    VALUE = "value"
    """The value of its best line: best-of-n."""


@dataclass(slots=True)
class Group:
    """Answers that agree.

    ``votes``: a line drawn from the root counts one. The lines of one job further down share a
    beginning that the search chose, not the policy: together they count as much as the share of
    the policy's lines that begin so. ``weight``: sum of votes x value.
    ``path``: node ids of its best line, root first. ``lots``: jobs that voted for it.
    """

    name: str
    order: int
    answer: str = ""
    votes: float = 0.0
    weight: float = 0.0
    valued: float = 0.0  # votes whose value was known
    value_sum: float = 0.0  # votes x value over those
    best_value: float = -1.0
    score: float | None = None
    path: tuple[int, ...] = ()
    lots: int = 0

    def standing(self, rank: Rank) -> tuple[int, float, float, int]:
        """Sort key: verified first, then unrejected, rejected last; never falls by voting."""
        tier = 1 if self.score is None or self.score > 0.0 else 0
        if self.score is not None and self.score >= 1.0:
            tier = 2
        merit = self.weight if rank is Rank.VOTES else self.best_value
        return tier, self.score or 0.0, merit, -self.order

    @property
    def verified(self) -> bool | None:
        return None if self.score is None else self.score >= 1.0


@dataclass(frozen=True, slots=True)
class Best:
    """An answer and how sure we are of it.

    ``verified``: None when not judged. ``path``: node ids of its line, root first.
    ``alternatives``: other answers, best first, without alternatives of their own.
    """

    answer: str
    group: str
    confidence: float
    verified: bool | None
    score: float | None
    votes: float
    path: tuple[int, ...]
    alternatives: tuple[Best, ...] = ()

    @property
    def node(self) -> int:
        """The node where its line ends."""
        return self.path[-1]


class Answers:
    """Grows by votes; the leader is kept up to date, so asking for it costs nothing."""

    def __init__(self) -> None:
        self.groups: dict[str, Group] = {}
        self.votes = 0.0
        self.judged = False
        self._leaders: dict[Rank, Group] = {}

    def vote(
        self, outcome: Outcome, votes: float, value: float | None, path: tuple[int, ...]
    ) -> None:
        group = self.groups.get(outcome.group)
        if group is None:
            group = self.groups[outcome.group] = Group(outcome.group, len(self.groups))
        worth = _UNKNOWN_VALUE if value is None else value
        self.votes += votes
        group.votes += votes
        group.weight += votes * worth
        group.lots += 1
        if value is not None:
            group.valued += votes
            group.value_sum += votes * value
        if worth > group.best_value:
            group.answer, group.best_value, group.path = outcome.answer, worth, path
        demoted = False
        if outcome.score is not None:
            self.judged = True
            if group.score is None or outcome.score > group.score:
                demoted = group.score is None and outcome.score == 0.0 and group.lots > 1
                group.score = outcome.score
                group.answer, group.path = outcome.answer, path
        for rank in Rank:
            self._promote(group, rank, demoted)

    def _promote(self, group: Group, rank: Rank, demoted: bool) -> None:
        leader = self._leaders.get(rank)
        if leader is group and demoted:
            leader = max(self.groups.values(), key=lambda other: other.standing(rank))
        elif leader is None or group.standing(rank) > leader.standing(rank):
            leader = group
        self._leaders[rank] = leader

    @property
    def verified(self) -> bool:
        leader = self._leaders.get(Rank.VOTES)
        return leader is not None and leader.verified is True

    def best(self, rank: Rank = Rank.VOTES, alternatives: int = 0) -> Best | None:
        """The leading answer, or None before the first one.

        ``alternatives``: how many others to list; costs one pass over the groups.
        """
        leader = self._leaders.get(rank)
        if leader is None:
            return None
        others: tuple[Best, ...] = ()
        if alternatives > 0:
            top = nlargest(
                alternatives + 1, self.groups.values(), key=lambda group: group.standing(rank)
            )
            others = tuple(self._view(group) for group in top if group is not leader)
        return self._view(leader, others[:alternatives])

    def confidence(self, group: Group) -> float:
        """P(right) of an answer, in [0, 1].

        Judged: the verifier's score. Otherwise agreement s = (votes + 1) / (all votes + 2), the
        mean of a Beta posterior with a flat prior, and where lines carry values the geometric
        mean sqrt(s x mean value): rises with votes and value, falls with dissent, in (0, 1).
        """
        if group.score is not None:
            return group.score
        share = (group.votes + 1.0) / (self.votes + 2.0)
        if group.valued <= 0.0:
            return share
        value = min(0.999, max(0.001, group.value_sum / group.valued))
        return math.sqrt(share * value)

    def leader_is_safe(self) -> bool:
        """Would more votes hardly change the leader (adaptive consistency)?

        Needs 8 votes from 2 jobs, and posterior probability >= 0.95 that the leader is ahead of
        the runner-up in the long run.
        """
        leader = self._leaders.get(Rank.VOTES)
        if leader is None or self.votes < _SAFE_VOTES or leader.lots < _SAFE_LOTS:
            return False
        runner_up = max(
            (group.votes for group in self.groups.values() if group is not leader), default=0.0
        )
        return majority_probability(leader.votes, runner_up) >= _SAFE

    def _view(self, group: Group, others: tuple[Best, ...] = ()) -> Best:
        return Best(
            group.answer,
            group.name,
            self.confidence(group),
            group.verified,
            group.score,
            group.votes,
            group.path,
            others,
        )


def majority_probability(ahead: float, behind: float) -> float:
    """P(p > 1/2) for p ~ Beta(ahead + 1, behind + 1); fractions of votes round against us."""
    a, b = math.floor(ahead), math.ceil(behind)
    n = a + b + 1
    if n > 1000:  # normal approximation: far beyond the needed accuracy here
        return 0.5 * math.erfc((b - a) / math.sqrt(2.0 * n))
    # The incomplete beta function at 1/2 with whole arguments is a binomial tail.
    return sum(math.comb(n, k) for k in range(b + 1, n + 1)) / 2.0**n
