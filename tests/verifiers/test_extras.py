"""Verifiers that need a library: named, pinned, and asked for without it they say what to type."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from verifiers import VerifierError, extras, find_verifier
from verifiers.registry import listed

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", extras.EXTRAS)
def test_a_missing_library_is_said_with_the_line_to_type(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    line = f"pip install 'system2-reasoner[{extras.EXTRAS[name].extra}]'"
    with pytest.raises(VerifierError, match=re.escape(line)):
        find_verifier(name)
    assert {row.name: row.missing for row in listed()}[name] == line


def test_every_extra_is_one_of_pip_and_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    offered = project["project"]["optional-dependencies"]
    pinned = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    }
    for extra in extras.EXTRAS.values():
        for requirement in offered[extra.extra]:
            assert re.split(r"[^\w-]", requirement)[0] in pinned


def test_naming_them_loads_none_of_their_libraries() -> None:
    code = (
        "import sys; from verifiers.registry import listed; listed();"
        "print(*{'sympy', 'z3', 'jsonschema', 'math_verify', 'reasoning_gym'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == ""
