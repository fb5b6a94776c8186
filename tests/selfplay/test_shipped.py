"""The bundled model and the ledger of the run that made it: evidence, not a story."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from reasoner.catalog import BUNDLED, fingerprint
from selfplay.arena import standing
from selfplay.ledger import LEDGER, Ledger
from selfplay.release import RELEASED
from selfplay.status import champion
from verifiers import held_out

TINY = BUNDLED / "tiny"


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    ledger = Ledger(TINY)
    yield ledger
    ledger.close()


def test_the_ledger_is_of_the_very_weights_that_ship(ledger: Ledger) -> None:
    assert ledger.fact(RELEASED) == fingerprint(TINY)


def test_what_ships_was_promoted_by_the_bouts_in_the_ledger(ledger: Ledger) -> None:
    won = [g for g in ledger.generations() if g.verdict == "promoted"]
    assert won
    assert champion(ledger) != "base"
    for generation in won:
        bouts = ledger.bouts(generation.number)
        families = list(dict.fromkeys(bout.family for bout in bouts))
        assert standing(bouts, families, trained=ledger.settings.domains).promoted


def test_no_evaluation_problem_was_played() -> None:
    """By their forms, which are all that the ledger keeps of problems."""
    with closing(sqlite3.connect(f"file:{TINY / LEDGER}?immutable=1", uri=True)) as db:
        forms = {form for (form,) in db.execute("SELECT form FROM problem")}
        assert db.execute("SELECT count(*) FROM problem WHERE body IS NOT NULL").fetchone() == (0,)
    assert len(forms) > 1000
    assert not forms & held_out()
