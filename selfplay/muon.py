"""Muon: for matrices, a step whose singular values are all alike.

Jordan et al. 2024, sized as Adam's steps are (Liu et al. 2025, arXiv 2502.16982).
``torch.optim.Muon`` does the same, but always in bfloat16, which takes a processor that does not
know it fifty times as long as float32.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor

_ITERATIONS = 5
_A, _B, _C = 3.4445, -4.775, 2.0315  # of the quintic, by Jordan
_TINY = 1e-7


class Muon(torch.optim.Optimizer):
    """``params``: matrices. ``dtype``: what the matrices are multiplied in."""

    def __init__(
        self,
        params: Iterable[torch.nn.Parameter],
        lr: float,
        weight_decay: float = 0.0,
        momentum: float = 0.95,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})
        self._dtype = dtype

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            rate, momentum = group["lr"], group["momentum"]
            for matrix in group["params"]:
                if matrix.grad is None:
                    continue
                state = self.state[matrix]
                if not state:
                    state["momentum_buffer"] = torch.zeros_like(matrix)
                moving = state["momentum_buffer"].lerp_(matrix.grad, 1 - momentum)
                step = orthogonal(matrix.grad.lerp(moving, momentum), self._dtype)
                matrix.mul_(1 - rate * group["weight_decay"])
                matrix.add_(step.to(matrix.dtype), alpha=-rate * 0.2 * math.sqrt(max(matrix.shape)))


def orthogonal(matrix: Tensor, dtype: torch.dtype) -> Tensor:
    """U V^T of the matrix's U S V^T, nearly: by five Newton-Schulz iterations, which bring every
    singular value to between 0.5 and 1.5. In ``dtype``."""
    x = matrix.to(dtype)
    wide = x if x.shape[0] <= x.shape[1] else x.T
    wide = wide / wide.norm().clamp(min=_TINY)
    for _ in range(_ITERATIONS):
        gram = wide @ wide.T
        wide = torch.addmm(wide, torch.addmm(gram, gram, gram, beta=_B, alpha=_C), wide, beta=_A)
    return wide if x.shape[0] <= x.shape[1] else wide.T
