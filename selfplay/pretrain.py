"""Stage 1: make the bundled model from nothing but experts and its own roll-outs.

1. vocabulary; 2. imitation of the experts, slips and choices included (policy and a first value);
3. roll-outs of that policy, judged, and with them the value of what really happens;
4. calibration on roll-outs of problems that training never held, measured on others of those.
Every part resumes where it stopped.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer

from reasoner import calibration
from reasoner.catalog import fingerprint
from reasoner.errors import UsageError

from . import network as networks
from . import values
from .corpus import (
    CHOICES,
    FRACTIONS,
    GAME24,
    LATE,
    MIX,
    REVIEW,
    SECOND,
    WIDE,
    WIDER,
    demonstrations,
    specials,
    vocabulary_texts,
)
from .learner import Progress, Recipe, train
from .lesson import Batch
from .rollouts import Rollout, draw_problems, roll_out
from .vocabulary import build

ROWS, LENGTH = 20, 400  # of one batch; two equations in two unknowns take up to 390 tokens
STEPS, RATE = 2_200, 3e-3
ON_STEPS, ON_RATE = 900, 2e-3  # for a model that knows most of it already
LINES = 0.5  # of imitation begins with lines alone, unless it goes on from a model
VALUE_STEPS, VALUE_RATE, VALUE_WEIGHT = 250, 5e-4, 0.5  # gently: the policy must not pay for it
SAMPLES = 8  # lines drawn for each problem

# (domain, level, problems) rolled out to train the value.
PROBLEMS = (
    ("countdown", 3, 150), ("countdown", 4, 1400), ("countdown", 5, 300), ("countdown", 6, 200),
    *(("arithmetic", level, 80) for level in range(1, 7)),
    *(("equations", level, 80) for level in range(1, 6)),
    *(("word_problems", level, 150) for level in range(1, 5)),
)  # fmt: skip

Report = Callable[[str, int, int, str], None]
"""Called with the part's name, steps done, steps in all, and a note."""


def pretrain(
    out: Path, work: Path, seed: int, scale: float, report: Report, base: Path | None = None
) -> dict[str, object]:
    """Make the model in ``out``; ``work`` keeps checkpoints. Returns the value's report.

    ``scale``: share of the full recipe; 1.0 makes the model that ships, less is for tests.
    ``base``: the folder of a model to go on from, with its vocabulary; None: from nothing.
    Raises ``UsageError`` when ``work`` holds checkpoints of another seed, recipe or base.
    """
    work.mkdir(parents=True, exist_ok=True)
    _claim(work, seed, scale, base)
    network = imitate(work, seed, scale, report, base)
    tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
    stage = work / "imitation"
    export(network, work, stage)

    def problems(share: float) -> tuple[tuple[str, int, int], ...]:
        return tuple((n, lv, max(1, round(c * scale * share))) for n, lv, c in PROBLEMS)

    experience = _rolled_out(
        stage, work / "experience.jsonl", seed, problems(1.0), report, reserved=False
    )
    learn_value(network, tokenizer, experience, work, seed, scale, report)
    export(network, work, out)

    network = networks.load(out).eval()  # as it ships: rounded to bf16
    parts = {}
    for name in ("calibration", "report"):
        lines = _rolled_out(out, work / f"{name}.jsonl", seed, problems(0.5), report, reserved=True)
        parts[name] = lines, values.raw_values(network, tokenizer, lines)
    curves = values.calibrated(*parts["calibration"], seed)
    calibration.save(curves, out)
    summary: dict[str, object] = {
        "value": values.measure(values.value_pairs(*parts["report"]), curves.value_of),
        "confidence": values.measure(
            values.confidence_pairs(*parts["report"], curves, seed), curves.confidence_of
        ),
    }
    (work / "value_report.json").write_text(json.dumps(summary, indent=2) + "\n", "utf-8")
    return summary


def _claim(work: Path, seed: int, scale: float, base: Path | None) -> None:
    """Make sure that what is resumed in ``work`` is what was asked for."""
    shares = {"game24": GAME24, "wide": WIDE, "wider": WIDER, "late": LATE, "second": SECOND}
    parts = [*MIX.items(), *REVIEW.items(), FRACTIONS, CHOICES, LINES, *PROBLEMS, *shares.items()]
    path, mix = work / "recipe.json", sorted(map(repr, parts))
    steps = [VALUE_RATE, VALUE_WEIGHT, STEPS, ON_STEPS, VALUE_STEPS, ROWS, LENGTH, SAMPLES]
    wanted = {"seed": seed, "scale": scale, "steps": steps, "mix": mix}
    wanted["base"] = fingerprint(base) if base else None
    if path.exists() and json.loads(path.read_text("utf-8")) != wanted:
        raise UsageError(
            f"expected checkpoints of seed {seed}, this recipe and this base in {work}, found "
            "others; choose another --work folder or delete that one"
        )
    path.write_text(json.dumps(wanted) + "\n", "utf-8")


def imitate(
    work: Path, seed: int, scale: float, report: Report, base: Path | None = None
) -> networks.Network:
    """Parts 1 and 2. ``work``: folder for checkpoints; returns the trained network."""
    path = work / "tokenizer.json"
    if base and not path.exists():
        shutil.copy(base / "tokenizer.json", path)
    tokenizer = (
        Tokenizer.from_file(str(path)) if path.exists() else build(vocabulary_texts(0), path)
    )
    steps = max(1, round((ON_STEPS if base else STEPS) * scale))
    torch.manual_seed(seed)
    size = (tokenizer.get_vocab_size() + 63) // 64 * 64  # round: quicker matrix products
    network = networks.load(base) if base else networks.Network(networks.Shape(size))
    lines = 0 if base else round(LINES * steps)
    _train(
        network,
        lambda start: demonstrations(tokenizer, seed, start, ROWS, LENGTH, lines),
        Recipe(steps, rate=ON_RATE if base else RATE),
        tokenizer,
        work / "imitation.pt",
        lambda progress: _tell(report, "imitation", progress),
    )
    return network


def learn_value(
    network: networks.Network,
    tokenizer: Tokenizer,
    experience: Sequence[Rollout],
    work: Path,
    seed: int,
    scale: float,
    report: Report,
) -> None:
    """Part 3: the value token learns what became of the policy's own lines."""
    _train(
        network,
        lambda start: values.experience(tokenizer, experience, seed, start, ROWS, LENGTH),
        Recipe(
            max(1, round(VALUE_STEPS * scale)),
            rate=VALUE_RATE,
            warmup=20,
            decay=1.0,
            value_weight=VALUE_WEIGHT,
        ),
        tokenizer,
        work / "value.pt",
        lambda progress: _tell(report, "value", progress),
    )


def export(network: networks.Network, work: Path, out: Path) -> None:
    """Write the model's folder: weights, config, tokenizer."""
    special = specials(Tokenizer.from_file(str(work / "tokenizer.json")))
    networks.save(network, out, special.end, special.pad)
    if work.resolve() != out.resolve():
        shutil.copy(work / "tokenizer.json", out / "tokenizer.json")


def _train(
    network: networks.Network,
    batches: Callable[[int], Iterable[Batch]],
    recipe: Recipe,
    tokenizer: Tokenizer,
    checkpoint: Path,
    report: Callable[[Progress], None],
) -> None:
    special = specials(tokenizer)
    train(
        network, batches, recipe,
        good=special.good, bad=special.bad, checkpoint=checkpoint, report=report,
    )  # fmt: skip


def _tell(report: Report, part: str, progress: Progress) -> None:
    note = f"policy {progress.policy_loss:.3f}  value {progress.value_loss:.3f}"
    report(part, progress.step, progress.steps, note)


def _rolled_out(
    model: Path,
    path: Path,
    seed: int,
    mix: Sequence[tuple[str, int, int]],
    report: Report,
    *,
    reserved: bool,
) -> list[Rollout]:
    """Judged lines of the model in ``model``, kept in ``path``; drawn once."""
    if not path.exists():
        from reasoner.tiny import TinyEngine

        part = path.stem
        problems = draw_problems(f"{seed} {part}", mix, reserved=reserved)
        engine = TinyEngine(model)
        try:
            lines = asyncio.run(
                roll_out(
                    engine, problems, SAMPLES, seed,
                    lambda done: report(f"roll-outs: {part}", done, len(problems), ""),
                    as_searched=reserved,
                )
            )  # fmt: skip
        finally:
            engine.close()
        values.write([line for each in lines for line in each], path)
    return values.read(path)
