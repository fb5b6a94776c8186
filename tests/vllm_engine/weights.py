"""Other weights for the bundled model: whole folders, and adapters with what they amount to."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

RANK, LAYER = 4, "model.layers.{}.{}_proj"
TARGETS = ("self_attn.q", "self_attn.v", "mlp.down")


def changed(base: Path, folder: Path, seed: int) -> Path:
    """``base`` with noise on its matrices: another model of the same shape."""
    random = torch.Generator().manual_seed(seed)
    weights = {
        name: _noisy(tensor, random) if tensor.dim() == 2 else tensor
        for name, tensor in load_file(base / "model.safetensors").items()
    }
    return _folder(base, folder, weights)


def _noisy(tensor: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    noise = torch.randn(tensor.shape, generator=random)
    return (tensor + 0.4 * tensor.float().std() * noise).to(tensor.dtype)


def adapted(base: Path, adapter: Path, merged: Path, seed: int) -> None:
    """Writes a LoRA adapter, and ``base`` with it worked in, in float32."""
    random = torch.Generator().manual_seed(seed)
    weights = {
        name: tensor.float() for name, tensor in load_file(base / "model.safetensors").items()
    }
    parts = {}
    layers = json.loads((base / "config.json").read_text())["num_hidden_layers"]
    for name in (LAYER.format(i, target) for i in range(layers) for target in TARGETS):
        rows, columns = weights[f"{name}.weight"].shape
        down = torch.randn(RANK, columns, generator=random) * 0.1
        up = torch.randn(rows, RANK, generator=random) * 0.1
        weights[f"{name}.weight"] += up @ down  # alpha = rank: scaled by 1
        parts[f"base_model.model.{name}.lora_A.weight"] = down
        parts[f"base_model.model.{name}.lora_B.weight"] = up
    _folder(base, merged, weights)
    adapter.mkdir()
    save_file(parts, adapter / "adapter_model.safetensors")
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": str(base),
        "r": RANK,
        "lora_alpha": RANK,
        "target_modules": sorted({target.split(".")[1] + "_proj" for target in TARGETS}),
    }
    (adapter / "adapter_config.json").write_text(json.dumps(config))


def _folder(base: Path, folder: Path, weights: dict[str, torch.Tensor]) -> Path:
    folder.mkdir()
    for path in base.iterdir():
        if path.name != "model.safetensors":
            shutil.copy(path, folder)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder
