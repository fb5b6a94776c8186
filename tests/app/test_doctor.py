"""``reasoner doctor``: each part is tried, one broken part hides no other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reasoner import doctor as machine
from reasoner.cli import app
from reasoner.doctor import Finding, State, disk, engines, examine_machine, ray, sandbox
from verifiers.sandbox import SandboxUnavailable
from verifiers.sandbox.probe import Row


@pytest.fixture
def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """No model is loaded and nothing is attacked."""
    for name in ("model", "gpu", "sandbox"):
        monkeypatch.setattr(machine, name, lambda name=name: iter([Finding(name, "", State.OK)]))


def run(*args: str) -> int:
    return app.run(["doctor", *args])


def test_every_part_has_a_line(home: Path, calm: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["broken"] == 0
    parts = {finding["part"] for finding in report["findings"]}
    assert parts == {"engines", "model", "gpu", "ray", "disk", "sandbox"}


def test_a_table_for_people(home: Path, calm: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    out = capsys.readouterr().out
    assert "temporary files" in out
    assert "all that is here works" in out


def test_one_broken_part_hides_no_other(
    home: Path, calm: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def gpu() -> Iterator[Finding]:
        raise RuntimeError("a driver of\x1b[2J long ago")

    monkeypatch.setattr(machine, "gpu", gpu)
    found = {finding.part: finding for finding in examine_machine()}
    assert found["gpu"].state is State.BROKEN
    assert found["sandbox"].state is State.OK
    assert run() == 1
    assert "\x1b[2J" not in capsys.readouterr().out


def test_an_attack_that_succeeds_breaks_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    class Opened:
        backend = "bubblewrap"

        def close(self) -> None: ...

    monkeypatch.setattr("verifiers.sandbox.Sandbox", Opened)
    rows = (Row("the network", True, "ok"), Row("devices", False, "ESCAPED mem"))
    monkeypatch.setattr("verifiers.sandbox.probe.probe", lambda backend: rows)
    states = {finding.name: finding.state for finding in sandbox()}
    assert states == {
        "bubblewrap": State.OK,
        "the network": State.OK,
        "devices": State.BROKEN,
    }


def test_no_sandbox_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise SandboxUnavailable("run: apt-get install bubblewrap")

    monkeypatch.setattr("verifiers.sandbox.Sandbox", none)
    (found,) = sandbox()
    assert found.state is State.MISSING
    assert "apt-get install bubblewrap" in found.detail


def test_a_folder_that_can_not_be_written(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.parent.mkdir(exist_ok=True)
    home.write_text("a file where the folder goes")
    found = {finding.name: finding for finding in disk()}
    assert found["runs"].state is State.BROKEN
    assert "REASONER_HOME" in found["runs"].detail
    assert found["temporary files"].state is State.OK


def test_little_room_is_broken(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "LEAST_FREE", 1 << 80)
    assert {finding.state for finding in disk()} == {State.BROKEN}


def test_a_missing_package_names_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise machine.PackageNotFoundError(name)

    monkeypatch.setattr(machine, "version", missing)
    found = [*engines(), *ray()]
    assert {finding.state for finding in found} == {State.MISSING}
    assert all("pip install" in finding.detail for finding in found)
