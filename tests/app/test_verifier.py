"""A verifier of one's own, used by ``ask`` from Python and from the command line."""

from __future__ import annotations

import asyncio
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

import reasoner as door
from reasoner.agent import Reasoner
from reasoner.answer import Answer
from reasoner.cards import find
from reasoner.catalog import Model
from reasoner.cli.verifiers import try_out
from reasoner.engine import Finish, Request
from reasoner.errors import RunError, UsageError
from reasoner.judging import FAILURES, Judging
from search import Budget, Meter
from tests.app.conftest import PUZZLE
from tests.app.toy import ToyEngine
from verifiers import Verdict, all_of, domain, find_verifier, llm_judge, recognise, verifier
from verifiers.sandbox.backend import Unusable

RIVERS = """
from reasoner import verifier

@verifier("river", timeout={timeout}, version="{version}", isolation="{isolation}")
def river(answer, question):
    {body}
"""


class Guesses(ToyEngine):
    """Names a river, another one every time, until it comes to the Seine."""

    def _line(self, request: Request, rng: Random) -> tuple[str, Finish]:
        guess = "Seine" if rng.random() < 0.02 else f"river {rng.randrange(1000)}"
        return guess, Finish.END


class Insists(ToyEngine):
    """Names one river."""

    def _line(self, request: Request, rng: Random) -> tuple[str, Finish]:
        return "Rhine", Finish.END


def guesser(**options: Any) -> Reasoner:
    return Reasoner(Model("toy", Guesses(0.002)), **options)


def river(
    tmp_path: Path,
    body: str,
    timeout: float = 5.0,
    version: str = "1",
    isolation: str = "process",
) -> str:
    file = tmp_path / f"river{version}.py"
    terms = {"timeout": timeout, "version": version, "isolation": isolation}
    file.write_text(RIVERS.format(body=body, **terms))
    return f"{file}:river"


def judging(verdicts: Callable[[str], object], **terms: Any) -> Judging:
    one = verifier("judge", isolation="trusted", **terms)(verdicts)
    problem = recognise("Which river?")
    return Judging(one, domain("general"), problem, Meter(Budget()))


@pytest.fixture
def seine(tmp_path: Path) -> str:
    return river(tmp_path, 'return "river?" in question and answer == "Seine"')


def test_a_verifier_takes_the_place_of_the_domains_judgement(seine: str) -> None:
    answer = guesser().ask("Which river?", think=20, verifier=seine)
    assert (answer.answer, answer.verified, answer.confidence) == ("Seine", True, 1.0)
    assert (answer.stop_reason, answer.verifier) == ("verified", "river@1")
    assert answer.note == "", "somebody knows this kind of question after all"


def test_it_may_be_a_function_an_object_a_name_or_the_reasoners_own(seine: str) -> None:
    def check(answer: str) -> bool:
        return answer == "Seine"

    trusted = verifier("mine", isolation="trusted")(check)
    for asked, name in ((trusted, "mine@1"), (all_of(trusted), None), ("exact", "exact@2")):
        answer = guesser().ask("Which river?", think=0.3, verifier=asked)
        assert name in (answer.verifier, None)
    assert guesser(verifier=trusted).ask("Which river?", think=20).verified is True


def test_it_judges_a_domains_answers_too() -> None:
    nothing = verifier("nothing", isolation="trusted")(lambda answer, numbers: 25 in numbers)
    answer = Reasoner(Model("toy", ToyEngine())).ask(PUZZLE, think=0.3, verifier=nothing)
    assert answer.verified is False
    assert answer.domain == "countdown"


def test_a_verifier_without_a_reference_leaves_answers_unjudged() -> None:
    needs = verifier("needs", isolation="trusted")(lambda answer, reference: True)
    answer = guesser().ask("Which river?", think=0.3, verifier=needs)
    assert answer.verified is None


@pytest.mark.parametrize("asked", ["nobody", ":", "./nowhere.py:check", "json:nothing", 7])
def test_what_can_not_judge_is_refused_before_thinking(asked: Any) -> None:
    with pytest.raises(UsageError):
        guesser().stream("Which river?", verifier=asked)


@pytest.fixture
def no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    class Absent:
        name = "absent"

        def __init__(self, packages: tuple[str, ...]) -> None:
            raise Unusable("it is not installed")

    monkeypatch.setattr("verifiers.sandbox.sandbox.ISOLATED", (Absent,))


@pytest.mark.usefixtures("no_sandbox")
def test_without_a_sandbox_what_needs_one_is_refused_before_thinking() -> None:
    boxed = verifier("boxed", isolation="sandbox")(lambda answer: True)
    for asked in (boxed, all_of(boxed), "code"):
        with pytest.raises(UsageError, match=r"expected a sandbox .*apt-get install bubblewrap"):
            guesser().stream("Which river?", verifier=asked)


@pytest.mark.usefixtures("no_sandbox")
def test_unsafe_exec_is_allowed_in_words_and_told_on_the_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = river(tmp_path, "return True", isolation="sandbox")
    one = guesser()
    first = one.ask("Which river?", think=0.05, verifier=spec, unsafe_exec=True)
    assert first.run_id is not None
    with pytest.raises(RunError, match="expected a sandbox"):
        one.resume(first.run_id, 1)
    answer = asyncio.run(one.resume(first.run_id, 20, unsafe_exec=True).result())
    assert (answer.verified, answer.reason) == (True, "[unsafe: ran without isolation]")
    with pytest.raises(UsageError, match="expected a sandbox"):
        try_out(spec)
    try_out(spec, unsafe_exec=True)
    assert "this card is not kept" in capsys.readouterr().err
    assert find(find_verifier(spec)) is None


def test_an_opinion_is_called_one() -> None:
    judge = llm_judge(lambda prompt: "A" if "A) The answer answers" in prompt else "B")
    answer = guesser().ask("Which river?", think=5, verifier=judge)
    assert (answer.verified, answer.verifier) == (True, "llm-judge@1")
    assert "opinion" in answer.note


def test_the_door_has_what_a_verifier_needs() -> None:
    assert door.verifier is verifier
    assert door.Verdict is Verdict


# --- a verifier that hangs or fails, while a search goes on


def test_a_verifier_that_hangs_holds_up_neither_the_deadline_nor_the_answer(
    tmp_path: Path,
) -> None:
    spec = river(tmp_path, "while True: pass", timeout=60)
    started = time.monotonic()
    answer = guesser().ask("Which river?", think=1.5, stop_when="budget", verifier=spec)
    assert time.monotonic() - started < 30, "not the verifier's timeout"
    assert answer.stop_reason == "time"
    assert answer.answer is not None
    assert answer.verified is None


def test_a_verifier_that_keeps_failing_is_told_of_once(tmp_path: Path) -> None:
    spec = river(tmp_path, "return 2.0")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        answer = guesser().ask("Which river?", think=20, stop_when="budget", max_tokens=400,
                               verifier=spec)  # fmt: skip
    (warning,) = [str(w.message) for w in caught]
    assert warning.startswith(f"river@1 failed {FAILURES} times in a row")
    assert "found float 2.0" in warning
    assert "\n" not in warning
    assert (answer.verified, answer.answer is None) == (None, False)


def test_each_answer_is_judged_once() -> None:
    asked: list[str] = []
    one = judging(lambda answer: asked.append(answer) or True)

    async def settle() -> None:
        await asyncio.gather(*(one.settle(["a", "b", "a"]) for _ in range(5)))

    asyncio.run(settle())
    assert asked == ["a", "b"]
    assert one.outcome("a").score == 1.0
    assert one.outcome("c").score is None


def test_a_success_ends_the_row_of_failures() -> None:
    def check(answer: str) -> bool:
        if answer.isdigit():
            raise ValueError
        return True

    one = judging(check)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for i in range(3 * FAILURES):
            asyncio.run(one.settle([str(i), f"x{i}"]))
    assert one.outcome("0").score is None
    assert "the verifier failed: error: raised ValueError" in one.outcome("0").reason


def test_what_is_still_being_judged_ends_with_the_search() -> None:
    ended: list[str] = []

    async def check(answer: str) -> bool:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(answer)
        return True

    one = verifier("slow", isolation="trusted", timeout=3600)(check)
    judge = Judging(one, domain("general"), recognise("?"), Meter(Budget(0.1)))

    async def think() -> None:
        await judge.settle(["a"])
        judge.close()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    asyncio.run(think())
    assert ended == ["a"]
    assert judge.outcome("a").score is None


def test_an_answer_leaves_no_verdict_under_way(tmp_path: Path) -> None:
    spec = river(tmp_path, "while True: pass", timeout=60)

    async def think() -> list[str]:
        await guesser().aask("Which river?", think=0.5, verifier=spec)
        for _ in range(5):
            await asyncio.sleep(0)
        return [str(task) for task in asyncio.all_tasks() if "_ask" in str(task)]

    assert asyncio.run(think()) == []


def test_agreement_does_not_outrun_a_slow_verifier(tmp_path: Path) -> None:
    spec = river(tmp_path, "while True: pass", timeout=60)
    one = Reasoner(Model("toy", Insists(0.002)))
    answer = one.ask("Which river?", think=1.5, stop_when="confident", verifier=spec)
    assert answer.stop_reason != "confident"
    assert answer.verified is None


# --- saved and thought on


def test_a_run_is_thought_on_with_its_verifier_or_not_at_all(tmp_path: Path, seine: str) -> None:
    one = guesser()
    first = one.ask("Which river?", think=0.05, verifier=seine)
    assert first.run_id is not None
    header = one.store.read(first.run_id).header
    assert (header.verifier, header.judge) == ("river@1", seine)
    again = asyncio.run(one.resume(first.run_id, 20).result())
    assert (again.verified, again.verifier) == (True, "river@1")
    other = river(tmp_path, "return True", version="2")
    with pytest.raises(RunError, match=r"expected river@1 .* found river@2"):
        one.resume(first.run_id, 1, verifier=other)
    Path(seine.rpartition(":")[0]).unlink()
    with pytest.raises(RunError, match=r"river@1 judged run .* expected a Python file"):
        Reasoner(one.load(), store=one.store).resume(first.run_id, 1)


def test_a_verifier_given_in_python_must_be_given_again() -> None:
    mine = verifier("mine", isolation="trusted")(lambda answer: answer == "Seine")
    one = guesser()
    first = one.ask("Which river?", think=0.05, verifier=mine)
    assert first.run_id is not None
    with pytest.raises(RunError, match=r"expected mine@1 .* found general@2"):
        one.resume(first.run_id, 1)
    assert asyncio.run(one.resume(first.run_id, 20, verifier=mine).result()).verified is True


# --- the command line


def test_ask_takes_a_file_and_says_who_judged(cli: Any, tmp_path: Path) -> None:
    file = tmp_path / "rule.py"
    file.write_text("def short(answer, numbers):\n    return len(numbers) == 4\n")
    code, out, _ = cli("ask", PUZZLE, "--json", "--verifier", f"{file}:short", "--think", "20s")
    answer = json.loads(out)
    assert (code, answer["verified"], answer["verifier"]) == (0, True, "short@1")
    code, out, _ = cli("runs", "resume", answer["run_id"][:11], "--think", "1s", "--json")
    assert json.loads(out)["verifier"] == "short@1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def check(answer, fen): return True", "expected a problem with the field 'fen'"),
        ("def check(answer): return 0.5", "this one: scored 0.5"),
    ],
)
def test_people_are_told_what_the_verifier_said(
    cli: Any, tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text)
    _, _, err = cli("ask", PUZZLE, "--verifier", f"{file}:check", "--think", "0.5s")
    assert said in err


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        ("countdwn", "did you mean countdown"),
        ("./nowhere.py:check", "expected a Python file"),
        ("./nowhere.py", "write ./nowhere.py:FUNCTION"),
        ("verifiers.text:nothing", "no such name"),
    ],
)
def test_a_verifier_that_can_not_be_found_is_one_line(cli: Any, spec: str, hint: str) -> None:
    code, out, err = cli("ask", PUZZLE, "--verifier", spec)
    assert (code, out) == (2, "")
    assert hint in err
    assert err.count("\n") == 1


def test_verifiers_list_show_and_test(cli: Any, tmp_path: Path) -> None:
    code, out, _ = cli("verifiers", "list", "--json")
    rows = {row["name"]: row for row in json.loads(out)}
    assert code == 0
    assert {"countdown", "general", "exact", "regex", "choice"} <= rows.keys()
    assert rows["countdown"]["judges"] == "from the question"
    assert rows["exact"]["test"] == "not run"
    code, out, err = cli("verifiers", "test", "exact")
    assert code == 0, out + err
    assert "FAIL" not in out
    assert "exact@2 passed" in out
    assert json.loads(cli("verifiers", "show", "exact", "--json")[1])["test"] == "passed"
    file = tmp_path / "bad.py"
    file.write_text("def anything(answer):\n    return True\n")
    code, out, _ = cli("verifiers", "test", f"{file}:anything", "--json")
    assert code == 1
    card = json.loads(out)
    assert (card["verifier"], card["passed"]) == ("anything", False)
    code, out, _ = cli("verifiers", "list")
    assert "countdown@2" in out
    code, _, err = cli("verifiers", "show", "nobody")
    assert (code, err.count("\n")) == (2, 1)


def test_an_answer_carries_its_verifier(seine: str) -> None:
    answer: Answer = guesser().ask("Which river?", think=0.1, verifier=seine, save=False)
    assert answer.as_dict()["verifier"] == "river@1"
