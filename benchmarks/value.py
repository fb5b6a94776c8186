"""How good is the value token? Brier score and reliability on problems no training ever saw."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from tokenizers import Tokenizer

from reasoner import calibration
from reasoner.tiny import TinyEngine
from selfplay import network, values
from selfplay.pretrain import SAMPLES
from selfplay.rollouts import Rollout, roll_out
from verifiers import SUITES, Problem, suite

from ._report import ROOT, write

SEED = 7_000  # not one that training or calibration used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=ROOT / "reasoner" / "models" / "tiny")
    options = parser.parse_args()
    problems = [problem for name in SUITES for problem in suite(name)]
    lines = drawn(options.model, problems)
    tokenizer = Tokenizer.from_file(str(options.model / "tokenizer.json"))
    raw = values.raw_values(network.load(options.model).eval(), tokenizer, lines)
    curves = calibration.load(options.model)
    measured = values.measure(values.value_pairs(lines, raw), curves.value_of)
    write(
        "value",
        {
            "what": f"P(a line through this state ends verified), at every state of {SAMPLES} "
            f"roll-outs of each of {len(problems)} held-out problems, calibrated. Brier score: 0 "
            "is perfect; always naming the base rate scores the number beside it.",
            "seed": SEED,
            "problems": len(problems),
            "model": options.model.name,
        },
        measured,
        [row(name, part) for name, part in measured.items()],
    )


def drawn(model: Path, problems: list[Problem]) -> list[Rollout]:
    engine = TinyEngine(model)
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("rolling out", total=len(problems))
        found = asyncio.run(
            roll_out(
                engine,
                problems,
                SAMPLES,
                SEED,
                lambda done: bar.update(task, completed=done),
                as_searched=True,
            )
        )
    engine.close()
    return [line for lines in found for line in lines]


def row(name: str, part: Any) -> dict[str, str]:
    told = " ".join(f"{p:.0%}:{y:.0%}" for p, y, _ in part["reliability"])
    return {
        "domain": name,
        "states": f"{part['states']:,}",
        "Brier": f"{part['brier']:.3f}",
        "base rate's": f"{part['brier_of_base_rate']:.3f}",
        "calibration error": f"{part['calibration_error']:.3f}",
        "said : came true, by tenths": told,
    }


if __name__ == "__main__":
    main()
