"""Rescoring: old plays judged again, after a verifier was repaired."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from verifiers import domain, signed

from .folder import Folder
from .ledger import Ledger
from .play import Play, greedy_answer, judged
from .shards import Shard


@dataclass(frozen=True, slots=True)
class Change:
    """What a generation's plays came to. ``lost``: could not be read."""

    generation: int
    plays: int
    changed: int
    lost: int


def rescore(ledger: Ledger, folder: Folder) -> Iterator[Change]:
    """Judge every play that is kept with today's verifiers.

    Its lessons are made anew at the next training; the models of the past stay what they are.
    """
    for generation in ledger.generations():
        shard, places = Shard(folder.shards, generation.number), ledger.places(generation.number)
        fresh, lost = [], 0
        for play in shard.read(places):
            if play is None:
                lost += 1
            else:
                fresh.append(again(play))
        if places:
            changed = ledger.rejudge(fresh)
            folder.lesson_file(generation.number).unlink(missing_ok=True)
            yield Change(generation.number, len(places), changed, lost)


def again(play: Play) -> Play:
    """The same play with today's verdicts."""
    family = domain(play.problem.domain)
    return replace(
        play,
        verifier=signed(family),
        greedy=judged(family, play.problem, greedy_answer(play.growth)),
        right=judged(family, play.problem, play.answer),
    )
