"""Stage 1: make the bundled model from nothing but experts and its own roll-outs.

1. vocabulary; 2. imitation of the experts, slips included (policy and a first value);
3. roll-outs of that policy, judged, to train the value on what really happens;
4. calibration of the value on fresh roll-outs. Every part resumes where it stopped.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import torch
from tokenizers import Tokenizer

from selfplay import network as networks
from selfplay.corpus import Demonstrations, specials, vocabulary_texts
from selfplay.learner import Progress, Recipe, train
from selfplay.vocabulary import build

ROWS, LENGTH = 32, 256  # tokens of one batch: 8,192
STEPS = 2_400

Report = Callable[[str, Progress], None]


def imitate(work: Path, seed: int, steps: int, report: Report) -> networks.Network:
    """Parts 1 and 2. ``work``: folder for checkpoints; returns the trained network."""
    work.mkdir(parents=True, exist_ok=True)
    path = work / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(path)) if path.exists() else build(vocabulary_texts(0), path)
    special = specials(tokenizer)
    torch.manual_seed(seed)
    size = (tokenizer.get_vocab_size() + 63) // 64 * 64  # round: quicker matrix products
    network = networks.Network(networks.Shape(size))
    train(
        network,
        lambda start: Demonstrations(tokenizer, seed, start, ROWS, LENGTH),
        Recipe(steps, rate=3e-3),
        good=special.good,
        bad=special.bad,
        checkpoint=work / "imitation.pt",
        report=lambda progress: report("imitation", progress),
    )
    return network


def export(network: networks.Network, work: Path, out: Path) -> None:
    """Write the model's folder: weights, config, tokenizer."""
    tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
    special = specials(tokenizer)
    networks.save(network, out, special.end, special.pad)
    if (work / "tokenizer.json").resolve() != (out / "tokenizer.json").resolve():
        shutil.copy(work / "tokenizer.json", out / "tokenizer.json")
