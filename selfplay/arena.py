"""The arena: may the challenger take the champion's place?

Both answer the same problems with the same seeds: by System 1 alone, with a small and with a
large search budget. A challenger is promoted when it is shown to be better somewhere, and shown
to be worse by more than :data:`MARGIN` nowhere. Evidence is valid at any time (see
``evidence.py``), so the duel stops as soon as it is decided.

Error rates: a challenger that is better nowhere is promoted with probability at most
:data:`ALPHA` (shared by all claims of being better: System 1 in each family played, and search
with each budget); one that is worse by more than the margin in any family
(System 1), or with search over all of them, is promoted with probability at most ``ALPHA``. Search
that is shown to be worse in one family rejects it, too. These rates are of one duel against the
champion of its day: what a family may lose, it may lose again to the next one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .entries import Bout
from .evidence import Evidence

ALPHA = 0.05
MARGIN = 0.03  # 3 points
ARMS = ("policy", "small", "large")

Claim = tuple[str, str]
"""(arm, family); family "" is all of them."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a duel has shown so far.

    ``better``: claims of being better that are shown. ``sound``: claims of not being worse that
    are shown; ``worse``: those refuted. ``open``: those still to be shown.
    """

    better: tuple[Claim, ...]
    sound: tuple[Claim, ...]
    worse: tuple[Claim, ...]
    open: tuple[Claim, ...]

    @property
    def promoted(self) -> bool:
        return bool(self.better) and not self.open and not self.worse

    @property
    def rejected(self) -> bool:
        return bool(self.worse)


def claims(families: Sequence[str]) -> list[Claim]:
    """What is compared: each family's System 1, and search."""
    return [("policy", family) for family in families] + [("small", ""), ("large", "")]


def standing(
    bouts: Sequence[Bout],
    families: Sequence[str],
    *,
    trained: Sequence[str],
    alpha: float = ALPHA,
    margin: float = MARGIN,
) -> Standing:
    """Judge the duel from all bouts so far, in the order in which they were drawn.

    ``families``: all that must not get worse. ``trained``: those that the run plays; the
    challenger is to be better on them.

    That search is no worse is judged on equally many bouts of all families: what a run trains for
    is played first, and would speak for those that nobody asked yet.
    """
    better = {claim: Evidence(0.0) for claim in claims(trained)}
    sound = {claim: Evidence(-margin) for claim in claims(families)}
    # A family's search alone: too few bouts to show that it is no worse, enough to see it break.
    searched = [(arm, family) for arm in ARMS[1:] for family in families]
    worse = {claim: Evidence(margin) for claim in [*claims(families), *searched]}
    played = Counter((bout.arm, bout.family) for bout in bouts)
    even = {arm: min(played[arm, family] for family in families) for arm in ARMS}
    seen = Counter[tuple[str, str]]()
    for bout in bouts:
        seen[bout.arm, bout.family] += 1
        x = int(bout.challenger) - int(bout.champion)
        claim = (bout.arm, bout.family if bout.arm == "policy" else "")
        if bout.family in trained:
            better[claim].add([x])
        if bout.arm == "policy" or seen[bout.arm, bout.family] <= even[bout.arm]:
            sound[claim].add([x])
        for place in {claim, (bout.arm, bout.family)}:
            worse[place].add([-x])
    shown = tuple(claim for claim, evidence in sound.items() if evidence.refutes(alpha))
    share = alpha / len(better)
    return Standing(
        tuple(claim for claim, evidence in better.items() if evidence.refutes(share)),
        shown,
        tuple(claim for claim, evidence in worse.items() if evidence.refutes(alpha)),
        tuple(claim for claim in sound if claim not in shown),
    )


def wanted(
    standing: Standing,
    played: Mapping[tuple[str, str], int],
    limits: Mapping[str, int],
    trained: Sequence[str],
) -> list[tuple[str, str]]:
    """(arm, family) to be played next; nothing: the duel is over.

    ``played``: bouts so far, by arm and family. ``limits``: the most of a family, by arm.
    First whether it is better at all, on what it trained for, System 1 before search because it
    is cheap; then, for one that is, whether it paid with anything else.
    """
    if standing.promoted or standing.rejected:
        return []
    families = dict.fromkeys(family for _, family in played)
    for arm, family in standing.open:  # what can not be shown any more decides it, too
        if all(played[arm, each] >= limits[arm] for each in families if family in ("", each)):
            return []
    for arm in ARMS:
        pending = [
            family
            for family in families
            if played[arm, family] < limits[arm]
            and (
                any(claim in standing.open for claim in ((arm, family), (arm, "")))
                if standing.better
                else family in trained
            )
        ]
        if pending:
            return [(arm, family) for family in pending]
    return []


def summary(bouts: Sequence[Bout], arm: str, family: str | None = None) -> tuple[int, int, int]:
    """(bouts, champion right, challenger right) of an arm, in one family or in all."""
    some = [b for b in bouts if b.arm == arm and family in (None, b.family)]
    return len(some), sum(b.champion for b in some), sum(b.challenger for b in some)
