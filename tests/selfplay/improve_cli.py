"""A small run in a process of its own: ``DIR [PART NUMBER]`` kills it at that moment,
``DIR anywhere SECONDS`` so long after everything is loaded.

Played by experts without weights; trained, calibrated and saved for real. ``DIR PART NUMBER ray``:
played by the bundled model in two Ray workers, which are killed with it and with Ray itself.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from threading import Timer

import torch

from reasoner.catalog import BUNDLED
from selfplay.loop import improve
from selfplay.settings import Settings
from selfplay.workers import RayWorkers
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


def family() -> list[int]:
    """This process and all that descend from it."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = [os.getpid()]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def main(out: str, part: str = "", number: str = "0", team: str = "") -> None:
    torch.set_num_threads(1)

    def kill(now: str, done: int) -> None:
        if part and now == part and done >= int(number):
            for pid in reversed(family()):
                os.kill(pid, signal.SIGKILL)

    if part == "anywhere":
        timer = Timer(float(number), os.kill, (os.getpid(), signal.SIGKILL))
        timer.daemon = True  # a run that ends before is left in peace
        timer.start()
    audience = Quiet(kill)
    made = (lambda: RayWorkers(2, 60.0)) if team == "ray" else crew
    generations = 1 if team == "ray" else GENERATIONS
    improve(Path(out), BUNDLED / "tiny", SETTINGS, made, audience, generations=generations)
    print("\n".join(audience.lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
