"""No text escapes as an exception, takes long, or changes what is not its own."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifiers.poke import poke, state
from verifiers.attacks import heavy, injections

TEXTS = st.text(max_size=200) | st.text("0123456789+-*/()[]{}=xy\\^_.,:\"' \n", max_size=200)


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    poke("x")  # what is imported late is imported now


@given(TEXTS)
def test_no_text_escapes(text: str) -> None:
    before = state()
    poke(text)
    assert state() == before


@pytest.mark.parametrize("kind", ["huge numbers", "nesting", "code injection"])
def test_no_attack_escapes(kind: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    before = state()
    for attack in (*heavy(), *injections(str(canary))):
        if attack.kind == kind:
            poke(attack.text)
    assert state() == before
    assert not canary.exists()


def test_atheris_finds_nothing(tmp_path: Path) -> None:
    """For a moment only: ``python -m tests.verifiers.fuzz -max_total_time=600`` takes its time."""
    if find_spec("atheris") is None:
        pytest.skip("run: pip install atheris")
    options = ["-max_total_time=3", "-timeout=5", "-max_len=400", f"-artifact_prefix={tmp_path}/"]
    # A program's peak begins with that of the one that starts it, here of all tests so far: one
    # allocation of 2 GB is a finding, the peak is none.
    options += ["-rss_limit_mb=0", "-malloc_limit_mb=2048"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.verifiers.fuzz", *options],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
