"""Benchmarks of the defaults save their runs, as the defaults do: each main, made tiny."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks import _report, deadlines, memory, occupancy
from reasoner.catalog import LOADERS, Model
from reasoner.runs import Store
from reasoner.tiny import TinyEngine
from tests.app.toy import ToyEngine
from tests.engine.conftest import write_model

Measure = Callable[..., Path]


@pytest.fixture
def measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Measure:
    """``measure(module, *flags)``: run its ``main``; the home in which it saved."""
    monkeypatch.setenv("REASONER_HOME", str(tmp_path / "mine"))
    monkeypatch.setattr(_report, "RESULTS", tmp_path)
    monkeypatch.setattr(_report, "ROOT", tmp_path)
    monkeypatch.setitem(LOADERS, "toy", lambda: Model("toy", ToyEngine(0.005)))

    @contextmanager
    def home() -> Iterator[None]:
        with monkeypatch.context() as patch:
            patch.setenv("REASONER_HOME", str(tmp_path / "theirs"))
            yield

    def run(module: ModuleType, *flags: str) -> Path:
        monkeypatch.setattr(module, "temporary_home", home)
        monkeypatch.setattr("sys.argv", [module.__name__, *flags])
        module.main()
        assert not (tmp_path / "mine").exists()
        return tmp_path / "theirs"

    return run


def test_deadlines(measure: Measure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "LONGEST_S", 0.1)
    home = measure(deadlines, "--model", "toy", "--asks", "2")
    assert len(Store(home).ids()) == 2


def test_memory(measure: Measure) -> None:
    home = measure(memory, "--model", "toy", "--seconds", "0.2")
    assert len(Store(home).ids()) == 1


def test_occupancy(measure: Measure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_model(tmp_path / "model")
    monkeypatch.setitem(LOADERS, "random", lambda: Model("random", TinyEngine(folder, threads=1)))
    monkeypatch.setattr(occupancy, "WIDTHS", (2,))
    monkeypatch.setattr(occupancy, "ROUNDS", 1)
    home = measure(occupancy, "--model", "random", "--seconds", "0.3")
    assert len(Store(home).ids()) == 1  # warming up is not measured
    outside = json.loads((tmp_path / "occupancy.json").read_text())["measured"]["outside"]
    assert max(outside["decoder"], outside["model"]) < 1  # both clocks ran
    assert outside["network"] <= outside["network_cpu"] + 0.01  # waiting takes no processor time
    assert outside["model"] < outside["network"]
