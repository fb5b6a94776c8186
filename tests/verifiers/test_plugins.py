"""Doors: entry points of other packages, files, modules, names; and what goes wrong there."""

from __future__ import annotations

import asyncio
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from verifiers import (
    Problem,
    Status,
    VerifierError,
    ajudge,
    domain,
    domains,
    extras,
    find_verifier,
    plugins,
    recognise,
)
from verifiers.extras import Extra
from verifiers.plugins import is_domain
from verifiers.registry import listed
from verifiers.source import parse
from verifiers.text import exact

ASKED = Problem("general", "", "?")
GOOD = "from verifiers import verifier\n@verifier('{name}')\ndef check(answer):\n    return True\n"
Install = Callable[..., None]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(plugins.VARIABLE, raising=False)
    plugins._load.cache_clear()
    yield
    plugins._load.cache_clear()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a package on the path as pip would: its module, and its entry points."""
    monkeypatch.syspath_prepend(tmp_path)

    def put(package: str, text: str, **points: str) -> None:
        module = package.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(text)
        sys.modules.pop(module, None)  # of an earlier test
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [f"{name.replace('_', '-')} = {module}:{to}" for name, to in points.items()]
        (info / "entry_points.txt").write_text(f"[{plugins.GROUP}]\n" + "\n".join(lines) + "\n")

    return put


def complaints() -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        listed()
    return [str(warning.message) for warning in caught]


def test_an_installed_verifier_is_found_by_name(install: Install) -> None:
    install("my-mate", GOOD.format(name="mate"), mate="check")
    assert complaints() == []
    assert find_verifier("mate").name == "mate"
    assert [(item.name, item.package) for item in listed()][-1] == ("mate", "my-mate")


def test_a_plain_function_gets_its_entry_points_name(install: Install) -> None:
    install("my-plain", "def check(answer):\n    return answer == 'yes'\n", is_yes="check")
    found = find_verifier("is-yes")
    assert found.verify(ASKED, "yes").passed is True
    assert found.verify(ASKED, "no").passed is False
    found.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError"),
        ("def", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit"),
        ("raise RuntimeError('a\\nb')", "RuntimeError: a b"),
        ("other = 1", "AttributeError"),
        ("check = 1", "expected a function or a verifier"),
        ("def check(answer, *more): pass", "'*more'"),
        (GOOD.format(name="other"), "expected the name 'broken' of its entry point, found 'other'"),
        (
            "class check:\n    name, version = 'broken', '1'\n"
            "    def verify(self, problem, answer): ...\n    recognise = verify",
            "expected a whole Domain, found none of answer, canonical",
        ),
    ],
)
def test_a_broken_one_is_named_and_skipped_and_the_others_work(
    install: Install, text: str, hint: str
) -> None:
    install("bad-luck", text, broken="check")
    install("good-luck", GOOD.format(name="good"), good="check")
    (message,) = complaints()
    assert message.startswith("the verifier 'broken' of bad-luck is skipped: ")
    assert hint in message
    assert "\n" not in message
    assert find_verifier("good").name == "good"
    with pytest.raises(VerifierError, match="no verifier is called 'broken'"):
        find_verifier("broken")


def test_two_packages_of_one_name_are_both_named_and_neither_wins(install: Install) -> None:
    install("one-mate", GOOD.format(name="mate"), mate="check")
    install("two-mate", GOOD.format(name="mate"), mate="check")
    (message,) = complaints()
    assert "one-mate and two-mate" in message
    assert "neither is used" in message
    with pytest.raises(VerifierError):
        find_verifier("mate")


@pytest.mark.parametrize("name", ["countdown", "exact"])
def test_a_built_in_name_stays_built_in(install: Install, name: str) -> None:
    before = find_verifier(name)
    install("my-own", GOOD.format(name=name), **{name: "check"})
    (message,) = complaints()
    assert "my-own" in message
    assert "the built-in one is used" in message
    assert type(find_verifier(name)) is type(before)
    assert find_verifier(name).verify(ASKED, "x").passed is not True if name == "exact" else True


def test_plugins_can_be_turned_off_and_chosen(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("my-a", GOOD.format(name="a"), a="check")
    install("my-b", GOOD.format(name="b"), b="check")
    for value, found in (("", []), ("  ", []), ("a", ["a"]), ("b, a", ["a", "b"]), ("c", [])):
        monkeypatch.setenv(plugins.VARIABLE, value)
        assert [item.name for item in listed() if item.package] == found


def test_nothing_is_imported_for_a_question_that_is_ours(install: Install) -> None:
    install("my-bomb", "raise RuntimeError('imported')", bomb="check")
    assert recognise("Use 4 5 6 10 to make 24").domain == "countdown"
    assert domain("equations").name == "equations"
    assert plugins._load.cache_info().currsize == 0


def test_a_whole_domain_reads_questions_before_the_last_resort(install: Install) -> None:
    text = (Path(__file__).parents[2] / "examples/binary/binary_domain.py").read_text()
    install("my-binary", text, binary="Binary")
    assert [family.name for family in domains()][-2:] == ["binary", "general"]
    problem = recognise("Write 13 in binary")
    assert problem.domain == "binary"
    assert domain("binary").verify(problem, "1101").passed is True
    assert recognise("Why?").domain == "general"


DEADLY = """
import os
from verifiers import Verdict

class Deadly:
    name, version = "deadly", "1"
    def verify(self, problem, answer):
        if answer == "die":
            os._exit(7)
        return Verdict(float(answer == problem.question))
"""


def test_a_class_of_a_stranger_judges_where_it_can_do_no_harm(
    install: Install, tmp_path: Path
) -> None:
    install("my-deadly", DEADLY, deadly="Deadly")
    file = tmp_path / "file.py"
    file.write_text(DEADLY)
    for spec in ("deadly", f"{file}:Deadly"):
        found = find_verifier(spec)
        assert found.verify(ASKED, "die").status is Status.CRASH
        assert found.verify(ASKED, "?").passed is True
        assert found.verify(ASKED, "!").passed is False
        assert asyncio.run(ajudge(found, ASKED, "?")).verifier == "deadly@1"
        found.close()  # type: ignore[attr-defined]


def test_a_domain_that_chokes_on_a_question_is_passed_over(install: Install) -> None:
    text = (Path(__file__).parents[2] / "examples/binary/binary_domain.py").read_text()
    install("my-binary", text.replace("match = _ASKED", "raise KeyError\n        match = _ASKED"),
            binary="Binary")  # fmt: skip
    with pytest.warns(UserWarning, match="'binary' failed: recognise raised KeyError"):
        assert recognise("Write 13 in binary").domain == "general"


@pytest.mark.parametrize(
    ("part", "does", "said", "gives"),
    [
        ("recognise", "raise KeyError(1)", "recognise raised KeyError: 1", None),
        ("recognise", "return 'a problem'", "recognise gave str 'a problem'", None),
        (
            "recognise",
            "import dataclasses; return dataclasses.replace(self.problem(13), domain='decimal')",
            "recognise gave a problem of the domain 'decimal'",
            None,
        ),
        ("state_key", "return 7", "state_key gave int 7", None),
        ("state_key", "return 1 / 0", "state_key raised ZeroDivisionError", None),
        ("answer", "return ['1101']", "answer gave list ['1101']", None),
        ("answer", "raise RuntimeError", "answer raised RuntimeError", None),
        ("normalise", "return None", "normalise gave NoneType None", "1101"),
        ("normalise", "return answer.nothing", "normalise raised AttributeError", "1101"),
    ],
)
def test_a_domain_that_fails_costs_one_warning_and_never_the_question(
    tmp_path: Path, part: str, does: str, said: str, gives: str | None
) -> None:
    file = tmp_path / "mine.py"
    text = (Path(__file__).parents[2] / "examples/binary/binary_domain.py").read_text()
    file.write_text(re.sub(rf"(    def {part}\(.*\n)", rf"\1        {does}\n", text))
    broken = find_verifier(f"{file}:Binary")
    assert is_domain(broken)
    problem = Problem("binary", "binary 13\n", "Write 13 in binary", {"number": 13})
    arguments = {"recognise": ("Write 13 in binary",), "normalise": ("1101",)}
    given = arguments.get(part, (problem, ("13 = 2 * 6 + 1",)))
    with pytest.warns(UserWarning, match=re.escape(said)):
        assert getattr(broken, part)(*given) == gives
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it is said once
        assert getattr(broken, part)(*given) == gives
    broken.close()  # type: ignore[attr-defined]


# --- names, files, modules


def test_an_unknown_name_has_near_matches() -> None:
    with pytest.raises(VerifierError, match="did you mean countdown"):
        find_verifier("countdwn")
    with pytest.raises(VerifierError, match="there are countdown, arithmetic"):
        find_verifier("zzz")


@pytest.mark.parametrize(
    ("text", "name", "hint"),
    [
        (None, "check", "found none at"),
        ("def check(answer): return True", "chekc", "did you mean check"),
        ("def check(answer): return True", "zzz", "it has check"),
        (
            "from verifiers import Verdict, all_of, exact, verifier\nTEN = 10\n"
            "class Mine: ...\n@verifier\ndef check(answer): return True\n"
            "both = all_of(check, exact('x'))",
            "zzz",
            "it has Mine, check, both",
        ),
        ("from verifiers import verifier\ndef check(answer): ...", "verifer", "it has check"),
        (
            "class Mine:\n    def verify(self, problem, answer): ...",
            "Mine",
            "found Mine with no name and no version; give it name and version",
        ),
        (
            "class Mine:\n    name, version = 'mine', '1'",
            "Mine",
            "with name, version and verify, found Mine with no verify; give it verify",
        ),
        ("x = 1", "check", "it has no function"),
        ("x = 1", "x", "found int"),
        ("import nope", "check", "'nope' (line 1 of mine.py); mend it"),
        ("def f(:", "check", "SyntaxError"),
        ("\n\n1 / 0", "check", "(line 3 of mine.py)"),
        ("exit(3)", "check", "SystemExit"),
        ("def check(answer, /): return True", "check", "given by name"),
    ],
)
def test_a_file_that_can_not_be_used(
    text: str | None, name: str, hint: str, tmp_path: Path
) -> None:
    file = tmp_path / "mine.py"
    if text is not None:
        file.write_text(text)
    with pytest.raises(VerifierError) as raised:
        find_verifier(f"{file}:{name}")
    assert hint in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_finds_its_helpers_and_no_library_is_shadowed(tmp_path: Path) -> None:
    (tmp_path / "my_helper.py").write_text("WORD = 'yes'\n")
    (tmp_path / "json.py").write_text("raise RuntimeError('shadowed')\n")
    file = tmp_path / "check.py"
    file.write_text(
        "import json\nfrom my_helper import WORD\n\ndef check(answer): return answer == WORD\n"
    )
    found = find_verifier(f"{file}:check")
    assert found.verify(ASKED, "yes").passed is True
    found.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("spec", ["", ":", "a:", ":b", "./a.py", "a.py"])
def test_what_is_no_name_at_all(spec: str) -> None:
    with pytest.raises(VerifierError):
        find_verifier(spec)


def test_a_path_is_made_absolute() -> None:
    assert Path(parse("./some/file.py:check").target).is_absolute()
    assert parse("pkg.mod:obj.check").attribute == "obj.check"


def test_a_missing_library_says_the_line_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(extras.EXTRAS, "algebra", Extra("algebra", "no_such_library", exact))
    monkeypatch.setitem(extras.EXTRAS, "here", Extra("here", "json", exact))
    with pytest.raises(VerifierError) as raised:
        find_verifier("algebra")
    assert str(raised.value).endswith("run: pip install 'system2-reasoner[algebra]'")
    assert find_verifier("here").name == "exact"
    missing = {item.name: item.missing for item in listed()}
    assert missing["algebra"] == "pip install 'system2-reasoner[algebra]'"
    assert missing["here"] == ""
