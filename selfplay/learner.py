"""The learner: one training loop for imitation and for what search found.

Matrices are trained by Muon (Jordan et al. 2024; ``torch.optim.Muon``), the rest by AdamW.
Training is a pure function of the seed, the batches and the number of steps; a checkpoint holds
everything, so a killed run goes on to the same weights.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from .lesson import IGNORE, Batch
from .network import Network

CLIP = 1.0  # gradient norm
_ROUND = 1024  # labelled positions


@dataclass(frozen=True, slots=True)
class Recipe:
    """``rate`` rises over ``warmup`` steps, holds, and falls linearly to 0 over the last
    ``decay`` share of ``steps``. ``value_weight``: of the value token's loss against the
    policy's."""

    steps: int
    rate: float = 2e-3
    warmup: int = 50
    decay: float = 0.6
    weight_decay: float = 0.01
    value_weight: float = 1.0
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


def losses(network: Network, batch: Batch, good: int, bad: int) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy over the policy's labels and over the value token's."""
    hidden = network(batch.ids, batch.positions, batch.mask)
    taught = (batch.labels != IGNORE).flatten().nonzero()[:, 0]
    # Padded to round sizes, for kernels are compiled and kept for every new shape; position 0
    # opens a prompt, where nothing is taught.
    taught = F.pad(taught, (0, -len(taught) % _ROUND))
    labels = batch.labels.flatten()[taught]
    logits = network.logits(hidden.flatten(0, 1)[taught]).float()
    each = F.cross_entropy(logits, labels, reduction="none", ignore_index=IGNORE)
    probe = (labels == good) | (labels == bad)
    policy = ~probe & (labels != IGNORE)
    return (
        (each * policy).sum() / policy.sum().clamp(min=1),
        (each * probe).sum() / probe.sum().clamp(min=1),
    )


def optimisers(network: Network, recipe: Recipe) -> list[torch.optim.Optimizer]:
    matrices = [p for n, p in network.named_parameters() if p.ndim == 2 and "embed" not in n]
    rest = [p for n, p in network.named_parameters() if p.ndim != 2 or "embed" in n]
    return [
        torch.optim.Muon(
            matrices,
            lr=recipe.rate,
            weight_decay=recipe.weight_decay,
            adjust_lr_fn="match_rms_adamw",
        ),
        torch.optim.AdamW(rest, lr=recipe.rate, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def train(
    network: Network,
    batches: Callable[[int], Iterable[Batch]],
    recipe: Recipe,
    *,
    good: int,
    bad: int,
    checkpoint: Path,
    report: Callable[[Progress], None] = lambda progress: None,
) -> None:
    """Train in place. ``batches(n)`` yields batch n, n + 1, ...; ``checkpoint`` is resumed from
    when it exists."""
    opts = optimisers(network, recipe)
    start = _resume(network, opts, checkpoint, recipe)
    network.train()
    saved = time.monotonic()
    for step, batch in zip(range(start, recipe.steps), batches(start), strict=False):
        rate = recipe.rate_at(step)
        for opt in opts:
            for group in opt.param_groups:
                group["lr"] = rate
        with torch.autocast("cpu", torch.bfloat16):
            policy, value = losses(network, batch, good, bad)
        loss = policy + recipe.value_weight * value
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP)
        if bool(torch.isfinite(norm)):  # a step that would spread NaN is left out
            for opt in opts:
                opt.step()
        for opt in opts:
            opt.zero_grad(set_to_none=True)
        tokens = int((batch.labels != IGNORE).sum())
        report(Progress(step + 1, recipe.steps, policy.item(), value.item(), tokens))
        due = (step + 1) % recipe.checkpoint_every == 0 or time.monotonic() - saved > 60
        if due or step + 1 == recipe.steps:
            _save(network, opts, checkpoint, step + 1, recipe)
            saved = time.monotonic()
    network.eval()


def _save(
    network: Network, opts: list[torch.optim.Optimizer], path: Path, step: int, recipe: Recipe
) -> None:
    """Written aside and renamed: a checkpoint is whole or it is the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".part")
    state = {
        "step": step,
        "steps": recipe.steps,
        "network": network.state_dict(),
        "opts": [opt.state_dict() for opt in opts],
    }
    with aside.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def _resume(network: Network, opts: list[torch.optim.Optimizer], path: Path, recipe: Recipe) -> int:
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    if state["steps"] != recipe.steps:
        raise ValueError(
            f"{path} belongs to a run of {state['steps']} steps, this one has {recipe.steps}; "
            "delete it or ask for the same number"
        )
    network.load_state_dict(state["network"])
    for opt, saved in zip(opts, state["opts"], strict=True):
        opt.load_state_dict(saved)
    return int(state["step"])
