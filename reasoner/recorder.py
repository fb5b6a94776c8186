"""Saves a search as it happens, and brings a saved one back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .records import BestAnswer, Growth, Record, Resume
from .traces import TraceWriter
from search.answers import Best
from search.proposal import Job, Proposal
from search.tree import Tree


class Recorder:
    """Turns what a search reports into records; ``writer`` None: remembers nothing."""

    def __init__(self, writer: TraceWriter | None, tree: Tree) -> None:
        self._writer = writer
        self._tree = tree
        self._size = len(tree)
        self._last: tuple[str, float, bool | None] | None = None

    def grew(self, t_s: float, job: Job, proposal: Proposal, best: Best | None) -> bool:
        """Record one applied proposal; True when the best answer or its confidence changed."""
        records: list[Record] = [Growth(round(t_s, 4), self._size, job, proposal)]
        self._size = len(self._tree)
        changed = False
        if best is not None:
            state = (best.group, round(best.confidence, 2), best.verified)
            if changed := state != self._last:
                self._last = state
                records.append(BestAnswer(round(t_s, 4), best.answer, best.group,
                                          round(best.confidence, 4), best.verified))
        self.write(*records)
        return changed

    def write(self, *records: Record) -> None:
        if self._writer is not None:
            self._writer.write(*records)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


def replay(tree: Tree, records: Iterable[Record]) -> int:
    """Grow ``tree`` by saved records; returns how many could not be used.

    Node ids are positions, so a lost record shifts all later ones. Records after a gap are used
    as far as their nodes are known to be the same: those older than the gap, and those made
    since by a record that made as many nodes now as it did then. (A tree with a gap has a subset
    of the keys, so as many new nodes means the same new nodes.)
    """
    lost = 0
    renamed: dict[int, int] | None = None  # saved id -> id here, for ids >= ``known``
    known = 0
    pending: tuple[int, range] | None = None  # saved size before the last record, nodes it made
    for record in records:
        if not isinstance(record, Growth | Resume):
            continue
        if pending is not None and renamed is not None and isinstance(record, Growth):
            before, made = pending
            if record.size - before == len(made):
                renamed.update(zip(range(before, record.size), made, strict=True))
        pending = None
        if isinstance(record, Resume):  # whoever resumed had lost the same: ids agree again
            renamed = None
        if renamed is None and record.size != len(tree):
            renamed, known = {}, min(record.size, len(tree))
        if isinstance(record, Resume):
            continue
        job: Job | None = record.job
        if renamed is not None:
            job = _rename(record.job, renamed, known)
        size = len(tree)
        try:
            if job is None:
                raise ValueError("a node of this record was lost")
            tree.apply(job, record.proposal)
        except ValueError:
            lost += 1
        else:
            pending = (record.size, range(size, len(tree)))
    return lost


def _rename(job: Job, renamed: dict[int, int], known: int) -> Job | None:
    """The job with the ids of this tree; None when a node of its path is not here."""
    path = tuple(node if node < known else renamed.get(node, -1) for node in job.path)
    return None if -1 in path else replace(job, path=path, node=path[-1])
