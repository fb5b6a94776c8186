"""How a run stands, in lines of text."""

from __future__ import annotations

from pathlib import Path

from .folder import challenger
from .ledger import Ledger
from .loop import describe


def champion(ledger: Ledger) -> str:
    """The name of the best model so far."""
    known = ledger.generations()
    if not known:
        return "base"
    last = known[-1]
    return challenger(last.number) if last.verdict == "promoted" else last.champion


def status_lines(ledger: Ledger, folder: Path) -> list[str]:
    settings, known = ledger.settings, ledger.generations()
    spent = sum(ledger.seconds().values())
    lines = [
        f"{folder}: {settings.model} on {', '.join(settings.domains)}, seed {settings.seed}; "
        f"{spent / 60:.1f} min so far"
    ]
    lines += [describe(ledger, g.number) for g in known if g.stage == "done" and g.number]
    if known and known[-1].stage != "done":
        now = known[-1]
        states = ", ".join(f"{n} {state}" for state, n in ledger.states(now.number).items())
        lines.append(f"generation {now.number}: in stage {now.stage} ({states})")
    lines.append(f"best model: {folder / 'models' / champion(ledger)}")
    return lines
