"""Does the gate hold? Sabotaged challengers must be rejected, a truly better one accepted."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import torch
from rich.console import Console

from reasoner.catalog import BUNDLED
from reasoner.cli.bars import Bars
from selfplay import network as networks
from selfplay.arena import ALPHA, MARGIN
from selfplay.dueling import duel
from selfplay.ledger import Ledger
from selfplay.settings import Settings
from selfplay.sitting import Sitting
from selfplay.status import reason
from selfplay.workers import LocalWorker
from verifiers import domains

from ._report import write

ZEROED = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("--better", type=Path, help="a truly better model; left out without one")
    parser.add_argument("--base", type=Path, default=BUNDLED / "tiny")
    options = parser.parse_args()
    kinds = {"a tenth of the weights zeroed": None, "the same model": options.base}
    if options.better:
        kinds["truly better"] = options.better
    found: dict[str, Counter[str]] = {}
    for kind, model in kinds.items():
        found[kind] = Counter()
        for seed in range(options.repetitions):
            with tempfile.TemporaryDirectory() as folder:
                challenger = model or sabotaged(options.base, Path(folder) / "sabotaged", seed)
                found[kind][fight(options.base, challenger, Path(folder), seed)] += 1
    write(
        "gate",
        {
            "what": f"{options.repetitions} duels of each kind against the champion, other "
            f"problems each time; error rates asked for: {ALPHA:.0%}, margin {100 * MARGIN:g} "
            "points.",
            "seed": 0,
            "repetitions": options.repetitions,
        },
        {kind: dict(ends) for kind, ends in found.items()},
        [
            {
                "challenger": kind,
                "duels": str(options.repetitions),
                "promoted": str(ends["promoted"]),
                "rejected": str(ends["rejected"]),
            }
            for kind, ends in found.items()
        ],
    )


def sabotaged(base: Path, out: Path, seed: int) -> Path:
    """The same model with a tenth of its weights set to zero."""
    shutil.copytree(base, out)
    network = networks.load(base)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(torch.rand(parameter.shape, generator=generator) >= ZEROED)
    # The folder's own config keeps its end and pad tokens.
    config = (out / "config.json").read_text("utf-8")
    networks.save(network, out, 0, 0)
    (out / "config.json").write_text(config, "utf-8")
    return out


def fight(champion: Path, challenger: Path, folder: Path, seed: int) -> str:
    settings = Settings(model="tiny", domains=("countdown",), seed=seed)
    ledger = Ledger(folder, settings)
    ledger.begin(1, "base", {}, [])
    crew = LocalWorker(settings.lease_s)
    families = [family.name for family in domains() if family.name != "general"]
    try:
        with Bars(Console(stderr=True)) as bars:
            result = asyncio.run(
                duel(1, str(champion), str(challenger), families, settings, ledger, crew,
                     Sitting(ledger, bars))
            )  # fmt: skip
            end = "promoted" if result.promoted else "rejected"
            bars.say(f"{challenger.name}, seed {seed}: {end} ({reason(result)})")
    finally:
        crew.close()
        ledger.close()
    return end


if __name__ == "__main__":
    main()
