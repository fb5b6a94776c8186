"""Reading questions: every bad line is named, nothing is silently dropped."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import verifiers
from reasoner.errors import UsageError
from reasoner.evaluate import load
from reasoner.evaluate.suite import identity
from tests.verifiers.extra import needs


def write(folder: Path, *lines: object) -> str:
    path = folder / "mine.jsonl"
    path.write_text(
        "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines),
        encoding="utf-8",
    )
    return str(path)


def test_game24_is_the_published_slice() -> None:
    items = load("game24")
    assert len(items) == 100
    assert items[0].problem.prompt.startswith("countdown 4 5 6 10")
    assert len({item.id for item in items}) == 100


@pytest.mark.parametrize("name", sorted(verifiers.SUITES.keys() - {"game24", "by_hand"}))
def test_suites_hold_200_judgeable_problems(name: str) -> None:
    items = load(name)
    assert len({item.id for item in items}) == 200
    domain = verifiers.domain(items[0].problem.domain)
    assert domain.self_checking or all(item.problem.reference for item in items)


@needs("gym")
def test_a_family_of_the_gym_is_a_suite() -> None:
    items = load("gym:puzzle24", 5)
    assert [item.id for item in items] == [item.id for item in load("gym:puzzle24", 5)]
    assert {item.problem.domain for item in items} == {"countdown"}  # read as any question is
    assert all(item.problem.reference for item in items)
    assert {item.problem.domain for item in load("gym:sudoku", 2)} == {"general"}
    with pytest.raises(UsageError, match="did you mean sudoku"):
        load("gym:sudko")


def test_without_the_gym_it_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "reasoning_gym", None)
    with pytest.raises(UsageError, match=r"pip install 'system2-reasoner\[gym\]'"):
        load("gym:sudoku")


def test_limit() -> None:
    assert load("game24", limit=3) == load("game24")[:3]


def test_unknown_suite_suggests() -> None:
    with pytest.raises(UsageError, match="did you mean game24"):
        load("game42")
    with pytest.raises(UsageError, match="choose one of game24"):
        load("zzz")


def test_public_fields_are_given_to_verifiers(tmp_path: Path) -> None:
    """Two positions are two questions, whatever is asked of them."""
    path = write(
        tmp_path,
        {"question": "Mate in one?", "data": {"fen": "8/8", "squares": [1, 2]}},
        {"question": "Mate in one?", "data": {"fen": {"7/7": [[1.5, None], [True]]}}},
        {"question": "Mate in one?"},
    )
    items = load(path)
    assert dict(items[0].problem.data) | {"fen": "8/8", "squares": (1, 2)} == items[0].problem.data
    assert items[1].problem.data["fen"] == {"7/7": ((1.5, None), (True,))}
    assert len({item.id for item in items}) == 3
    with pytest.raises(UsageError, match=r"line 1: expected an object .* found data"):
        load(write(tmp_path, {"question": "Mate?", "data": ["fen"]}))


def test_jsonl(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        {"question": "Use 4 5 6 10 to make 24"},
        "",
        {"question": "What is 12 + 30?", "reference": "42", "domain": "arithmetic", "id": "sum"},
        {"question": "Line\u2028separator inside: who?"},
    )
    items = load(path)
    assert [item.problem.domain for item in items] == ["countdown", "arithmetic", "general"]
    assert items[0].problem.reference is None
    assert (items[1].id, items[1].problem.reference) == ("sum", "42")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("{nonsense", "line 2: expected an object"),
        ("[1]", "line 2: expected an object"),
        ({"reference": "4"}, "line 2: .*question: Field required"),
        ({"question": "  "}, "line 2: expected a question, found an empty one"),
        ({"question": "?", "data": {"answer": 1}}, "names of its own, found answer"),
        ({"question": 5}, "line 2: .*question"),
        ({"question": "2+2?", "reference": 4}, "line 2: .*reference"),
        ({"question": "2+2?", "answer": "4"}, "line 2: .*answer: Extra inputs"),
        ({"question": "2+2?", "domain": "arithmetics"}, "line 2: .*arithmetic"),
        ({"question": "Why?", "domain": "countdown"}, "line 2: .*'countdown' reads"),
    ],
)
def test_jsonl_errors_name_the_line(tmp_path: Path, bad: object, message: str) -> None:
    path = write(tmp_path, {"question": "Use 4 5 6 10 to make 24"}, bad)
    with pytest.raises(UsageError, match=message):
        load(path)


def test_missing_empty_and_binary_files(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="expected a readable UTF-8 file"):
        load(str(tmp_path / "none.jsonl"))
    with pytest.raises(UsageError, match="found none"):
        load(write(tmp_path, "", "  "))
    (tmp_path / "bin.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="expected a readable UTF-8 file"):
        load(str(tmp_path / "bin.jsonl"))


def test_repeated_questions_stay_apart_and_clashing_ids_are_refused(tmp_path: Path) -> None:
    row = {"question": "Use 4 5 6 10 to make 24"}
    ids = [item.id for item in load(write(tmp_path, row, row, row))]
    assert ids == [ids[0], f"{ids[0]}#1", f"{ids[0]}#2"]
    with pytest.raises(UsageError, match="two with 'a'"):
        load(write(tmp_path, {**row, "id": "a"}, {"question": "What is 1 + 1?", "id": "a"}))


def test_identity_depends_on_the_reference() -> None:
    problem = load("arithmetic", limit=1)[0].problem
    assert identity(problem) != identity(problem.public())
