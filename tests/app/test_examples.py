"""The packages under ``examples/``, built as wheels, installed, found by name and used."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reasoner.agent import Reasoner
from reasoner.catalog import Model
from reasoner.evaluate import load
from reasoner.scripted import ScriptedEngine
from verifiers import find_verifier
from verifiers.card import examine
from verifiers.source import parse

ROOT = Path(__file__).parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both example packages, as pip installs their wheels; no network."""
    folder = tmp_path_factory.mktemp("examples")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    quiet = {**os.environ, "PIP_NO_INDEX": "1", "PIP_NO_INPUT": "1"}
    sources = []
    for name in ("house_rule", "binary"):  # a build leaves files in the source folder
        sources.append(str(shutil.copytree(ROOT / "examples" / name, folder / "src" / name)))
    build = [*pip, "wheel", "--no-build-isolation", "--no-deps", "-w", str(folder / "dist")]
    subprocess.run([*build, *sources], check=True, env=quiet)
    wheels = sorted(map(str, (folder / "dist").glob("*.whl")))
    assert len(wheels) == 2
    to = folder / "site"
    subprocess.run([*pip, "install", "--no-deps", "-t", str(to), *wheels], check=True, env=quiet)
    return to


@pytest.fixture
def run(installed: Path, home: Path, tmp_path: Path) -> Run:
    """The command line in another folder, with the packages where site-packages would be."""

    def command(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join([str(installed), str(ROOT)])
        return subprocess.run(
            [sys.executable, "-m", "reasoner", *args],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": path, **env},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return command


def test_they_are_listed_with_their_packages(run: Run) -> None:
    rows = {row["name"]: row for row in json.loads(run("verifiers", "list", "--json").stdout)}
    assert (rows["no-division"]["from"], rows["no-division"]["kind"]) == ("house-rule", "verifier")
    assert (rows["binary"]["from"], rows["binary"]["kind"]) == ("binary-domain", "domain")
    none = run("verifiers", "list", "--json", REASONER_PLUGINS="").stdout
    assert "no-division" not in none


@pytest.mark.parametrize("name", ["no-division", "binary"])
def test_they_pass_their_test(run: Run, name: str) -> None:
    done = run("verifiers", "test", name)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ask_and_eval_find_the_verifier_by_name(run: Run, tmp_path: Path) -> None:
    done = run("ask", "Use 4 5 6 10 to make 24", "--verifier", "no-division", "--json")
    answer = json.loads(done.stdout)
    assert (answer["verified"], answer["verifier"]) == (True, "no-division@1")
    assert "/" not in answer["answer"]
    questions = tmp_path / "mine.jsonl"
    questions.write_text(
        '{"question": "Use 4 5 6 10 to make 24"}\n{"question": "Use 3 3 8 8 to make 24"}\n'
    )
    done = run(
        "eval", str(questions), "--budgets", "4s", "--verifier", "no-division", "--json", "-"
    )
    (arm,) = json.loads(done.stdout)["arms"]
    assert (arm["judged"], arm["right"], arm["errors"]) == (2, 1, 0)  # 3 3 8 8 needs a division


def test_a_question_of_the_new_family_is_recognised(run: Run) -> None:
    done = run("ask", "Write 13 in binary", "--think", "0.2s", "--json")
    assert json.loads(done.stdout)["domain"] == "binary"
    assert json.loads(done.stdout)["verifier"] == "binary@1"


def test_a_family_in_a_file_reads_its_own_questions(tmp_path: Path) -> None:
    """Without being installed: the same door as for a function."""
    spec = f"{ROOT / 'examples' / 'binary' / 'binary_domain.py'}:Binary"
    lines = ["13 = 2 * 6 + 1", "6 = 2 * 3 + 0", "3 = 2 * 1 + 1", "1 = 2 * 0 + 1"]
    engine = ScriptedEngine(lambda prompt: "\n".join(lines) if prompt == "binary 13\n" else "1101")
    one = Reasoner(Model("scripted", engine), verifier=spec)
    answer = one.ask("Write 13 in binary", think=20)
    assert (answer.domain, answer.answer, answer.verified) == ("binary", "1101", True)
    assert answer.run_id is not None
    assert asyncio.run(one.resume(answer.run_id, 1).result()).domain == "binary"
    assert one.ask("Which river?", think=0.05).domain == "general"
    questions = tmp_path / "mine.jsonl"
    questions.write_text('{"question": "Write 13 in binary"}\n')
    (item,) = load(str(questions), verifier=find_verifier(spec))
    assert item.problem.data["number"] == 13


def test_the_verifier_of_the_readme_works(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    text = readme.partition("## How to write a verifier")[2]
    file = tmp_path / "mine.py"
    file.write_text(text.partition("```python\n")[2].partition("```")[0], encoding="utf-8")
    spec = f"{file}:acrostic"
    card = asyncio.run(examine(find_verifier(spec), parse(spec)))
    assert [check for check in card.checks if not check.passed] == []


def test_a_fifth_engine_takes_the_lines_that_are_told() -> None:
    """It passes the suite of every engine, in ``tests/engine/test_conformance.py``."""
    source = (ROOT / "examples" / "generate_engine.py").read_text(encoding="utf-8")
    lines = list(filter(str.strip, source[source.index("class ") :].splitlines()))
    for page in ("CONTRIBUTING.md", "examples/README.md"):
        assert f"{len(lines)} lines" in (ROOT / page).read_text(encoding="utf-8")
