"""A verifier of the user's own judges what a served model answers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reasoner import Model, PromptedPolicy, Reasoner, ScriptedEngine
from reasoner.cli import app as cli
from verifiers import Verdict, verifier

from .server import Call, Server

Ask = Callable[[str, str], tuple[int, dict[str, Any]]]
QUESTION = "Which river flows through Paris?"
RIVER = """
import os
from pathlib import Path

from reasoner import verifier

@verifier("river", timeout=10)
def river(question: str, answer: str) -> bool:
    Path(__file__).with_name(f"judge-{{os.getpid()}}").touch()
    return "Paris" in question and answer == {right!r}
"""


@pytest.fixture
def guessing(serve: Callable[..., Server]) -> Server:
    """Says yes to whatever it is asked to rate, and is wrong two times out of three."""

    def behave(call: Call) -> None:
        system = call.body["messages"][0]["content"]
        guess = ("Rhone", "Loire", "Seine")[call.number % 3]
        call.say("yes" if "yes or no" in system else f"Let me think.\n\nAnswer: {guess}")

    return serve(behave)


@pytest.fixture
def ask(
    guessing: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Ask:
    """``reasoner ask`` with a file's function that passes one answer: exit code and JSON."""

    def run(right: str, think: str) -> tuple[int, dict[str, Any]]:
        (tmp_path / "rivers.py").write_text(RIVER.format(right=right))
        monkeypatch.chdir(tmp_path)
        options = ["--model", guessing.name, "--verifier", "./rivers.py:river", "--think", think]
        code = cli.run(["ask", QUESTION, *options, "--json", "--no-save"])
        return code, json.loads(capsys.readouterr().out)

    return run


def test_a_function_in_a_file_judges_a_served_model(
    ask: Ask, guessing: Server, tmp_path: Path
) -> None:
    code, answer = ask("Seine", "30s")
    assert (code, answer["answer"], answer["verified"]) == (0, "Seine", True)
    assert (answer["stop_reason"], answer["verifier"]) == ("verified", "river@1")
    judges = {path.name for path in tmp_path.glob("judge-*")}
    assert judges, "it has judged"
    assert f"judge-{os.getpid()}" not in judges, "it judges in a child"
    rated = [call for call in guessing.calls if "yes or no" in str(call.body["messages"][0])]
    assert not rated, "where a verifier judges, the model is not asked what it thinks"


def test_what_it_rejects_is_flagged(ask: Ask) -> None:
    code, answer = ask("Tiber", "2s")
    assert (code, answer["verified"]) == (4, False)


def test_it_judges_a_domains_answers_in_their_plain_form() -> None:
    """The expression alone, as the domain's own verifier gets it."""
    seen = []

    def check(answer: str) -> Verdict:
        seen.append(answer)
        return Verdict(1.0)

    engine = ScriptedEngine(lambda prompt: "Answer: the expression (10 - 4) * 5 - 6")
    by = verifier("mine", isolation="trusted")(check)
    with Reasoner(Model("m", engine, policy=PromptedPolicy), verifier=by) as reasoner:
        answer = reasoner.ask("Use 4 5 6 10 to make 24", 20, save=False)
    assert (answer.answer, answer.verified, answer.verifier) == ("(10 - 4) * 5 - 6", True, "mine@1")
    assert seen == ["(10 - 4) * 5 - 6"], "each answer is judged once"
