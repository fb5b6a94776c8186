"""Does the gate hold? Sabotaged challengers must be rejected, a truly better one accepted.

What is truly better needs no luck: the shipped model, against a champion that was spoiled.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import torch
from rich.console import Console
from tokenizers import Tokenizer

from reasoner.catalog import BUNDLED
from reasoner.cli.bars import Bars
from reasoner.tiny import TinyEngine
from selfplay import network as networks
from selfplay.arena import ALPHA, MARGIN
from selfplay.corpus import specials
from selfplay.dueling import duel
from selfplay.entrance import judges_itself
from selfplay.learner import Recipe, train
from selfplay.ledger import Ledger
from selfplay.rollouts import draw_problems, roll_out
from selfplay.settings import Settings
from selfplay.sitting import Sitting
from selfplay.status import reason
from selfplay.targets import Taught
from selfplay.window import Window
from selfplay.workers import LocalWorker
from verifiers import domains

from ._report import answers, write

KINDS = {
    "zeroed": "a tenth of the weights zeroed",
    "misled": "trained on wrong answers",
    "better": "whole, against a champion with a tenth zeroed",
}
ZEROED = 0.1
STEPS = 20  # of training on wrong answers
SAMPLES = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("--base", type=Path, default=BUNDLED / "tiny")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    options = parser.parse_args()
    home, found = answers("gate"), dict[str, Counter[str]]()
    for kind in options.kinds:
        seeds = range(options.repetitions)
        found[KINDS[kind]] = Counter(end(kind, options.base, home, seed) for seed in seeds)
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


def end(kind: str, base: Path, home: Path, seed: int) -> str:
    """How one duel ends; kept in ``home``, so that a stopped benchmark goes on."""
    done = home / f"{kind}-{seed}"
    if not done.exists():
        with tempfile.TemporaryDirectory() as folder:
            spoiled = Path(folder) / "spoiled"
            (misled if kind == "misled" else zeroed)(base, spoiled, seed)
            sides = (spoiled, base) if kind == "better" else (base, spoiled)
            verdict = fight(*sides, Path(folder), seed)
        home.mkdir(parents=True, exist_ok=True)
        done.write_text(verdict, "utf-8")
    return done.read_text("utf-8")


def misled(base: Path, out: Path, seed: int) -> None:
    """The same model after some steps on its own wrong answers."""
    problems = draw_problems(f"misled {seed}", [("countdown", 4, 150), ("equations", 3, 50)])
    engine = TinyEngine(base)
    drawn = asyncio.run(roll_out(engine, problems, SAMPLES, seed))
    engine.close()
    wrong = [r for lines in drawn for r in lines if r.done and not r.right]
    window = Window([Taught(r.problem, r.steps, ()) for r in wrong], [])
    network, tokenizer = networks.load(base), Tokenizer.from_file(str(base / "tokenizer.json"))
    special, settings = specials(tokenizer), Settings(model="tiny", domains=("countdown",))
    shutil.copytree(base, out)
    train(
        network,
        lambda start: window.batches(
            tokenizer, f"misled {seed}", start, settings.rows, settings.length, 0
        ),
        Recipe(STEPS, rate=settings.rate, warmup=5, decay=1.0),
        good=special.good, bad=special.bad, checkpoint=out.with_suffix(".pt"),
    )  # fmt: skip
    networks.save(network, out, special.end, special.pad)


def zeroed(base: Path, out: Path, seed: int) -> None:
    """The same model with a tenth of its weights set to zero."""
    shutil.copytree(base, out)
    network = networks.load(base)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(torch.rand(parameter.shape, generator=generator) >= ZEROED)
    special = specials(Tokenizer.from_file(str(base / "tokenizer.json")))
    networks.save(network, out, special.end, special.pad)


def fight(champion: Path, challenger: Path, folder: Path, seed: int) -> str:
    settings = Settings(model="tiny", domains=("countdown",), seed=seed)
    ledger = Ledger(folder, settings)
    ledger.begin(1, "base", {}, [])
    crew = LocalWorker(settings.patience_s)
    families = [family.name for family in domains() if judges_itself(family)]
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
