"""A verifier of the user's own judges what a served model answers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from reasoner import Model, PromptedPolicy, Reasoner, ScriptedEngine
from reasoner.__main__ import main
from verifiers import Verdict, verifier

from .server import Call, Server

QUESTION = "Which river flows through Paris?"
RIVER = """
import os
from pathlib import Path

from reasoner import verifier

@verifier("river", timeout=10)
def river(question: str, answer: str) -> bool:
    Path(__file__).with_name("judge.pid").write_text(str(os.getpid()))
    return "Paris" in question and answer == {right!r}
"""


@pytest.fixture
def guessing(serve: Callable[..., Server]) -> Server:
    """Says yes to whatever it is asked to rate, and is wrong two times out of three."""

    async def behave(call: Call) -> None:
        system = call.body["messages"][0]["content"]
        guess = ("Rhone", "Loire", "Seine")[call.number % 3]
        await call.say("yes" if "yes or no" in system else f"Let me think.\n\nAnswer: {guess}")

    return serve(behave)


def river(folder: Path, right: str) -> str:
    (folder / "rivers.py").write_text(RIVER.format(right=right))
    return "./rivers.py:river"


def ask(server: Server, by: str, think: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    args = ("ask", QUESTION, "--think", think, "--model", server.name, "--verifier", by)
    code = main([*args, "--json", "--no-save"])
    return code, capsys.readouterr().out


def test_a_function_in_a_file_judges_a_served_model(
    guessing: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out = ask(guessing, river(tmp_path, "Seine"), "30s", capsys)
    answer = json.loads(out)
    assert (code, answer["answer"], answer["verified"]) == (0, "Seine", True)
    assert (answer["stop_reason"], answer["verifier"]) == ("verified", "river@1")
    assert int((tmp_path / "judge.pid").read_text()) != os.getpid(), "it judges in a child"
    rated = [call for call in guessing.calls if "yes or no" in str(call.body["messages"][0])]
    assert not rated, "where a verifier judges, the model is not asked what it thinks"


def test_what_it_rejects_is_flagged(
    guessing: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out = ask(guessing, river(tmp_path, "Tiber"), "2s", capsys)
    assert (code, json.loads(out)["verified"]) == (4, False)


def test_it_judges_a_domains_answers_in_their_plain_form() -> None:
    """The expression alone, as the domain's own verifier gets it."""
    seen = []

    def check(answer: str) -> Verdict:
        seen.append(answer)
        return Verdict(1.0)

    engine = ScriptedEngine("Answer: the expression (10 - 4) * 5 - 6")
    by = verifier("mine", isolation="trusted")(check)
    with Reasoner(Model("m", engine, policy=PromptedPolicy), verifier=by) as reasoner:
        answer = reasoner.ask("Use 4 5 6 10 to make 24", 20, save=False)
    assert (answer.answer, answer.verified, answer.verifier) == ("(10 - 4) * 5 - 6", True, "mine@1")
    assert seen == ["(10 - 4) * 5 - 6"], "each answer is judged once"
