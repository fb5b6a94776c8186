"""Saves a search as it happens, and brings a saved one back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from search import STRATEGIES, Best, Job, Proposal, Rank, Spent, Tree
from verifiers import Problem

from .calibration import reader
from .ranking import ranked
from .records import BestAnswer, Event, Growth, Header, Resume, Stop
from .traces import Trace, TraceWriter


class Recorder:
    """Turns what a search reports into records; ``writer`` None: remembers nothing."""

    def __init__(self, writer: TraceWriter | None, tree: Tree, best: Best | None) -> None:
        self._writer = writer
        self._tree = tree
        self._size = len(tree)
        self._standing = _standing(best)

    def grew(self, t_s: float, job: Job, proposal: Proposal, best: Best | None) -> bool:
        """Record one applied proposal; True when the best answer or its confidence changed."""
        records: list[Event] = [Growth(round(t_s, 4), self._size, job, proposal)]
        self._size = len(self._tree)
        changed = best is not None and _standing(best) != self._standing
        if best is not None and changed:
            self._standing = _standing(best)
            records.append(
                BestAnswer(
                    round(t_s, 4),
                    best.answer,
                    best.group,
                    round(best.confidence, 4),
                    best.verified,
                )
            )
        self.write(*records)
        return changed

    def write(self, *records: Event) -> None:
        if self._writer is not None:
            self._writer.write(*records)


def _standing(best: Best | None) -> tuple[str, float, bool | None] | None:
    """What makes a change worth telling: confidence counts in steps of 1 %."""
    return None if best is None else (best.group, round(best.confidence, 2), best.verified)


@dataclass(frozen=True, slots=True)
class Past:
    """A saved search brought back.

    ``terms``: how it went on last. ``born_s``: when each node was found, by node id. ``lost``:
    growth records that could not be used.
    """

    terms: Header | Resume
    problem: Problem
    tree: Tree
    used: Spent
    first_answer_s: float | None
    born_s: list[float]
    lost: int

    def best(self, alternatives: int = 0) -> Best | None:
        """The answer that its last sitting gave."""
        known = STRATEGIES.get(self.terms.strategy)
        rank = Rank.VOTES if known is None else known().rank
        return ranked(self.tree, rank, reader(self.terms.curve), alternatives)


def revive(trace: Trace) -> Past:
    """Rebuild the search that a trace tells of."""
    header, tree = trace.header, Tree()
    born_s = [0.0]
    lost = 0
    for growth, used in replay(tree, trace.records):
        born_s.extend([growth.t_s] * (len(tree) - len(born_s)))
        lost += not used
    tokens = sum(r.proposal.tokens for r in trace.records if isinstance(r, Growth))
    bests = (r.t_s for r in trace.records if isinstance(r, BestAnswer))
    used_s = trace.records[-1].t_s if trace.records else 0.0
    problem = Problem(header.domain, header.prompt, header.question, header.data)
    paid = [r.dollars or 0.0 for r in trace.records if isinstance(r, Stop)]
    used_up = Spent(used_s, tokens, len(tree) - 1, max(paid, default=0.0))
    terms = next((r for r in reversed(trace.records) if isinstance(r, Resume)), header)
    return Past(terms, problem, tree, used_up, next(bests, None), born_s, lost)


def replay(tree: Tree, records: Iterable[Event]) -> Iterator[tuple[Growth, bool]]:
    """Grow ``tree`` by saved records; yields each, and whether it could be used.

    Node ids are positions, so a lost record shifts all later ones. After a gap a record is used
    when its nodes are known to be here: those older than the gap, and those made since by a
    record that made as many nodes now as it did then. (With less in the tree a record can only
    make more nodes than it did, never others; so as many means the same ones.)
    """
    whole = True
    known = 0  # below this, saved ids are ids here
    renamed: dict[int, int] = {}  # saved id -> id here, for the rest
    made = range(0)  # ids here of the nodes of the record before
    made_at = 0  # its saved size
    for record in records:
        if isinstance(record, Resume):  # whoever resumed had lost the same: ids agree again
            whole, renamed, made = True, {}, range(0)
        elif not isinstance(record, Growth):
            continue
        if whole and record.size != len(tree):
            whole, known = False, min(record.size, len(tree))
        elif not whole and record.size - made_at == len(made):
            renamed.update(zip(range(made_at, record.size), made, strict=True))
        if isinstance(record, Resume):
            continue
        size = len(tree)
        path = tuple(n if n < known or whole else renamed.get(n, -1) for n in record.job.path)
        used = -1 not in path
        if used:
            tree.apply(replace(record.job, path=path, node=path[-1]), record.proposal)
        made, made_at = range(size, len(tree)), record.size
        yield record, used
