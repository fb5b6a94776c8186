"""The table and the picture."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from reasoner.evaluate import Plan, Report, load, parse_arms, report
from reasoner.evaluate.plot import plot
from reasoner.evaluate.results import Results, Row
from reasoner.evaluate.table import show


def example() -> Report:
    arms = parse_arms("greedy,0.3s,1s", "auto")
    task = Plan(tuple(load("game24", 10)), arms, model="fake@abc")
    results = Results(None)
    for k, arm in enumerate(arms):
        for i, item in enumerate(task.items):
            right = i < 3 * k + 2
            results.add(
                Row(
                    setting=task.setting(arm),
                    item=item.id,
                    answer="1+1" if i else None,
                    right=right,
                    covered=True,
                    confidence=0.7,
                    used_s=0.02 + (arm.think_s or 0),
                    stop_reason="time",
                )
            )
    return report("game24", task, results)


def test_table_says_the_headline_and_the_losses() -> None:
    out = io.StringIO()
    show(example(), Console(file=out, width=60))
    text = out.getvalue()
    for piece in ("game24: 10 questions", "2/10", "8/10", "+30.0", "upper bound", "many at once"):
        assert piece in text
    assert "greedy: 1 without an answer" in text


def test_table_of_nothing() -> None:
    empty = example().model_copy(update={"arms": ()})
    show(empty, Console(file=io.StringIO()))


def test_plot_writes_a_png(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "new folder" / "a.png"
    plot([example(), example().model_copy(update={"suite": "other", "arms": ()})], path)
    assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_report_survives_json() -> None:
    summary = example()
    assert Report.model_validate_json(summary.model_dump_json()) == summary
