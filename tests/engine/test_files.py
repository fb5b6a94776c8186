"""Damaged, missing and foreign model files: one clear error each, at once."""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from reasoner.checkpoint import read_tensors
from reasoner.errors import ModelError
from reasoner.tiny import TinyEngine

from .conftest import write_tokenizer


@pytest.fixture
def folder(model_dir: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model_dir, tmp_path / "copy"))


def fails(folder: Path, message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        TinyEngine(folder, threads=1)
    assert "\n" not in str(caught.value)


def test_tensors_are_those_of_the_library(model_dir: Path) -> None:
    path = model_dir / "model.safetensors"
    expected = load_file(path)
    found = read_tensors(path)
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_missing_or_empty_file(name: str, folder: Path) -> None:
    (folder / name).write_bytes(b"")
    fails(folder, name)
    (folder / name).unlink()
    fails(folder, name)


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.5, 0.999])
def test_truncated_weights(share: float, folder: Path) -> None:
    path = folder / "model.safetensors"
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    fails(folder, "damaged")


def tampered(data: bytes, change: Any) -> bytes:
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data[8 + length :]


NORM = "model.norm.weight"


@pytest.mark.parametrize(
    "change",
    [
        lambda header: header[NORM].update(data_offsets=[-128, 0]),
        lambda header: header[NORM].update(data_offsets=[0, 1 << 40]),
        lambda header: header[NORM].update(data_offsets="ab"),
        lambda header: header[NORM].update(dtype="F64"),
        lambda header: header[NORM].update(shape=[-64]),
        lambda header: header[NORM].update(shape=[1 << 30]),
        lambda header: header.update({NORM: 7}),
    ],
)
def test_headers_that_lie(change: Any, folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(tampered(path.read_bytes(), change))
    fails(folder, "damaged")


def test_garbage_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\xff" * 1000)
    fails(folder, "damaged")
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", 3) + b"[1]")
    fails(folder, "damaged")


def test_weights_that_are_not_numbers(folder: Path) -> None:
    path = folder / "model.safetensors"
    tensors = load_file(path)
    tensors[NORM][3] = float("nan")
    save_file(tensors, path)
    fails(folder, "not finite")


def test_weights_of_another_model(folder: Path) -> None:
    path = folder / "model.safetensors"
    tensors = load_file(path)
    save_file({k: v for k, v in tensors.items() if k != NORM}, path)
    fails(folder, r"model.norm.weight of shape \(64,\).*found nothing")
    save_file(tensors | {NORM: tensors[NORM][:32].clone()}, path)
    fails(folder, r"found shape \(32,\)")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "mamba"}, "'mamba'"),
        ({"hidden_act": "gelu"}, "hidden_act"),
        ({"attention_bias": True}, "attention_bias"),
        ({"rope_scaling": {"rope_type": "yarn", "factor": 4.0}}, "rope_type"),
        ({"hidden_size": None}, "complete"),
        ({"num_attention_heads": 0}, "complete Llama.*num_attention_heads of 0"),
        ({"num_hidden_layers": 0}, "nothing in layers"),
        ({"num_key_value_heads": 3}, "for 3 keys"),
        ({"max_position_embeddings": float("inf")}, "complete"),
        ({"rope_parameters": [1]}, r"rope parameters \[1\]"),
        ({"rope_scaling": "linear"}, "rope parameters 'linear'"),
    ],
)
def test_architectures_that_we_do_not_run(
    change: dict[str, Any], message: str, folder: Path
) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    fails(folder, message)


def test_config_that_is_no_object(folder: Path) -> None:
    (folder / "config.json").write_text("[]")
    fails(folder, "'list'")


def test_a_tokenizer_without_the_value_token(folder: Path) -> None:
    write_tokenizer(folder / "tokenizer.json", ("<pad>", "<end>", "<good>", "<bad>", "<other>"))
    fails(folder, "found no <value>")


def test_a_tokenizer_larger_than_the_model(folder: Path) -> None:
    more = ("<pad>", "<end>", "<value>", "<good>", "<bad>", "<more>")
    write_tokenizer(folder / "tokenizer.json", more)
    fails(folder, "same model")


def test_an_unknown_dtype(model_dir: Path) -> None:
    with pytest.raises(ModelError, match="'int3'"):
        TinyEngine(model_dir, dtype="int3")


def test_a_dtype_that_the_processor_does_not_know(
    model_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without AVX-512 the matrices can not even be packed."""
    monkeypatch.setattr("reasoner.tiny.knows_bfloat16", lambda: False)
    with pytest.raises(ModelError, match="leave dtype out"):
        TinyEngine(model_dir, dtype="bfloat16")
