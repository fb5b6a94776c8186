"""Feedback from use: saved questions that a verifier or a person judged, as lessons."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

from reasoner.cards import licence
from reasoner.errors import RunError, UsageError
from reasoner.recorder import revive
from reasoner.records import Mark
from reasoner.runs import Store
from verifiers import VerifierError, domain, find_verifier, fingerprint, held_out, signed
from verifiers.source import parse

from .corpus import is_reserved
from .rollouts import Rollout
from .targets import Taught


def from_runs(store: Store) -> Iterator[Taught]:
    """What each judged run teaches: its best line, as good or as bad. A person's word goes before
    the verifier's; what nobody judged, what is damaged, evaluation problems, those kept for
    the arena, steps in other words than the family's, and the word of a verifier that may not
    make training data are left out."""
    known: dict[tuple[str, str], bool] = {}
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
        family = domain(past.problem.domain)
        if fingerprint(family, past.problem) in held_out():
            continue
        if family.name != "general" and is_reserved(family, past.problem):
            continue  # the arena may ask it
        good = marks[-1] if marks else best.verified
        if good is None:
            continue
        judge = trace.header.judge or family.name, trace.header.verifier
        if not marks and judge not in known:
            known[judge] = _may_teach(*judge)
        if not (marks or known[judge]):
            continue
        steps = past.tree.steps(best.path)
        states = (family.state_key(past.problem, steps[:n]) for n in range(1, len(steps) + 1))
        if None in states:
            continue  # a model that was asked in words answers in words
        # Runs hold no reference; the answer that was judged right is one.
        problem = replace(past.problem, reference=best.answer if good else None)
        yield Taught(problem, steps if good else (), (Rollout(problem, steps, True, good, 1),))


def _may_teach(spec: str, signature: str) -> bool:
    """Whether the verifier that judged is still to be found, and may make training data."""
    try:
        source, verifier = parse(spec), find_verifier(spec)
        if signed(verifier) != signature:
            return False
        asyncio.run(licence(verifier, source))
    except (VerifierError, UsageError):
        return False
    return True
