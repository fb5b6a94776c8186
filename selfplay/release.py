"""A run's best model made ready to use elsewhere, with the run's ledger beside it as evidence."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from reasoner.catalog import fingerprint
from reasoner.errors import RunError, UsageError

from .folder import Folder, place_model
from .ledger import LEDGER, Ledger
from .status import champion

RELEASED = "released"  # the fact that says which weights the evidence is for


def release(folder: Path, out: Path) -> str:
    """Copy the best model in ``folder`` to ``out``; returns its name.

    The ledger comes along without the texts of problems: results, and hashes of what was played.
    Raises ``UsageError`` where ``out`` exists, and :class:`RunError` where there is no run.
    """
    if out.exists():
        raise UsageError(f"expected a new folder, found {out}; remove it, or name another")
    ledger = Ledger(folder)
    try:
        name = champion(ledger)
        model = Folder(folder).model(name)
        if not model.is_dir():
            raise RunError(f"expected the model {name} in {model.parent}, found none; begin anew")
        place_model(out, lambda draft: _fill(draft, model, ledger))
    finally:
        ledger.close()
    return name


def _fill(draft: Path, model: Path, ledger: Ledger) -> None:
    # a base that was released before brings evidence of its own
    shutil.copytree(model, draft, ignore=shutil.ignore_patterns(LEDGER))
    ledger.copy(draft / LEDGER)
    with closing(sqlite3.connect(draft / LEDGER, isolation_level=None)) as db:
        db.execute("UPDATE problem SET body = NULL, start = NULL, end = NULL")
        db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (RELEASED, fingerprint(model)))
        db.execute("VACUUM")
