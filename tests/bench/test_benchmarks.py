"""What the benchmarks conclude from rows, and the frame around every result."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import _report, accuracy, baselines, improve, mcts_vs_bon, nodes
from reasoner.evaluate import ArmReport, Row
from reasoner.evaluate.results import Setting
from search import StopWhen
from tests.eval.test_show import example

SETTING = Setting(
    model="m", strategy="s", arm="a", stop_when=StopWhen.VERIFIED, seed=0, one_at_a_time=True
)


def rows(*solved_s: float | None) -> list[Row]:
    """One puzzle each: solved after so many seconds, or (None) not within 3 s."""
    return [
        Row(setting=SETTING, item=str(i), right=s is not None, used_s=3.0 if s is None else s)
        for i, s in enumerate(solved_s)
    ]


def test_time_to_counts_solved_puzzles_only() -> None:
    table = rows(0.5, None, 0.1, 2.0)
    assert mcts_vs_bon.time_to(1, table) == 0.1
    assert mcts_vs_bon.time_to(3, table) == 2.0
    assert mcts_vs_bon.time_to(4, table) is None
    assert mcts_vs_bon.time_to(0, table) is None


def test_reaching_best_of_128() -> None:
    found = {
        mcts_vs_bon.WHOLE: rows(0.8, 0.8),
        "best-of-128": rows(0.2, 1.0, None),
        "mcts 3s": rows(0.4, 0.1, 2.5),
    }
    apart = [(0.5, True), (0.5, False), (0.5, False)]
    reach = mcts_vs_bon.reaching(found, apart)
    assert (reach["right"], reach["mcts_s"]) == (2, 0.4)
    assert (reach["best_of_128_s"], reach["best_of_128_early_s"]) == (0.8, 1.0)
    assert "0.50 of that time" in str(reach["sentence"])
    assert "0.40 of the 1.00 s" in str(reach["sentence"])
    assert (reach["apart_right"], reach["mcts_apart_s"]) == (1, 0.1)
    assert "after 0.20 of that time" in str(reach["sentence"])
    found["mcts 3s"] = rows(0.1, None, None)
    assert "does not solve as many" in str(mcts_vs_bon.reaching(found, apart)["sentence"])


def test_equal_time_is_paired() -> None:
    found = {"mcts 1s": rows(0.1, 0.2, None), "best-of-n 1s": rows(0.1, None, None)}
    row = mcts_vs_bon.equal_time(found, 1.0)
    assert (row["mcts"], row["bon"], row["n"]) == (2, 1, 3)
    assert row["gain"] == pytest.approx(100 / 3)


def test_accuracy_table_leaves_unmeasured_budgets_blank() -> None:
    one = example()
    shorter = one.model_copy(update={"suite": "other", "arms": one.arms[:2]})
    first, second = accuracy.accuracy_rows([one, shorter])
    assert list(first) == list(second)
    assert first["1s"].startswith("80.0 [")
    assert second["1s"] == ""


def test_calibration_of_unanswered_suites_is_blank() -> None:
    arm: ArmReport = example().arms[0].model_copy(update={"brier": None, "calibration_error": None})
    row = accuracy.calibration_row(example().model_copy(update={"arms": (arm,)}))
    assert row["Brier score"] == ""


BEFORE = {column: [True, False, False, False] for column in baselines.RATED}
AFTER = {column: [True, True, True, False] for column in baselines.RATED}


def test_what_was_gained_stands_below_what_was_measured() -> None:
    before, gained = improve.row("before", BEFORE), improve.gains("gained", BEFORE, AFTER)
    assert list(before) == list(gained) == ["model", "hard slice (4)", "fresh countdown (4)"]
    assert before["hard slice (4)"].startswith("25.0 [")
    assert gained["hard slice (4)"].startswith("+50.0 [")


def test_gains_are_divided_by_the_time_of_all_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines.os, "cpu_count", lambda: 4)
    spent = baselines.rates(BEFORE, AFTER, 1800.0)
    assert spent["CPU-hours"] == "2.00"
    assert spent["hard slice: gained a CPU-hour"].startswith("+25.0 [")
    unspent = baselines.rates(BEFORE, BEFORE, 0.0)
    assert list(unspent) == list(spent)
    assert set(unspent.values()) == {""}


def test_result_file_has_its_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_report, "RESULTS", tmp_path)
    monkeypatch.setattr(_report, "ROOT", tmp_path)
    path = _report.write("x", {"what": "A run.", "seed": 1}, {"n": 2}, [{"a": "1"}])
    result = json.loads(path.read_text())
    assert set(result) == {"benchmark", "header", "workload", "measured", "table"}
    assert result["header"]["hardware"]["cores"] >= 1
    assert result["header"]["versions"]["python"]
    assert list(tmp_path.iterdir()) == [path]


def test_the_made_up_puzzle_grows_as_asked() -> None:
    assert 300 <= len(nodes.grow(300)) < 400
