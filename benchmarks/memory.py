"""Peak memory of one long think at default settings, and where it goes."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from reasoner.agent import Reasoner
from reasoner.evaluate import load
from reasoner.evaluate.asker import identity
from reasoner.sync import run
from reasoner.tiny import TinyEngine

from ._report import peak_rss_bytes, temporary_home, write

EVERY = 0.05  # of the budget: how often memory is looked at
SEED = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--model", default="tiny")
    options = parser.parse_args()
    with temporary_home(), Reasoner(options.model) as reasoner:
        name = identity(reasoner)
        loaded = rss_bytes()
        samples = run(think(reasoner, options.seconds))
    last = samples[-1]
    write(
        "memory",
        {
            "what": f"One puzzle with six numbers, {options.seconds:g} s to its deadline, the run "
            "being saved.",
            "seed": SEED,
            "model": name,
        },
        {"loaded_bytes": loaded, "peak_bytes": peak_rss_bytes(), "samples": samples},
        [
            {
                "thinking": f"{options.seconds:g} s",
                "nodes": f"{last['nodes']:,.0f}",
                "memory with the model loaded": mega(loaded),
                "after a tenth of the time": mega(samples[len(samples) // 10]["rss_bytes"]),
                "at the end": mega(last["rss_bytes"]),
                "peak": mega(peak_rss_bytes()),
                "of which cached keys and values": mega(last["kv_bytes"]),
            }
        ],
    )


async def think(reasoner: Reasoner, seconds: float) -> list[dict[str, float]]:
    problem = load("countdown6", limit=1)[0].problem
    engine = reasoner.load().engine
    thinking = reasoner.stream(problem, seconds, stop_when="budget", seed=SEED)
    samples: list[dict[str, float]] = []
    async for progress in thinking:
        if progress.t_s >= len(samples) * EVERY * seconds:
            samples.append(
                {
                    "t_s": progress.t_s,
                    "nodes": progress.nodes,
                    "rss_bytes": rss_bytes(),
                    "kv_bytes": engine.stats.kv_bytes if isinstance(engine, TinyEngine) else 0,
                }
            )
    return samples


def rss_bytes() -> int:
    """Resident memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def mega(size: float) -> str:
    return f"{size / 1e6:.0f} MB"


if __name__ == "__main__":
    main()
