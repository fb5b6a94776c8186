"""Low-rank adapters: train a few numbers beside each matrix instead of the matrix (LoRA)."""

from __future__ import annotations

from importlib.util import find_spec

import torch

from reasoner.errors import ReasonerError

from .network import Network

_MATRICES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
_BASE = ".base_layer"


def need_peft() -> None:
    """Raises :class:`ReasonerError` without peft."""
    if find_spec("peft") is None:
        raise ReasonerError(
            "expected peft for --lora, found none; run: pip install 'system2-reasoner[lora]'"
        )


def adapt(network: Network, rank: int, seed: int) -> None:
    """Freeze the network and put trainable adapters beside its matrices, in place.

    Raises :class:`ReasonerError` without peft.
    """
    need_peft()
    from peft import LoraConfig, inject_adapter_in_model

    torch.manual_seed(seed)
    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=_MATRICES)
    inject_adapter_in_model(config, network)


def merged(network: Network) -> Network:
    """A plain network of the same function: each adapter added to its matrix."""
    from peft.tuners.lora import LoraLayer

    for module in network.modules():
        if isinstance(module, LoraLayer):
            module.merge()
    plain = Network(network.shape)
    plain.load_state_dict(
        {k.replace(_BASE, ""): v for k, v in network.state_dict().items() if "lora_" not in k}
    )
    return plain
