"""The learner: one training loop for imitation and for what search found.

Matrices are trained by Muon, the rest by AdamW; in bfloat16 where the processor knows it.
Training is a pure function of the seed, the batches and the number of steps; a checkpoint holds
everything, so a killed run goes on to the same weights.

A batch whose loss is not finite, or explodes, is left out; several of them in a row roll training
back to its last checkpoint, at half the rate and with other batches; when that does not help
either, :class:`Diverged` says so.
"""

from __future__ import annotations

import math
import os
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, fields
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import torch

from reasoner.llama import fastest_dtype

from .lesson import IGNORE, Batch
from .losses import losses
from .muon import Muon
from .network import Network

CLIP = 1.0  # gradient norm
EXPLODED = 4.0  # times the usual loss
STRIKES = 4  # bad batches in a row before training rolls back
ROLLBACKS = 2  # before it gives up

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Recipe:
    """``rate`` rises over ``warmup`` steps, holds, and falls linearly to 0 over the last
    ``decay`` share of ``steps``. ``value_weight``: of the value token's loss against the
    policy's, that of compared pairs included. ``kl``: of the divergence from the reference, where
    there is one."""

    steps: int
    rate: float = 2e-3
    warmup: int = 50
    decay: float = 0.6
    weight_decay: float = 0.01
    value_weight: float = 1.0
    kl: float = 0.0
    checkpoint_every: int = 100

    def rate_at(self, step: int) -> float:
        left = (self.steps - step) / max(1.0, self.decay * self.steps)
        return self.rate * min(1.0, (step + 1) / self.warmup, left)


@dataclass(frozen=True, slots=True)
class Progress:
    """Losses in nats a label, means of this step's batch."""

    step: int
    steps: int
    policy_loss: float
    value_loss: float
    tokens: int
    divergence: float = 0.0  # from the reference, nats a label


class Diverged(RuntimeError):
    """Training came to nothing again and again."""


def optimisers(network: Network, recipe: Recipe) -> list[torch.optim.Optimizer]:
    trained = [(n, p) for n, p in network.named_parameters() if p.requires_grad]
    matrices = [p for n, p in trained if p.ndim == 2 and "embed" not in n]
    rest = [p for n, p in trained if p.ndim != 2 or "embed" in n]
    found: list[torch.optim.Optimizer] = [
        Muon(matrices, recipe.rate, recipe.weight_decay, dtype=fastest_dtype()),
    ]
    if rest:
        found.append(torch.optim.AdamW(rest, lr=recipe.rate, betas=(0.9, 0.95), weight_decay=0.0))
    return found


@dataclass(slots=True)
class _State:
    """Where training is. ``shift``: batches passed over since they did harm. ``means``: running
    ones of what lines cost, and choices: these begin in the midst of stage 1 and cost ten times as
    much, which must not pass for an explosion."""

    step: int = 0
    shift: int = 0
    rollbacks: int = 0
    means: dict[str, float] = field(default_factory=dict)
    strikes: int = 0

    def is_bad(self, loss: dict[str, float]) -> bool:
        """Note a batch's losses; whether it must be left out."""
        means = self.means
        bad = any(
            not math.isfinite(x) or x > EXPLODED * means.get(part, math.inf)
            for part, x in loss.items()
        )
        self.strikes = self.strikes + 1 if bad else 0
        if not bad:
            self.means = means | {
                part: 0.9 * means.get(part, x) + 0.1 * x for part, x in loss.items()
            }
        return bad


def train(
    network: Network,
    batches: Callable[[int], Iterable[Batch]],
    recipe: Recipe,
    *,
    good: int,
    bad: int,
    checkpoint: Path,
    report: Callable[[Progress], None] = lambda progress: None,
    reference: Network | None = None,
) -> float:
    """Train in place; returns the running mean of the loss at the end.

    ``batches(n)`` yields batch n, n + 1, ...; ``checkpoint`` is resumed from when it exists.
    Raises :class:`Diverged`, and ``OSError`` when a checkpoint does not fit.
    """
    opts = optimisers(network, recipe)
    state = _resume(network, opts, checkpoint, recipe)
    if not state.step:
        _save(network, opts, checkpoint, state, recipe)  # what a rollback goes back to
    network.train()
    while _sitting(network, opts, state, batches, recipe, good, bad, checkpoint, report, reference):
        if state.rollbacks >= ROLLBACKS:
            raise Diverged(f"the loss did not recover from {ROLLBACKS} rollbacks")
        shift, rollbacks = state.step + state.shift, state.rollbacks + 1
        state = _resume(network, opts, checkpoint, recipe)
        state.shift, state.rollbacks = shift - state.step, rollbacks
        _save(network, opts, checkpoint, state, recipe)
    network.eval()
    return sum(state.means.values()) if state.means else math.nan


def _sitting(
    network: Network,
    opts: list[torch.optim.Optimizer],
    state: _State,
    batches: Callable[[int], Iterable[Batch]],
    recipe: Recipe,
    good: int,
    bad: int,
    checkpoint: Path,
    report: Callable[[Progress], None],
    reference: Network | None,
) -> bool:
    """Train to the end; True when it must roll back before."""
    saved = time.monotonic()
    left = range(state.step, recipe.steps)
    for step, batch in zip(left, ahead(batches(state.step + state.shift)), strict=False):
        for opt in opts:
            for group in opt.param_groups:
                group["lr"] = recipe.rate_at(step) * 0.5**state.rollbacks
        # A processor without bfloat16 takes twenty times as long for it as for float32.
        with torch.autocast("cpu", torch.bfloat16, enabled=fastest_dtype() is torch.bfloat16):
            parts = losses(network, batch, good, bad, reference if recipe.kl else None)
        loss = parts.policy + recipe.value_weight * (parts.value + parts.pair)
        if recipe.kl and reference is not None:
            loss = loss + recipe.kl * parts.divergence
        (loss + parts.choice).backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP)
        told = {"lines": loss.item() if bool(torch.isfinite(norm)) else math.nan}
        if batch.choices:
            told["choices"] = parts.choice.item()
        state.step = step + 1
        if not state.is_bad(told):
            for opt in opts:
                opt.step()
        for opt in opts:
            opt.zero_grad(set_to_none=True)
        tokens = int((batch.labels != IGNORE).sum())
        seen = (parts.policy + parts.choice).item(), parts.value.item()
        report(Progress(step + 1, recipe.steps, *seen, tokens, parts.divergence.item()))
        if state.strikes >= STRIKES:
            return True
        due = (step + 1) % recipe.checkpoint_every == 0 or time.monotonic() - saved > 60
        if (not state.strikes and due) or step + 1 == recipe.steps:
            _save(network, opts, checkpoint, state, recipe)
            saved = time.monotonic()
    return False


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The same items; the next one is made while the last one is used."""
    source = iter(items)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, source, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, source, None)
            yield item


def _save(
    network: Network, opts: list[torch.optim.Optimizer], path: Path, state: _State, recipe: Recipe
) -> None:
    """Written aside and renamed: a checkpoint is whole or it is the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".part")
    whole = asdict(state) | {
        "steps": recipe.steps,
        "network": network.state_dict(),
        "opts": [opt.state_dict() for opt in opts],
    }
    buffer = BytesIO()  # torch hides what the disk says
    torch.save(whole, buffer)
    with aside.open("wb") as file:
        file.write(buffer.getbuffer())
        file.flush()
        os.fsync(file.fileno())
    if path.exists():
        path.replace(_before(path))
    aside.replace(path)


def _before(path: Path) -> Path:
    """The checkpoint before the one in ``path``, for when that one is damaged."""
    return path.with_suffix(".before")


def _resume(
    network: Network, opts: list[torch.optim.Optimizer], path: Path, recipe: Recipe
) -> _State:
    for candidate in (path, _before(path)):
        if not candidate.exists():
            if candidate == path and _before(path).exists():
                warnings.warn(
                    f"expected the checkpoint {path}, found none; training goes on from the one "
                    "before",
                    stacklevel=2,
                )
            continue
        try:
            whole = torch.load(candidate, weights_only=True)
        except Exception as error:  # damage can look like anything
            reason = " ".join(str(error).split())[:100]
            warnings.warn(
                f"the checkpoint {candidate} is damaged ({type(error).__name__}: {reason}); "
                "training goes on from the one before",
                stacklevel=2,
            )
            candidate.replace(path.with_suffix(".damaged"))  # or it would become the one before
            continue
        if whole["steps"] != recipe.steps:
            raise ValueError(
                f"{path} belongs to a run of {whole['steps']} steps, this one has {recipe.steps}; "
                "delete it or ask for the same number"
            )
        network.load_state_dict(whole["network"])
        for opt, saved in zip(opts, whole["opts"], strict=True):
            opt.load_state_dict(saved)
        names = (each.name for each in fields(_State))
        return _State(**{name: whole[name] for name in names if name in whole})
    return _State()
