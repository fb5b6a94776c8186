"""A Llama decoder for the CPU, in few and large torch operations.

What makes it fast: weights packed once for oneDNN with the residual add, SiLU and gate product
fused behind the matrix product; norm weights folded into the next matrix; the query heads of one
key-value head handled as rows of one small product (Ainslie et al. 2023, arXiv 2305.13245); what
all rows begin with looked at once for all of them (Juravsky et al. 2024, arXiv 2402.05099); and the
whole pass compiled by TorchScript, so that Python is entered, and its lock taken, once.

Shapes: B rows, S new tokens a row, V vocabulary, H hidden, W rows of storage, G key-value heads,
Q query heads for each of them, D head size, T tokens of storage a row, L layers.
"""

# No `from __future__ import annotations`: TorchScript reads the annotations below.

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from .checkpoint import LlamaConfig, read_config, read_tensors
from .errors import ModelError

PACKED = hasattr(torch.ops.mkldnn, "_linear_pointwise")
_TYPICAL_ROWS = 64  # weights are packed for about so many rows; any number works


def _linear(x: Tensor, weight: Tensor) -> Tensor:
    return torch.ops.mkldnn._linear_pointwise(x, weight, None, "none", [], "")  # type: ignore[no-any-return]


def _linear_plus(x: Tensor, weight: Tensor, residual: Tensor) -> Tensor:
    return torch.ops.mkldnn._linear_pointwise(x, residual, weight, None, "add")  # type: ignore[no-any-return]


def _gated(x: Tensor, gate: Tensor, up: Tensor) -> Tensor:
    opened = torch.ops.mkldnn._linear_pointwise(x, gate, None, "swish", [], "")
    return torch.ops.mkldnn._linear_pointwise(x, opened, up, None, "mul")  # type: ignore[no-any-return]


def _pack(weight: Tensor) -> Tensor:
    return torch.ops.mkldnn._reorder_linear_weight(weight, _TYPICAL_ROWS)  # type: ignore[no-any-return]


if not PACKED:

    def _linear(x: Tensor, weight: Tensor) -> Tensor:
        return F.linear(x, weight)

    def _linear_plus(x: Tensor, weight: Tensor, residual: Tensor) -> Tensor:
        return residual + F.linear(x, weight)

    def _gated(x: Tensor, gate: Tensor, up: Tensor) -> Tensor:
        return F.silu(F.linear(x, gate)) * F.linear(x, up)

    def _pack(weight: Tensor) -> Tensor:
        return weight.contiguous()


def _forward(
    tokens: Tensor,  # int64 [B, S]
    positions: Tensor,  # int64 [B, S]; where in its row each token is stored
    keys: Tensor,  # float [L, W, G, T, D]; rows 0..B-1 are read and written
    values: Tensor,  # the same
    span: int,  # storage positions 0..span-1 can be looked at
    shared: int,  # of these, so many hold the same tokens in every row; only if S is 1
    embedding: Tensor,  # [V, H]
    rope: Tensor,  # float [positions, 2, 1, D]: cosine, signed sine
    layers: list[tuple[Tensor, Tensor, Tensor, Tensor, Tensor]],  # qkv, out, gate, up, down
    eps: float,
) -> Tensor:
    """Store the tokens' keys and values; return their normalised hidden states [B * S, H].

    Storage past a row's last token may hold anything finite: it is masked until overwritten.
    """
    rows, new = tokens.size(0), tokens.size(1)
    count = rows * new
    heads, length, size = keys.size(2), keys.size(3), keys.size(4)
    x = embedding.index_select(0, tokens.reshape(-1))
    hidden = x.size(1)
    table = rope.index_select(0, positions.reshape(-1))
    cosine, sine = table[:, 0], table[:, 1]  # [B * S, 1, D]
    lane = torch.arange(rows * heads).view(rows, heads, 1) * length
    target = (lane + positions.reshape(rows, 1, new)).view(-1)  # [B * G * S]
    ahead = torch.arange(span) > positions.reshape(rows, 1, new, 1, 1)
    queries = layers[0][0].size(0) // size - 2 * heads
    share = queries // heads
    repeat = 1 if new == 1 else share
    mask = torch.zeros(1).masked_fill(ahead, float("-inf"))
    mask = mask.expand(rows, heads, new, repeat, span).reshape(rows * heads, new * repeat, span)
    own_mask = mask[:, :, shared:]
    scale = size**-0.5
    for i, (qkv_weight, out_weight, gate_weight, up_weight, down_weight) in enumerate(layers):
        normal = F.rms_norm(x, (hidden,), None, eps)
        qkv = _linear(normal, qkv_weight).float().view(count, queries + 2 * heads, size)
        qk = qkv[:, : queries + heads]
        qk = torch.addcmul(qk * cosine, qk.roll(size // 2, -1), sine)
        q, k, v = qk[:, :queries], qk[:, queries:], qkv[:, queries + heads :]
        if new > 1:  # from token-major to head-major
            k = k.view(rows, new, heads, size).transpose(1, 2)
            v = v.view(rows, new, heads, size).transpose(1, 2)
            q = q.view(rows, new, heads, share, size).transpose(1, 2)
        key, value = keys[i].view(-1, size), values[i].view(-1, size)
        key.index_copy_(0, target, k.reshape(-1, size))
        value.index_copy_(0, target, v.reshape(-1, size))
        key = key.view(-1, length, size)[: rows * heads, :span]
        value = value.view(-1, length, size)[: rows * heads, :span]
        q = q.reshape(rows * heads, new * share, size)
        if shared == 0:
            scores = torch.baddbmm(mask, q, key.transpose(1, 2), alpha=scale)
            mixed = torch.bmm(scores.softmax(-1), value)
        else:  # what all rows share is read once, for all queries in one product
            q_all = q.view(rows, heads, share, size).transpose(0, 1).reshape(heads, -1, size)
            scores = torch.bmm(q_all, keys[i, 0, :, :shared].transpose(1, 2)) * scale
            scores = scores.view(heads, rows, share, shared).transpose(0, 1)
            late = torch.baddbmm(own_mask, q, key[:, shared:].transpose(1, 2), alpha=scale)
            scores = torch.cat((scores.reshape(-1, share, shared), late), -1).softmax(-1)
            first = scores[:, :, :shared].reshape(rows, heads, share, shared).transpose(0, 1)
            mixed = torch.bmm(first.reshape(heads, -1, shared), values[i, 0, :, :shared])
            mixed = mixed.view(heads, rows, share, size).transpose(0, 1).reshape(-1, share, size)
            mixed = torch.baddbmm(mixed, scores[:, :, shared:], value[:, shared:])
        if new > 1:
            mixed = mixed.view(rows, heads, new, share, size).transpose(1, 2)
        mixed = mixed.reshape(count, queries * size).to(x.dtype)
        x = _linear_plus(mixed, out_weight, x)
        normal = F.rms_norm(x, (hidden,), None, eps)
        x = _linear_plus(_gated(normal, gate_weight, up_weight), down_weight, x)
    return F.rms_norm(x, (hidden,), None, eps)


def choose(
    logits: Tensor,  # float [R, V]
    temperatures: Tensor,  # float [R]; 0 is greedy
    rows: Tensor,  # int64 [M]: the row each sample is drawn from
    uniforms: Tensor,  # float [M] in [0, 1)
    plain: bool,  # all temperatures are 1
) -> tuple[Tensor, Tensor]:
    """Draw M samples by inverse transform: tokens [M], log-probabilities at temperature 1 [M]."""
    chances = logits.softmax(-1)
    tilted = chances
    if not plain:
        tilted = (logits / temperatures.clamp(min=1e-4).unsqueeze(1)).softmax(-1)
    edges = tilted.cumsum(-1)
    if rows.size(0) != edges.size(0):
        edges = edges.index_select(0, rows)
        chances = chances.index_select(0, rows)
    # Just under the total, so that rounding can never pick a token of no probability.
    points = uniforms.unsqueeze(1) * (edges[:, -1:] * (1 - 1e-6))
    tokens = torch.searchsorted(edges, points, right=True)
    if not plain:
        greedy = temperatures.index_select(0, rows) == 0
        best = logits.argmax(-1).index_select(0, rows)
        tokens = torch.where(greedy.unsqueeze(1), best.unsqueeze(1), tokens)
    return tokens.reshape(-1), chances.gather(1, tokens).log().view(-1)


@cache
def _compiled() -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the deprecation of torch.jit; the torch pin is exact
        return torch.jit.script(_forward), torch.jit.script(choose), torch.jit.script(_linear)


def knows_bfloat16() -> bool:
    """Whether a model can be held in bfloat16 at all on this processor, fast or not."""
    return not PACKED or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def fastest_dtype() -> torch.dtype:
    """bfloat16 where the processor multiplies it natively, else float32."""
    found: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return torch.bfloat16 if found.get("avx512_bf16") or found.get("amx_bf16") else torch.float32


@contextmanager
def _one_thread() -> Iterator[None]:
    """Loading is many small steps: waking helpers for each costs more, much more on a busy CPU."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Llama:
    """Weights of one model, ready to run. Not thread-safe in its storage; one caller at a time."""

    kv_dtype = torch.float32

    @_one_thread()
    def __init__(self, folder: Path, dtype: torch.dtype | None = None) -> None:
        """Load ``folder``; raises :class:`ModelError`. ``dtype``: None for the fastest here."""
        self.config = config = read_config(folder)
        self.dtype = dtype or fastest_dtype()
        self._tensors = read_tensors(folder / "model.safetensors")
        self._folder = folder
        kv = config.kv_heads * config.head_dim
        shape = {"q": config.heads * config.head_dim, "k": kv, "v": kv}
        hidden, ffn = config.hidden, config.ffn
        layers = []
        for i in range(config.layers):
            at = f"model.layers.{i}."
            before = self._weight(at + "input_layernorm", hidden)
            after = self._weight(at + "post_attention_layernorm", hidden)
            qkv = [
                self._weight(f"{at}self_attn.{n}_proj", rows, hidden) for n, rows in shape.items()
            ]
            layers.append(
                (
                    _pack((torch.cat(qkv) * before).to(self.dtype)),
                    _pack(self._weight(at + "self_attn.o_proj", hidden, shape["q"]).to(self.dtype)),
                    _pack((self._weight(at + "mlp.gate_proj", ffn, hidden) * after).to(self.dtype)),
                    _pack((self._weight(at + "mlp.up_proj", ffn, hidden) * after).to(self.dtype)),
                    _pack(self._weight(at + "mlp.down_proj", hidden, ffn).to(self.dtype)),
                )
            )
        self._layers = layers
        embedding = self._weight("model.embed_tokens", config.vocab, hidden)
        head = embedding if config.tied else self._weight("lm_head", config.vocab, hidden)
        self._embedding = embedding.to(self.dtype)
        self._head_rows = head * self._weight("model.norm", hidden)  # float [V, H]
        self._head = _pack(self._head_rows.to(self.dtype))
        self._rope = _rope_table(config)
        self._forward, self._choose, self._linear = _compiled()
        del self._tensors

    def _weight(self, name: str, *shape: int) -> Tensor:
        """One tensor in float32, checked."""
        found = self._tensors.get(name + ".weight")
        if found is None or tuple(found.shape) != shape:
            got = "nothing" if found is None else f"shape {tuple(found.shape)}"
            raise ModelError(
                f"expected {name}.weight of shape {shape} in {self._folder / 'model.safetensors'}, "
                f"found {got}; config.json and the weights must come from the same model"
            )
        return found.float()

    def forward(
        self,
        tokens: Tensor,
        positions: Tensor,
        keys: Tensor,
        values: Tensor,
        span: int,
        shared: int = 0,
    ) -> Tensor:
        """See :func:`_forward`: stores keys and values, returns hidden states [B * S, H]."""
        return self._forward(  # type: ignore[no-any-return]
            tokens,
            positions,
            keys,
            values,
            span,
            shared,
            self._embedding,
            self._rope,
            self._layers,
            self.config.norm_eps,
        )

    def logits(self, hidden: Tensor) -> Tensor:
        """Hidden states [N, H] to logits [N, V], float32."""
        return self._linear(hidden, self._head).float()  # type: ignore[no-any-return]

    def logits_of(self, hidden: Tensor, tokens: Tensor) -> Tensor:
        """Logits [N, len(tokens)] of a few tokens, in full precision."""
        return hidden.float() @ self._head_rows[tokens].T

    def choose(
        self, logits: Tensor, temperatures: Tensor, rows: Tensor, uniforms: Tensor, plain: bool
    ) -> tuple[Tensor, Tensor]:
        """See :func:`choose`: tokens [M] and their log-probabilities [M]."""
        return self._choose(logits, temperatures, rows, uniforms, plain)  # type: ignore[no-any-return]


def _rope_table(config: LlamaConfig) -> Tensor:
    """[context, 2, 1, D]; the sine is negative in its first half (rotate-half form)."""
    half = torch.arange(0, config.head_dim, 2).float() / config.head_dim
    angles = torch.outer(torch.arange(config.context).float(), config.rope_theta**-half)
    cosine, sine = angles.cos(), angles.sin()
    both = torch.stack((torch.cat((cosine, cosine), -1), torch.cat((-sine, sine), -1)), 1)
    return both.unsqueeze(2)
