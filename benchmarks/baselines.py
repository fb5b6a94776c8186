"""Against GRPO from trl and plain expert iteration: what equal compute gives to the same model.

trl is in no extra and has an environment of its own, which ``make bench-baselines`` makes; where
it is missing, its row is left out.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

from reasoner.catalog import BUNDLED
from reasoner.cli.bars import Bars
from reasoner.evaluate.stats import paired_difference
from selfplay.folder import Folder, challenger
from selfplay.ledger import Ledger
from selfplay.loop import Loop
from selfplay.settings import Settings
from selfplay.sitting import Sitting
from selfplay.workers import LocalWorker

from ._grpo import train
from ._report import answers, write
from .improve import Measured, counts, measure, row

BEFORE = "before"
RATED = ("hard slice", "fresh countdown")  # columns whose gain is divided by the time it took
PLANS: dict[str, dict[str, str | float]] = {
    "tree search": {},
    "tree search, nothing from experts": {"expert": 0.0},
    "expert iteration": {"plan": "sample"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=1e-4, help="GRPO's learning rate")
    parser.add_argument("--base", type=Path, default=BUNDLED / "tiny")
    options = parser.parse_args()
    home = answers("baselines")
    found = {BEFORE: (options.base, 0.0)}
    usual = Settings(
        model="tiny", domains=("countdown",), seed=options.seed, problems=options.problems
    )
    for name, other in PLANS.items():
        settings = usual.model_copy(update=other)
        found[name] = generation(options.base, home / name.replace(" ", "-"), settings)
    if find_spec("trl") is None:
        print("GRPO is left out: it needs trl", file=sys.stderr)
    else:
        seconds = found["tree search"][1]
        train(options.base, home / "grpo", seconds, options.seed, options.rate)
        found["GRPO (trl)"] = home / "grpo", seconds
    measured = {name: measure(model) for name, (model, _) in found.items()}
    write(
        "baselines",
        {
            "what": f"One generation of {options.problems} countdowns, {usual.tokens} tokens of "
            "play each, trained in the same way, before any arena; expert iteration draws "
            "independent lines where the others search. GRPO had the seconds of the first, with "
            f"a rate of {options.rate:g}, and saw no expert either. System 1's answers, percent "
            "[95 % Wilson interval]; points gained a CPU-hour [95 % paired bootstrap], a second "
            "on n cores being n CPU-seconds.",
            "seed": options.seed,
            "problems": options.problems,
            "rate": options.rate,
        },
        {name: {"seconds": found[name][1], **counts(each)} for name, each in measured.items()},
        [
            row(name, each) | rates(measured[BEFORE], each, found[name][1])
            for name, each in measured.items()
        ],
    )


def rates(before: Measured, after: Measured, seconds: float) -> dict[str, str]:
    """Points gained a CPU-hour; blank where no time was spent."""
    hours = seconds * (os.cpu_count() or 1) / 3600

    def cell(column: str) -> str:
        difference = paired_difference(before[column], after[column])
        gain, low, high = (100 * share / hours for share in difference)
        return f"{gain:+.1f} [{low:+.1f}, {high:+.1f}]"

    cells = {f"{c}: gained a CPU-hour": cell(c) if hours else "" for c in RATED}
    return {"CPU-hours": f"{hours:.2f}" if hours else ""} | cells


def generation(base: Path, path: Path, settings: Settings) -> tuple[Path, float]:
    """The first challenger, as it would enter the arena, and the seconds it took."""
    path.mkdir(parents=True, exist_ok=True)
    folder, ledger = Folder(path), Ledger(path, settings)
    folder.adopt(base)
    crew = LocalWorker(settings.patience_s)
    try:
        with Bars(Console(stderr=True)) as bars:
            loop = Loop(folder, ledger, Sitting(ledger, bars), tuple)
            while not ledger.generations() or ledger.generations()[-1].stage != "duel":
                loop.turn(crew)
        return folder.model(challenger(1)), sum(ledger.seconds().values())
    finally:
        crew.close()
        ledger.close()


if __name__ == "__main__":
    main()
