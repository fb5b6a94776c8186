"""The README's generated regions: filled from files, stale ones noticed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import readme

PAGE = """before
<!-- bench:speed -->
old
<!-- /bench:speed -->
between
<!-- bench:other -->
gone
<!-- /bench:other -->
<!-- tree -->
<!-- /tree -->
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for package in readme.PACKAGES:
        (tmp_path / package).mkdir()
    (tmp_path / "search" / "__init__.py").write_text('"""All of search."""')
    (tmp_path / "search" / "tree.py").write_text('"""The tree.\n\nMore."""')
    (tmp_path / "reasoner" / "cli").mkdir()
    (tmp_path / "reasoner" / "cli" / "ask.py").write_text('"""Ask."""')
    result = {
        "header": {
            "date": "2026-01-02",
            "commit": "abc",
            "hardware": {"cpu": "Chip", "cores": 2},
            "versions": {"torch": "1.0", "python": "3.11"},
        },
        "workload": {"what": "A run.", "seed": 7},
        "table": [{"width": "1", "a|b": "10"}],
    }
    (tmp_path / "speed.json").write_text(json.dumps(result))
    return tmp_path


def test_regions_are_filled_and_the_rest_is_left_alone(root: Path) -> None:
    text = readme.render(PAGE, root, root)
    assert text.startswith("before\n<!-- bench:speed -->\n\n| width | a\\|b |\n| --- | ---: |\n")
    assert "| 1 | 10 |" in text
    assert "A run. Measured on Chip, 2 cores, torch 1.0, python 3.11, seed 7, commit abc" in text
    assert "old" not in text
    assert "\nbetween\n" in text


def test_without_a_result_there_is_no_number(root: Path) -> None:
    text = readme.render(PAGE, root, root)
    assert "<!-- bench:other -->\n<!-- /bench:other -->" in text


def test_tree_names_every_module_in_its_folder(root: Path) -> None:
    lines = readme.render(PAGE, root, root).splitlines()
    assert [line.split() for line in lines if "tree.py" in line] == [["tree.py", "The", "tree"]]
    assert lines.index("  cli/") + 1 == next(i for i, line in enumerate(lines) if "ask.py" in line)
    assert any(line.startswith("search/ ") and "All of search" in line for line in lines)


def test_rendering_twice_changes_nothing(root: Path) -> None:
    once = readme.render(PAGE, root, root)
    assert readme.render(once, root, root) == once


def test_check_fails_on_a_stale_page(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = root / "README.md"
    page.write_text(PAGE)
    monkeypatch.setattr(readme, "README", page)
    monkeypatch.setattr("sys.argv", ["readme", "--check"])
    with pytest.raises(SystemExit, match="make readme"):
        readme.main()
    assert page.read_text() == PAGE
    monkeypatch.setattr("sys.argv", ["readme"])
    readme.main()
    assert page.read_text() == readme.render(PAGE)
