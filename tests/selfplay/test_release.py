"""What leaves a run: its best model, and its ledger as evidence."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from reasoner.catalog import BUNDLED, fingerprint
from reasoner.cli.app import run
from selfplay.folder import Folder
from selfplay.ledger import LEDGER, Ledger
from selfplay.release import RELEASED
from selfplay.settings import Settings
from verifiers import domain, recognise
from verifiers import fingerprint as form


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run whose first generation was promoted, and whose second is being played."""
    folder, problem = tmp_path / "run", recognise("Use 4 5 6 10 to make 24")
    folder.mkdir()
    Folder(folder).adopt(BUNDLED / "tiny")
    Folder(folder).model("base").rename(Folder(folder).model("g0001"))
    ledger = Ledger(folder, Settings(model="tiny", domains=("countdown",)))
    ledger.begin(1, "base", {}, [("p", form(domain("countdown"), problem), problem)])
    ledger.advance(1, "done", verdict="promoted")
    ledger.begin(2, "g0001", {}, [])
    ledger.close()
    return folder


def bodies(folder: Path) -> list[str | None]:
    with closing(sqlite3.connect(folder / LEDGER)) as db:
        return [body for (body,) in db.execute("SELECT body FROM problem")]


def test_the_best_model_comes_with_its_evidence(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine"
    assert run(["improve", "export", str(folder), "--out", str(out)]) == 0
    assert f"copied g0001 to {out}" in capsys.readouterr().err
    assert fingerprint(out) == fingerprint(BUNDLED / "tiny")
    assert bodies(out) == [None]
    assert bodies(folder) != [None], "the run keeps what it has"
    whole = (out / LEDGER).read_bytes()
    ledger = Ledger(out)
    assert ledger.fact(RELEASED) == fingerprint(out)
    assert [g.verdict for g in ledger.generations()] == ["promoted", None]
    ledger.close()
    assert run(["improve", "status", str(out)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"best model: {out}"
    assert (out / LEDGER).read_bytes() == whole, "reading changes nothing"
    assert [f.name for f in out.glob("ledger*")] == [LEDGER]


def test_what_was_released_is_a_model_to_begin_from_and_no_run(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, again = tmp_path / "mine", tmp_path / "again"
    assert run(["improve", "export", str(folder), "--out", str(out)]) == 0
    before = sorted(out.iterdir())
    assert run(["improve", "--resume", "--out", str(out)]) == 2
    assert "exported" in capsys.readouterr().err
    assert sorted(path for path in out.iterdir() if path.name != "lock") == before
    shutil.copy(out / LEDGER, Folder(folder).model("g0001"))  # as where a run began from it
    assert run(["improve", "export", str(folder), "--out", str(again)]) == 0
    assert fingerprint(again) == fingerprint(out)


def test_nothing_is_overwritten_and_nothing_made_up(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine"
    out.mkdir()
    (out / "precious").touch()
    assert run(["improve", "export", str(folder), "--out", str(out)]) == 2
    assert "expected a new folder" in capsys.readouterr().err
    assert [f.name for f in out.iterdir()] == ["precious"]
    other = tmp_path / "other"
    assert run(["improve", "export", str(tmp_path), "--out", str(other)]) != 0
    assert "expected a run in" in capsys.readouterr().err
    Folder(folder).model("g0001").rename(tmp_path / "gone")
    assert run(["improve", "export", str(folder), "--out", str(other)]) != 0
    assert "expected the model g0001" in capsys.readouterr().err
    assert not other.exists()
