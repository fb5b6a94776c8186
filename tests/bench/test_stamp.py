"""Answers are reused by the very program that gave them, and by no other."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks import _report, accuracy, mcts_vs_bon
from benchmarks._report import answers, commit, temporary_home
from reasoner.agent import Reasoner
from reasoner.catalog import LOADERS, Model
from reasoner.runs import default_home
from search import BestOfN
from search.strategies import STRATEGIES
from tests.app.toy import ToyEngine


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "code.py").write_text("one")
    (tmp_path / "README.md").write_text("one")
    git(tmp_path, "init", "-q")
    save(tmp_path)
    return tmp_path


def git(root: Path, *words: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *words], cwd=root, check=True)


def save(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-qm", "x")


def test_a_changed_or_new_file_marks_the_commit(repository: Path) -> None:
    clean = commit(repository)
    assert not clean.endswith("+")
    (repository / "code.py").write_text("two")
    assert commit(repository) == clean + "+"
    save(repository)
    assert commit(repository) not in (clean, clean + "+")
    (repository / "new.py").write_text("imported, and not committed")
    assert commit(repository).endswith("+")


def test_what_benchmarks_write_is_no_change(repository: Path) -> None:
    """The second of them would else never resume, and never be stamped with a clean commit."""
    for name in ("README.md", "docs/live.svg", "benchmarks/results/engine.json"):
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text("fresh")
    assert not commit(repository).endswith("+")
    (repository / "benchmarks" / "engine.py").write_text("fresh")
    assert commit(repository).endswith("+")


def test_without_git_the_commit_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit(tmp_path) == "unknown"
    monkeypatch.setenv("PATH", "")
    assert commit(tmp_path) == "unknown"


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """``at(stamp)``: the program is that commit from now on."""
    monkeypatch.setattr(_report, "ROOT", tmp_path)
    return lambda stamp: monkeypatch.setattr(_report, "COMMIT", stamp)


def test_a_commit_finds_its_answers_again_and_no_other_does(at: Callable[[str], None]) -> None:
    at("abc")
    first = answers("accuracy")
    assert answers("accuracy") == first
    assert answers("other") != first
    at("abd")
    assert answers("accuracy") != first


@pytest.mark.parametrize("stamp", ["abc+", "unknown"])
def test_what_has_no_name_starts_afresh_each_time(at: Callable[[str], None], stamp: str) -> None:
    at(stamp)
    folders = {answers("accuracy") for _ in range(3)}
    assert len(folders) == 3
    assert all(folder.name.startswith(stamp) for folder in folders)


@pytest.mark.parametrize(
    ("module", "flags"),
    [(accuracy, ["countdown"]), (mcts_vs_bon, ["--suite", "countdown"])],
)
def test_a_new_commit_is_measured_anew_and_the_same_one_resumed(
    module: ModuleType,
    flags: list[str],
    at: Callable[[str], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = ToyEngine()
    monkeypatch.setitem(LOADERS, "toy", lambda: Model("toy", engine))
    monkeypatch.setattr(_report, "RESULTS", tmp_path)
    monkeypatch.setattr(accuracy, "BUDGETS", {"countdown": "greedy"})
    monkeypatch.setattr(accuracy, "plot", lambda reports, path: None)
    monkeypatch.setattr(mcts_vs_bon, "BUDGETS_S", (0.05,))
    monkeypatch.setitem(STRATEGIES, mcts_vs_bon.BON128, BestOfN)  # taken out again afterwards
    monkeypatch.setattr("sys.argv", ["x", *flags, "--model", "toy", "--limit", "1"])

    def asked() -> int:
        engine.requests.clear()
        module.main()
        return len(engine.requests)

    monkeypatch.setattr(Reasoner, "ask", lambda *_, **__: None)  # what warms up
    at("abc")
    assert asked() > 0
    assert asked() == 0
    at("abd")
    assert asked() > 0


@pytest.mark.parametrize("before", [None, "/somewhere"])
def test_measured_runs_are_saved_where_nobody_keeps_them(
    before: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_report, "ROOT", tmp_path)
    monkeypatch.delenv("REASONER_HOME", raising=False)
    if before is not None:
        monkeypatch.setenv("REASONER_HOME", before)
    homes: list[Path] = []

    def stopped() -> None:
        with temporary_home():
            homes.append(default_home())
            assert homes[0].is_relative_to(tmp_path)
            assert homes[0].is_dir()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert not homes[0].exists()
    assert os.environ.get("REASONER_HOME") == before
