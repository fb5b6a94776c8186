"""The losses: how far a network is from what its lessons teach."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from .lesson import IGNORE, Batch
from .network import Network

_ROUND = 1024  # positions
_HELD = 4  # the divergence is taken over every so many rows: a whole pass of the reference would
# take a quarter of the time of training


@dataclass(frozen=True, slots=True)
class Losses:
    """Means over the policy's labels, over choices, over the value token's labels, over compared
    pairs, and the divergence KL(reference || network) over the policy's labels of some rows; in
    nats."""

    policy: Tensor
    choice: Tensor
    value: Tensor
    pair: Tensor
    divergence: Tensor


def losses(
    network: Network, batch: Batch, good: int, bad: int, reference: Network | None = None
) -> Losses:
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
    count = policy.sum().clamp(min=1)
    divergence = torch.zeros(())
    if reference is not None:
        rows = -(-len(batch.ids) // _HELD)
        held = policy & (taught < rows * batch.ids.shape[1])
        near = taught * held  # position 0 for the rest
        with torch.no_grad():
            seen = reference(batch.ids[:rows], batch.positions[:rows], batch.mask[:rows])
            before = F.log_softmax(reference.logits(seen.flatten(0, 1)[near]).float(), -1)
        apart = F.kl_div(F.log_softmax(logits, -1), before, reduction="none", log_target=True)
        divergence = (apart.sum(-1) * held).sum() / held.sum().clamp(min=1)
    return Losses(
        (each * policy).sum() / count,
        _choice_loss(network, hidden, batch),
        (each * probe).sum() / probe.sum().clamp(min=1),
        _pair_loss(network, hidden, batch.pairs, good, bad),
        divergence,
    )


def _choice_loss(network: Network, hidden: Tensor, batch: Batch) -> Tensor:
    """Cross-entropy to the shares, over all that could be written: each token's share is the sum
    of those of the options that have it. 0 where nothing is chosen."""
    if not batch.choices:
        return torch.zeros(())
    at, token = batch.spelling.unbind(1)
    places, which = torch.unique(at, return_inverse=True)
    places = F.pad(places, (0, -len(places) % _ROUND))
    logits = network.logits(hidden.flatten(0, 1)[places]).float()
    spelled = logits[which, token] - logits.logsumexp(-1)[which]
    return -(batch.weights * spelled).sum() / batch.choices


def _pair_loss(network: Network, hidden: Tensor, pairs: Tensor, good: int, bad: int) -> Tensor:
    """-log P(the better one wins), as Bradley and Terry have it; 0 where nothing is compared."""
    if not len(pairs):
        return torch.zeros(())
    logits = network.logits(hidden.flatten(0, 1)[pairs]).float()  # [P, 2, vocabulary]
    better, worse = (logits[..., good] - logits[..., bad]).unbind(1)
    return -F.logsigmoid(better - worse).mean()
