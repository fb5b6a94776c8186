"""Champions that are damaged or not wanted: the run goes on from the one before."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reasoner.catalog import BUNDLED
from reasoner.cli.app import run
from reasoner.errors import RunError
from selfplay.entries import Bout
from selfplay.folder import Folder
from selfplay.ledger import Ledger
from selfplay.loop import improve
from selfplay.rollback import mend, roll_back
from selfplay.status import champion
from tests.selfplay.crew import Crew, ExpertEngine, Quiet
from tests.selfplay.improve_cli import SETTINGS

WEIGHTS = "model.safetensors"
BOUT = Bout("policy", 0, "countdown", 4, True, True, 9)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Two promotions, a rejection, and a duel under way; all models are there."""
    ledger = Ledger(tmp_path, SETTINGS)
    ledger.begin(0, "base", {}, [])
    ledger.advance(0, "done")
    ends = (("base", "promoted"), ("g0001", "promoted"), ("g0002", "rejected"), ("g0002", None))
    for number, (before, verdict) in enumerate(ends, 1):
        ledger.begin(number, before, {}, [])
        ledger.add_bouts(number, [BOUT])
        ledger.advance(number, "done" if verdict else "duel", verdict=verdict)
    for name in ("base", "g0001", "g0002", "g0004"):
        shutil.copytree(BUNDLED / "tiny", tmp_path / "models" / name)
    yield ledger
    ledger.close()


def test_the_champion_before_takes_over_and_bouts_against_the_other_are_void(
    ledger: Ledger,
) -> None:
    assert champion(ledger) == "g0002"
    assert roll_back(ledger, "by hand") == champion(ledger) == "g0001"
    *_, second, third, now = ledger.generations()
    assert (second.verdict, second.note) == ("taken back", "by hand")
    assert third.champion == "g0002", "what was, was"
    assert (now.champion, now.stage, ledger.bouts(4)) == ("g0001", "duel", [])
    assert ledger.bouts(3) == [BOUT]
    assert roll_back(ledger, "by hand") == champion(ledger) == "base"


def test_a_damaged_champion_is_passed_over_and_a_damaged_challenger_trained_again(
    ledger: Ledger, tmp_path: Path
) -> None:
    said: list[str] = []
    folder = Folder(tmp_path)
    mend(folder, ledger, said.append)
    assert not said, "nothing is wrong"
    assert ledger.bouts(4) == [BOUT]
    (folder.model("g0004") / WEIGHTS).write_bytes(b"half of it")
    shutil.rmtree(folder.model("g0002"))
    mend(folder, ledger, said.append)
    assert champion(ledger) == "g0001"
    assert ledger.generations()[-1].stage == "train"
    assert ledger.bouts(4) == []
    assert not folder.model("g0004").exists()
    assert [line.partition(" can not")[0] for line in said] == [
        "the champion g0002", "the challenger g0004"
    ]  # fmt: skip


def test_without_a_base_there_is_nothing_to_go_back_to(ledger: Ledger, tmp_path: Path) -> None:
    for weights in (tmp_path / "models").glob(f"*/{WEIGHTS}"):
        weights.write_bytes(b"")
    with pytest.raises(RunError, match="begin a new run"):
        mend(Folder(tmp_path), ledger, lambda line: None)


def test_a_run_whose_champion_was_damaged_goes_on(tmp_path: Path) -> None:
    crew = Crew(lambda folder: ExpertEngine(1.0 if folder.endswith("g0001") else 0.3))
    assert improve(tmp_path, BUNDLED / "tiny", SETTINGS, lambda: crew, Quiet(), generations=1)
    (tmp_path / "models" / "g0001" / WEIGHTS).write_bytes(b"")
    audience = Quiet()
    assert improve(tmp_path, BUNDLED / "tiny", SETTINGS, lambda: crew, audience, generations=2)
    assert "going back to base" in audience.lines[0]
    ledger = Ledger(tmp_path)
    _, first, second = ledger.generations()
    ledger.close()
    assert (first.verdict, second.champion) == ("taken back", "base")


def test_the_command(ledger: Ledger, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["improve", "rollback", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("models/g0001")
    assert run(["improve", "rollback", str(tmp_path)]) == 0
    assert run(["improve", "rollback", str(tmp_path)]) == 2
    assert "found none: the base is the champion" in capsys.readouterr().err
