"""A small run in a process of its own: ``DIR [PART NUMBER]`` kills it at that moment,
``DIR anywhere SECONDS`` so long after everything is loaded.

Played by experts without weights; trained, calibrated and saved for real.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from threading import Timer

import torch

from reasoner.catalog import BUNDLED
from selfplay.loop import improve
from selfplay.settings import Settings
from tests.selfplay.crew import Crew, ExpertEngine, Quiet

SETTINGS = Settings(
    model="tiny", domains=("countdown",), tokens=60, problems=10, placement=2, steps=3, rows=2,
    calibration=1, samples=1, duel_batch=40, duel_policy=320, duel_search=80, duel_tokens=(40, 60),
    window=15,
)  # fmt: skip
GENERATIONS = 2


def crew() -> Crew:
    """The first challenger is an expert, the second one a beginner."""
    skill = {"base": 0.3, "g0001": 1.0, "g0002": 0.1}
    return Crew(lambda folder: ExpertEngine(skill[Path(folder).name]))


def main(out: str, part: str = "", number: str = "0") -> None:
    torch.set_num_threads(1)

    def kill(now: str, done: int) -> None:
        if part and now == part and done >= int(number):
            os.kill(os.getpid(), signal.SIGKILL)

    if part == "anywhere":
        timer = Timer(float(number), os.kill, (os.getpid(), signal.SIGKILL))
        timer.daemon = True  # a run that ends before is left in peace
        timer.start()
    audience = Quiet(kill)
    improve(Path(out), BUNDLED / "tiny", SETTINGS, crew, audience, generations=GENERATIONS)
    print("\n".join(audience.lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
