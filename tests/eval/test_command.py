"""``reasoner eval`` from flags to exit code, with a model that always writes the same line."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest

from reasoner.catalog import LOADERS, Model
from reasoner.cli.eval import evaluate
from reasoner.errors import ReasonerError, UsageError
from reasoner.evaluate import load
from reasoner.scripted import ScriptedEngine
from tests.verifiers.extra import needs

LINES = [
    {"question": "Who am I?", "reference": "nobody"},
    {"question": "Where am I?", "reference": "here"},
    {"question": "Why?"},
]


@pytest.fixture
def parrot(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    """Answers every question with "nobody"."""
    engine = ScriptedEngine(lambda prompt: "nobody")
    monkeypatch.setitem(LOADERS, "parrot", lambda: Model("parrot", engine, fingerprint="f1"))
    return engine


@pytest.fixture
def questions(tmp_path: Path) -> str:
    path = tmp_path / "mine.jsonl"
    path.write_text("\n".join(map(json.dumps, LINES)))
    return str(path)


def run(questions: str, budgets: str = "greedy,0.05s", **options: object) -> int:
    return evaluate(questions, budgets, model="parrot", **options)  # type: ignore[arg-type]


def test_report_goes_to_stdout_and_the_table_to_stderr(
    parrot: ScriptedEngine, questions: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(questions, json="-") == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert (report["suite"], report["model"], report["questions"]) == ("mine", "parrot@f1", 3)
    greedy = report["arms"][0]
    assert (greedy["asked"], greedy["judged"], greedy["right"]) == (3, 2, 1)
    assert "1/2" in err
    assert "1 not judged" in err


@needs("gym")
def test_a_family_of_the_gym_is_graded_by_its_own_rules(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which no search sees: they hold the reference."""
    made = [item.problem for item in load("gym:spell_backward", 2)]
    words = [json.loads(problem.reference or "")["entry"]["answer"] for problem in made]
    said = {made[0].prompt: words[0].upper(), made[1].prompt: "nobody"}
    engine = ScriptedEngine(lambda prompt: said[prompt])
    monkeypatch.setitem(LOADERS, "parrot", lambda: Model("parrot", engine, fingerprint="f1"))
    assert run("gym:spell_backward", "greedy", json="-", limit=2) == 0
    (arm,) = json.loads(capsys.readouterr().out)["arms"]
    assert (arm["asked"], arm["judged"], arm["right"], arm["errors"]) == (2, 2, 1, 0)


def test_without_json_stdout_is_empty(
    parrot: ScriptedEngine, questions: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(questions, "greedy") == 0
    assert capsys.readouterr().out == ""


def test_files_are_written_and_a_second_run_asks_nothing(
    parrot: ScriptedEngine, questions: str, tmp_path: Path
) -> None:
    out, report, png = tmp_path / "out", tmp_path / "r.json", tmp_path / "p.png"
    assert run(questions, json=str(report), plot=png, out=out) == 0
    first, asked = report.read_text(), len(parrot.requests)
    assert png.read_bytes()[:4] == b"\x89PNG"
    assert run(questions, json=str(report), out=out) == 0
    assert len(parrot.requests) == asked > 0
    assert report.read_text() == first


def test_ctrl_c_keeps_what_is_done(
    parrot: ScriptedEngine,
    questions: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    running = import_module("reasoner.evaluate.run")
    real = running.measured
    seen = 0

    async def stop_at_third(*arguments: object) -> object:
        nonlocal seen
        seen += 1
        if seen == 3:
            raise KeyboardInterrupt
        return await real(*arguments)

    monkeypatch.setattr(running, "measured", stop_at_third)
    assert run(questions, "greedy", one_at_a_time=True, out=tmp_path) == 130
    assert len((tmp_path / "results.jsonl").read_text().splitlines()) == 2
    assert f"goes on from {tmp_path}" in capsys.readouterr().err.replace("\n", "")


def test_mistakes_are_found_before_the_model_is_loaded(
    questions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load() -> Model:
        raise AssertionError("loaded")

    monkeypatch.setitem(LOADERS, "parrot", load)
    with pytest.raises(UsageError, match="did you mean game24"):
        run("gam24")
    with pytest.raises(UsageError, match="minuts"):
        run(questions, "10 minuts")
    monkeypatch.setattr("reasoner.evaluate.plot.find_spec", lambda name: None)
    with pytest.raises(ReasonerError, match="expected matplotlib"):
        run(questions, plot=Path("x.png"))


def test_an_unwritable_place_is_one_clear_line(
    parrot: ScriptedEngine, questions: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReasonerError, match="expected a place to write"):
        run(questions, "greedy", out=tmp_path / "file")
    with pytest.raises(ReasonerError, match="expected a place to write"):
        run(questions, "greedy", json=str(tmp_path / "no" / "r.json"))
