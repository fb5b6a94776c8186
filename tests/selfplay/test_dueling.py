"""Duels in which somebody fails to answer."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from reasoner.errors import ModelError, ReasonerError
from selfplay.arena import Standing
from selfplay.dueling import duel
from selfplay.entries import Bout
from selfplay.ledger import Ledger
from selfplay.sitting import Sitting
from tests.selfplay.crew import Crew, Quiet
from tests.selfplay.improve_cli import SETTINGS

FAMILY = "arithmetic"  # to which the crew knows all answers


class Failing(Crew):
    def __init__(self, error: Exception, *models: str) -> None:
        super().__init__()
        self.error, self.models = error, models

    async def play(self, order):
        if order.model in self.models:
            raise self.error
        return await super().play(order)


def fight(folder: Path, crew: Crew) -> Standing:
    settings = SETTINGS.model_copy(update={"domains": (FAMILY,)})
    ledger = Ledger(folder, settings)
    try:
        return asyncio.run(
            duel(1, "old", "new", [FAMILY], settings, ledger, crew, Sitting(ledger, Quiet()))
        )
    finally:
        ledger.close()


def test_equals_are_no_worse_and_no_better(tmp_path: Path) -> None:
    result = fight(tmp_path, Crew())
    assert not result.better
    assert not result.worse


def test_what_fails_for_the_challenger_alone_counts_against_it(tmp_path: Path) -> None:
    result = fight(tmp_path, Failing(RuntimeError("not a number"), "new"))
    assert result.worse == (("policy", FAMILY),)


def test_what_fails_for_the_champion_shows_nothing(tmp_path: Path) -> None:
    with pytest.raises(ReasonerError, match="could be played"):
        fight(tmp_path, Failing(RuntimeError("not a number"), "old"))


def test_the_rest_of_a_round_may_be_what_can_not_be_played(tmp_path: Path) -> None:
    """Stopped when all others of the round were done: the duel must not be stuck for ever."""

    class Once(Crew):
        async def play(self, order):
            if order.id == "1 policy 2":
                raise RuntimeError("not a number")
            return await super().play(order)

    ledger = Ledger(tmp_path, SETTINGS.model_copy(update={"domains": (FAMILY,)}))
    ledger.note("round", json.dumps([1, [("policy", FAMILY, n) for n in range(3)]]))
    ledger.add_bouts(1, [Bout("policy", n, FAMILY, 1, True, True, 1) for n in range(2)])
    ledger.close()
    assert not fight(tmp_path, Once()).better


def test_a_model_that_is_not_there_neither_wins_nor_loses(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no weights"):
        fight(tmp_path, Failing(ModelError("no weights"), "new"))
