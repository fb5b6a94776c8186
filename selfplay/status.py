"""How a run stands, in lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .arena import ARMS, MARGIN, Claim, Standing, summary
from .elo import Z95, Rating, rate
from .fight import Fight
from .folder import BASE, Folder, challenger
from .ledger import Ledger


def champion(ledger: Ledger) -> str:
    """The name of the best model so far."""
    known = {challenger(g.number): g for g in ledger.generations()}
    name = list(known)[-1] if known else BASE
    while name in known and known[name].verdict != "promoted":  # never was, or was taken back
        name = known[name].champion
    return name


def best(ledger: Ledger, folder: Path) -> Path:
    """Where the best model is: in the run, or beside the ledger that was released with it."""
    models = Folder(folder).models
    return models / champion(ledger) if models.exists() else folder


def status_lines(ledger: Ledger, folder: Path) -> list[str]:
    settings, known = ledger.settings, ledger.generations()
    spent = sum(ledger.seconds().values())
    lines = [
        f"{folder}: {settings.model} on {', '.join(settings.domains)}, seed {settings.seed}; "
        f"{spent / 60:.1f} min so far"
    ]
    rated = ratings(ledger)
    lines += [describe(ledger, g.number, rated) for g in known if g.stage == "done" and g.number]
    if known and known[-1].stage != "done":
        now = known[-1]
        states = ", ".join(f"{n} {state}" for state, n in ledger.states(now.number).items())
        lines.append(f"generation {now.number}: in stage {now.stage} ({states})")
    lines.append(f"best model: {best(ledger, folder)}")
    return lines


def reason(result: Standing) -> str:
    """Why a duel ended as it did."""
    points = f"{100 * MARGIN:g} points"
    if result.worse:
        return f"worse by more than {points} on {_names(result.worse)}"
    if not result.better:
        return "not shown to be better"
    if result.open:
        return f"better, but not shown to be within {points} on {_names(result.open)}"
    return f"better on {_names(result.better)}"


def _names(claims: Sequence[Claim]) -> str:
    return ", ".join(f"{family or 'search'} ({arm})" for arm, family in claims)


def ratings(ledger: Ledger) -> dict[str, dict[str, Rating]]:
    """Elo of every model that fought, by name and arm; the base is 0."""
    known: dict[str, dict[str, Rating]] = {BASE: {}}
    for g in ledger.generations():
        bouts = ledger.bouts(g.number)
        if bouts:
            known[challenger(g.number)] = rate(bouts, known[g.champion])
    return known


def _compared(fight: Fight) -> Iterator[str]:
    """Champion's and challenger's accuracy in each arm; the gain with its 95 % interval."""
    for arm in ARMS:
        if asked := fight.families(arm):
            old, new = (100 * (fight.share(arm, asked, champion=x) or 0.0) for x in (True, False))
            gain, error = fight.gain(arm)
            yield (
                f"{arm} {old:.1f} -> {new:.1f} % of {summary(fight.bouts, arm)[0]} "
                f"({100 * gain:+.1f} ± {100 * Z95 * error:.1f})"
            )


def describe(ledger: Ledger, number: int, rated: Mapping[str, Mapping[str, Rating]]) -> str:
    """One line on a generation. ``rated``: all :func:`ratings`."""
    now = ledger.generations()[number]
    rows, bouts = ledger.results(number), ledger.bouts(number)
    parts = [f"generation {number}: {len(rows)} problems"]
    if rows:
        greedy, solved = (sum(row[name] or 0 for row in rows) for name in ("greedy", "solved"))
        parts.append(f"System 1 {100 * greedy / len(rows):.0f} %")
        if number:  # the first one only looks where System 1 stands
            parts[-1] += f", search {100 * solved / len(rows):.0f} %"
    if bouts:
        parts.append(f"arena {', '.join(_compared(Fight(now, bouts)))}")
        elo = rated[challenger(number)]["policy"]
        parts.append(f"Elo {elo.elo:+.0f} ± {elo.error:.0f}")
    spent = sum(s for (g, _), s in ledger.seconds().items() if g == number)
    parts += [f"{now.verdict or 'placed'}" + (f" ({now.note})" if now.note else "")]
    return "; ".join(parts) + f"; {spent / 60:.1f} min"
