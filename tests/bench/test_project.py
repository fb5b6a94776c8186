"""Around the benchmarks: what ``make bench`` runs, what is installed, what the page shows."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from benchmarks import engine, readme
from reasoner.catalog import BUNDLED, DEFAULT

ROOT = Path(__file__).resolve().parents[2]


def order() -> list[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", "")
    found = re.search(r"^BENCHES := \$\(addprefix bench-,(.*)\)$", text, re.MULTILINE)
    assert found is not None
    return found[1].split()


def test_make_bench_runs_every_benchmark_and_accuracy_last() -> None:
    scripts = {path.stem for path in (ROOT / "benchmarks").glob("[!_]*.py")}
    scripts -= {"readme", "vllm"}  # that one belongs to make gpu
    assert sorted(order()) == sorted(scripts)
    assert order()[-1] == "accuracy"


def test_every_extra_is_imported_by_something() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = ("reasoner", "search", "selfplay", "verifiers", "benchmarks", "tests")
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for name in packages
        for path in (ROOT / name).rglob("*.py")
    )
    for extra, wanted in extras["project"]["optional-dependencies"].items():
        for requirement in wanted if extra != "dev" else ():
            name = re.split(r"[^\w-]", requirement)[0]
            if name == "jinja2":  # transformers writes conversations with it
                continue
            name = {"z3-solver": "z3"}.get(name, name).replace("-", "_")  # as it is imported
            assert re.search(rf"^\s*(import|from) {name}\b", code, re.MULTILINE), name


def test_the_engine_is_measured_on_the_bundled_model() -> None:
    assert engine.arguments().parse_args([]).model == BUNDLED / DEFAULT


def test_the_page_opens_with_both_pictures() -> None:
    top = readme.README.read_text(encoding="utf-8").partition("\n## ")[0]
    assert re.findall(r"!\[[^\]]+\]\((.+?)\)", top) == ["docs/accuracy.png", "docs/live.svg"]
