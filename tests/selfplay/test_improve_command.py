"""``reasoner improve``: bad input is one line, status and report read what a run wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoner.catalog import BUNDLED
from reasoner.cli.app import run
from selfplay.entries import Bout
from selfplay.estimate import LEAST, Cost
from selfplay.ledger import Ledger
from selfplay.settings import Settings

SLOW = Cost(problem_s=0.3, step_s=3.0, arena_s=600.0, trace_bytes=1.0, lesson_bytes=1.0)


@pytest.mark.parametrize(
    ("args", "code", "complaint"),
    [
        (["--domains", "chess"], 2, "no domain is called 'chess'"),
        (["--domains", "general"], 2, "nothing to learn from"),
        (["--domains", ","], 2, "found none"),
        (["--model", "http://localhost:8000/v1"], 5, "can not be trained"),
        (["--model", "/nowhere"], 5, "no model '/nowhere'"),
        (["--minutes", "0"], 2, "above 0"),
        (["--hours", "-1"], 2, "above 0"),
        (["--generations", "0"], 2, "at least 1"),
        (["--think", "0s"], 2, "--think"),
        (["--ray-address", "auto"], 2, "expected --workers at least 1"),
        (["--resume"], 1, "found none"),
        (["rollback", "/nowhere"], 1, "found none"),
        (["status", "/nowhere"], 1, "found none"),
        (["report", "/nowhere", "--html", "r.html"], 1, "found none"),
        (["report", "/nowhere", "--html"], 1, "found none"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    args: list[str],
    code: int,
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["improve", *args]) == code
    message = capsys.readouterr().err
    assert complaint in message
    assert message.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert run(["improve", "--out", str(tmp_path / "file")]) == 2
    assert "expected --out a folder, found the file" in capsys.readouterr().err


def test_adapters_need_their_library_before_anything_is_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("selfplay.adapters.find_spec", lambda name: None)
    assert run(["improve", "--lora", "4", "--out", str(tmp_path / "out")]) == 1
    assert "pip install" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_model_of_another_kind_can_not_be_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    assert run(["improve", "--model", str(tmp_path), "--out", str(tmp_path / "out")]) == 5
    assert "model_type" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """A run of two generations, as far as its ledger knows."""
    (tmp_path / "models").mkdir()
    ledger = Ledger(tmp_path, Settings(model="<b>tiny</b>", domains=("countdown",)))
    ledger.begin(0, "base", {}, [])
    ledger.advance(0, "done")
    for number, verdict in ((1, "promoted"), (2, "rejected")):
        ledger.begin(number, "base" if number == 1 else "g0001", {}, [])
        ledger.add_bouts(
            number,
            [
                Bout(arm, i, "countdown", 4, i < 20 + 5 * k, i < 30 + 5 * k, 50)
                for k, arm in enumerate(("policy", "small", "large"))
                for i in range(60)
            ],
        )
        ledger.spend(number, "play", 60.0)
        ledger.advance(number, "done", verdict=verdict, note="because", trained={"steps": 10})
    ledger.close()
    return tmp_path


def test_status_names_the_best_model(told: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["improve", "status", str(told)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "generation 1: " in lines[1]
    assert "policy 33.3 -> 50.0 % of 60 (+16.7 ± 9.4)" in lines[1]
    assert "large 50.0 -> 66.7 % of 60" in lines[1]
    assert "promoted (because)" in lines[1]
    assert lines[-1].endswith("models/g0001")


def test_the_report_is_drawn_and_needs_nothing(told: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    page = tmp_path / "r.html"
    assert run(["improve", "report", str(told), "--html", str(page)]) == 0
    text = page.read_text("utf-8")
    assert text.count("<svg") == 5, "accuracy, Elo, gap and transfer, solve rates, time and tokens"
    assert "<script" not in text
    assert "<b>tiny" not in text, "text of the run is text on the page"
    assert not any(f'{attribute}="http' in text for attribute in ("src", "href"))
    assert "<td>16.7 %</td><td>+1.00</td><td>promoted</td>" in text, "gap and transfer"
    assert "<td>33.3 % → 50.0 % of 60</td>" in text, "System 1, family by family"
    assert run(["improve", "report", str(told), "--html"]) == 0
    assert "<svg" in (told / "report.html").read_text("utf-8")


def test_a_problem_may_be_thought_about_for_longer_than_a_lease(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leases: list[float] = []
    hire = lambda count, lease_s, address: leases.append(lease_s)  # noqa: E731
    monkeypatch.setattr("selfplay.workers.workers", hire)
    monkeypatch.setattr("selfplay.loop.improve", lambda *args, **_: args[3]() or True)
    run(["improve", "--think", "300s", "--out", str(tmp_path)])
    assert leases[0] > 300


def test_when_time_is_up_the_command_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same command would stop again at once: its time is what all sittings have together."""
    monkeypatch.setattr("selfplay.loop.improve", lambda *args, **_: False)
    monkeypatch.setattr("selfplay.estimate.measure", lambda *_: SLOW)
    run(["improve", "--minutes", "1", "--out", str(tmp_path)])
    assert "with more --minutes" in capsys.readouterr().err


def test_a_short_run_has_generations_that_fit_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The arena alone takes 10 of these 30 minutes: two full generations would take hours, and
    none of them would come to a verdict."""
    begun: list[Settings] = []
    monkeypatch.setattr("selfplay.loop.improve", lambda *args, **_: begun.append(args[2]) or True)
    monkeypatch.setattr("selfplay.estimate.measure", lambda *_: SLOW)
    run(["improve", "--minutes", "30", "--out", str(tmp_path / "short")])
    run(["improve", "--hours", "8", "--out", str(tmp_path / "long")])
    short, long = begun
    assert SLOW.generation_s(short) < 30 * 60
    assert long == Settings(model="tiny", domains=("countdown", "equations"))


@given(
    st.floats(0.001, 10), st.floats(0.01, 100), st.floats(0.1, 10_000), st.floats(1, 1_000_000)
)  # fmt: skip
def test_sizes_fit_the_time_and_are_never_nothing(
    problem_s: float, step_s: float, arena_s: float, seconds: float
) -> None:
    usual = Settings(model="tiny", domains=("countdown",))
    cost = Cost(problem_s, step_s, arena_s, 1.0, 1.0)
    share = cost.share(usual, seconds)
    assert LEAST <= share <= 1
    many = seconds / cost.generation_s(usual.scaled(share))
    assert many >= 1.9 or share <= 2 * LEAST + 1e-9  # two fit, or there is little to make smaller
    assert many <= 2.5 or share == 1  # and no time is left over


def test_a_run_that_goes_on_keeps_its_sizes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Settings] = []
    monkeypatch.setattr("selfplay.loop.improve", lambda *args, **_: begun.append(args[2]) or True)
    monkeypatch.setattr("selfplay.estimate.measure", lambda *_: pytest.fail("measured again"))
    settings = Settings(model="tiny", domains=("countdown", "equations"), problems=123)
    Ledger(tmp_path, settings).close()
    run(["improve", "--minutes", "30", "--resume", "--out", str(tmp_path)])
    assert begun == [settings]
    run(["improve", "--minutes", "30", "--out", str(tmp_path)])


@pytest.mark.slow
def test_a_dry_run_estimates_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from selfplay import estimate

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(estimate, "PROBLEMS", 4)
    monkeypatch.setattr(
        "selfplay.settings.Settings.scaled",
        lambda self, _: self.model_copy(update={"rows": 2, "tokens": 60}),
    )
    assert run(["improve", "--dry-run", "--hours", "1"]) == 0
    said = capsys.readouterr().out
    for word in ("a generation", "disk", "memory", "in 60 min"):
        assert word in said
    assert list(tmp_path.iterdir()) == []
    assert (BUNDLED / "tiny").is_dir()
