"""The challenger: the champion, trained on the window, calibrated, written as a model's folder."""

from __future__ import annotations

import asyncio
import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

from tokenizers import Tokenizer

from reasoner import calibration

from . import network as networks
from . import values
from .adapters import adapt, merged
from .corpus import specials
from .folder import place_model
from .learner import Diverged, Progress, Recipe, train
from .pretrain import PROBLEMS
from .rollouts import draw_problems, roll_out
from .settings import Settings
from .window import VALUE, Window

TRAINING = "training.json"  # beside a challenger's weights: what it learned from
CHECKPOINT_EVERY = 25  # steps: about half a minute

Report = Callable[[str, int, int, str], None]
"""Called with the part's name, steps done, steps in all, and a note."""


def train_challenger(
    champion: Path,
    out: Path,
    window: Window,
    settings: Settings,
    generation: int,
    work: Path,
    report: Report,
) -> dict[str, float]:
    """Make the model folder ``out``; resumes from ``work``. Returns what was learned from.

    Raises ``Diverged``, and ``OSError`` when the disk is full.
    """
    if out.exists():  # the process was killed before it could say so
        _forget(work, out)
        return _known(out)
    tokenizer = Tokenizer.from_file(str(champion / "tokenizer.json"))
    steps = _steps(window, tokenizer, settings)
    # Lessons that are not what they were (judged again, other feedback) make another training,
    # which begins anew.
    checkpoint = work / f"{out.name}-{steps}-{window.digest}.pt"
    seed = f"{settings.seed} g{generation}"
    network, reference = networks.load(champion), networks.load(champion).eval()
    if settings.lora:
        adapt(network, settings.lora, settings.seed)
    special = specials(tokenizer)
    recipe = Recipe(
        steps,
        rate=settings.rate,
        warmup=max(1, min(20, steps // 5)),
        decay=1.0,
        value_weight=settings.value_weight,
        kl=settings.kl,
        checkpoint_every=CHECKPOINT_EVERY,
    )

    def tell(progress: Progress) -> None:
        note = f"policy {progress.policy_loss:.3f}  value {progress.value_loss:.3f}"
        report("training", progress.step, progress.steps, note)

    try:
        loss = train(
            network,
            lambda start: window.batches(
                tokenizer, seed, start, settings.rows, settings.length, settings.expert
            ),
            recipe,
            good=special.good,
            bad=special.bad,
            checkpoint=checkpoint,
            report=tell,
            reference=reference,
        )
    except Diverged:
        _forget(work, out)
        raise
    trained = {
        "steps": steps,
        "solved": len(window.solved),
        "tried": len(window.tried),
        "loss": loss,
    }

    def make(draft: Path) -> None:
        plain = merged(network) if settings.lora else network
        networks.blend(plain, reference, settings.blend)
        networks.save(plain, draft, special.end, special.pad)
        shutil.copy(champion / "tokenizer.json", draft / "tokenizer.json")
        _calibrate(draft, tokenizer, settings, generation, report)
        (draft / TRAINING).write_text(json.dumps(trained) + "\n", "utf-8")

    place_model(out, make)
    _forget(work, out)
    return _known(out)


def _forget(work: Path, out: Path) -> None:
    """Remove the checkpoints of a training that is over."""
    for checkpoint in work.glob(f"{out.name}-*"):
        checkpoint.unlink()


def _known(model: Path) -> dict[str, float]:
    found = json.loads((model / TRAINING).read_text("utf-8"))
    return {str(name): round(float(value), 4) for name, value in found.items()}


def _steps(window: Window, tokenizer: Tokenizer, settings: Settings) -> int:
    """As many as teach every line and its choices ``epochs`` times, at most."""
    share = (1 - settings.expert) * (1 - VALUE)  # of a batch's tokens that are such
    wanted = settings.epochs * window.tokens(tokenizer, settings.length)
    per_step = settings.rows * settings.length * max(0.1, share)
    return max(1, min(settings.steps, math.ceil(wanted / per_step)))


def _calibrate(
    folder: Path, tokenizer: Tokenizer, settings: Settings, generation: int, report: Report
) -> None:
    """Calibration of every family, on problems that no lesson ever holds."""
    from reasoner.tiny import TinyEngine

    whole = sum(many for _, _, many in PROBLEMS)
    mix = [(f, lv, max(1, round(n * settings.calibration / whole))) for f, lv, n in PROBLEMS]
    problems = draw_problems(f"{settings.seed} calibration {generation}", mix, reserved=True)
    engine = TinyEngine(folder)
    try:
        told = lambda done: report("calibration", done, len(problems), "")  # noqa: E731
        drawn = asyncio.run(
            roll_out(engine, problems, settings.samples, settings.seed, told, as_searched=True)
        )
    finally:
        engine.close()
    rollouts = [rollout for each in drawn for rollout in each]
    raw = values.raw_values(networks.load(folder).eval(), tokenizer, rollouts)
    calibration.save(values.calibrated(rollouts, raw, settings.seed), folder)
