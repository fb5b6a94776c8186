"""Rollback: a champion that is damaged, or not wanted, gives its place back to the one before."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from reasoner.catalog import load_folder
from reasoner.errors import ModelError, RunError, UsageError

from .folder import BASE, Folder, challenger
from .ledger import Ledger
from .status import champion


def roll_back(ledger: Ledger, why: str) -> str:
    """Take back the newest promotion that holds; returns the name of the champion before.

    A generation under way goes on with that one. Raises :class:`UsageError` when the champion is
    the base.
    """
    known = {challenger(g.number): g for g in ledger.generations()}
    fallen = champion(ledger)
    if fallen == BASE:
        raise UsageError("expected a promotion to take back, found none: the base is the champion")
    before = known[fallen].champion
    while before in known and known[before].verdict != "promoted":
        before = known[before].champion
    ledger.take_back(known[fallen].number, before, why)
    return before


def mend(folder: Folder, ledger: Ledger, say: Callable[[str], None]) -> None:
    """Go on without models that can not be loaded: from the newest champion that can be, and with
    a challenger trained anew. Raises :class:`RunError` when the base is damaged, too."""
    while ledger.generations() and (why := damage(folder, name := champion(ledger))):
        if name == BASE:
            raise RunError(f"{folder.model(BASE)} can not be loaded ({why}); begin a new run")
        say(
            f"the champion {name} can not be loaded ({why}); going back to {roll_back(ledger, why)}"
        )
    for last in ledger.generations()[-1:]:
        name = challenger(last.number)
        if last.stage == "duel" and (why := damage(folder, name)):
            say(f"the challenger {name} can not be loaded ({why}); it is trained again")
            shutil.rmtree(folder.model(name), ignore_errors=True)
            ledger.void_bouts()
            ledger.advance(last.number, "train")


def damage(folder: Folder, name: str) -> str:
    """What is wrong with a model's files; "" when they can be used."""
    path = folder.model(name)
    try:
        load_folder(name, path).engine.close()
    except ModelError as error:
        return str(error)
    return ""
