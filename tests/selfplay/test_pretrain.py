"""The whole recipe at a thousandth of its size: every part runs, and the same command resumes."""

from pathlib import Path

import pytest

from reasoner import calibration
from reasoner.catalog import BUNDLED
from reasoner.errors import UsageError
from reasoner.tiny import TinyEngine
from selfplay import network as networks
from selfplay import pretrain

SCALE = 0.0005


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrain, "PROBLEMS", (("countdown", 3, 1), ("word_problems", 1, 1)))
    monkeypatch.setattr(pretrain, "ROWS", 2)


@pytest.mark.usefixtures("small")
@pytest.mark.timeout(300)  # four verifiers stand their tests first
def test_a_model_comes_out_and_a_second_run_has_nothing_to_do(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []

    def make() -> object:
        told.clear()
        report = lambda part, done, total, note: told.append((part, done, total))  # noqa: E731
        return pretrain.pretrain(tmp_path / "out", tmp_path / "work", 0, SCALE, report)

    first = make()
    assert {"imitation", "value", "roll-outs: experience"} <= {part for part, *_ in told}
    weights = (tmp_path / "out" / "model.safetensors").read_bytes()
    calibration.load(tmp_path / "out")
    TinyEngine(tmp_path / "out").close()
    assert make() == first
    assert told == [], "everything was there already"
    assert (tmp_path / "out" / "model.safetensors").read_bytes() == weights


@pytest.mark.usefixtures("small")
def test_checkpoints_of_another_seed_are_refused(tmp_path: Path) -> None:
    pretrain._claim(tmp_path, 0, 1.0, None)
    pretrain._claim(tmp_path, 0, 1.0, None)
    with pytest.raises(UsageError, match="seed 1"):
        pretrain._claim(tmp_path, 1, 1.0, None)
    with pytest.raises(UsageError, match="this base"):
        pretrain._claim(tmp_path, 0, 1.0, BUNDLED / "tiny")


@pytest.mark.usefixtures("small")
@pytest.mark.timeout(300)
def test_it_goes_on_from_a_model(tmp_path: Path) -> None:
    base = BUNDLED / "tiny"
    silent = lambda *told: None  # noqa: E731
    pretrain.pretrain(tmp_path / "out", tmp_path / "work", 0, SCALE, silent, base)
    words = "tokenizer.json"
    assert (tmp_path / "out" / words).read_bytes() == (base / words).read_bytes()
    old, new = (networks.load(folder).embed_tokens.weight for folder in (base, tmp_path / "out"))
    assert 0 < (old - new).abs().max() < 0.1, "a step or two from it"
