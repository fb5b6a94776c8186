"""Feedback from use: saved questions that a verifier or a person judged, as lessons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reasoner.errors import RunError
from reasoner.recorder import revive
from reasoner.records import Mark
from reasoner.runs import Store
from verifiers import domain, fingerprint, held_out

from .rollouts import Rollout
from .targets import Line, Taught


def from_runs(store: Store) -> Iterator[Taught]:
    """What each judged run teaches: its best line, as good or as bad. A person's word goes before
    the verifier's; what nobody judged, what is damaged and evaluation problems are left out."""
    for run_id in store.ids():
        try:
            trace = store.read(run_id)
        except RunError:
            continue
        past = revive(trace)
        best = past.best()
        marks = [record.good for record in trace.records if isinstance(record, Mark)]
        if best is None:
            continue
        good = marks[-1] if marks else best.verified
        family = domain(past.problem.domain)
        if good is None or fingerprint(family, past.problem) in held_out():
            continue
        steps = past.tree.steps(best.path)
        # Runs hold no reference; the answer that was judged right is one.
        problem = replace(past.problem, reference=best.answer if good else None)
        lines = (Line(steps, 1.0),) if good else ()
        yield Taught(problem, False, lines, (Rollout(problem, steps, True, good, 1),))
