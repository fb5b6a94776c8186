"""How far a long job is: a bar that goes away on a terminal, lines now and then elsewhere."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from reasoner.evaluate import progress


def written(terminal: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100)
    with progress.shown(console, "job") as show:
        show(1, 4, "one")
        show(2, 4, "two")
    return out.getvalue()


def test_a_terminal_gets_a_bar() -> None:
    text = written(terminal=True)
    assert "2/4" in text
    assert "two" in text


def test_elsewhere_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(terminal=False) == ""
    monkeypatch.setattr(progress, "EVERY_S", 0.0)
    one, two = written(terminal=False).splitlines()
    assert one.startswith("job: 1/4, one, ")
    assert two.startswith("job: 2/4, two, ")
