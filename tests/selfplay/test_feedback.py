"""Feedback from use: what was judged teaches, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from reasoner.agent import Reasoner
from reasoner.catalog import Model
from reasoner.cli.app import run
from reasoner.prompted import PromptedPolicy
from reasoner.runs import Store
from reasoner.scripted import ScriptedEngine
from selfplay.corpus import is_reserved
from selfplay.feedback import from_runs
from tests.app.toy import ToyEngine
from tests.selfplay.crew import ExpertEngine
from verifiers import domain, recognise, suite


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("REASONER_HOME", str(tmp_path))
    return Store()


def ask(store: Store, question: str, engine: object) -> None:
    Reasoner(Model("m", engine), store=store).ask(question, 5, max_nodes=30)  # type: ignore[arg-type]


def test_a_verified_answer_teaches_its_line(store: Store) -> None:
    ask(store, "Use 1 2 3 4 to make 24", ExpertEngine())
    (one,) = from_runs(store)
    assert one.line
    assert one.rollouts[0].right
    assert one.problem.reference is not None


def test_a_persons_word_goes_before_the_verifiers(store: Store) -> None:
    ask(store, "Use 1 2 3 4 to make 24", ExpertEngine())
    assert run(["runs", "mark", "last", "bad"]) == 0
    (one,) = from_runs(store)
    assert one.line == ()
    assert not one.rollouts[0].right
    assert run(["runs", "mark", "last", "good"]) == 0
    (one,) = from_runs(store)
    assert one.line


def test_what_nobody_judged_and_evaluation_problems_teach_nothing(store: Store) -> None:
    ask(store, "What is the capital of France?", ScriptedEngine(lambda prompt: "Paris"))
    assert list(from_runs(store)) == []
    assert run(["runs", "mark", "last", "good"]) == 0
    assert len(list(from_runs(store))) == 1, "a person may judge what no verifier can"
    numbers = suite("game24")[0].data["numbers"]
    ask(store, f"Use {' '.join(map(str, numbers))} to make 24", ToyEngine())  # type: ignore[arg-type]
    assert run(["runs", "mark", "last", "good"]) == 0
    assert len(list(from_runs(store))) == 1


def test_what_the_arena_may_ask_teaches_nothing(store: Store) -> None:
    family = domain("countdown")
    questions = [f"Use 1 2 {n} {m} to make 24" for n in range(3, 9) for m in range(3, 13)]
    kept = next(q for q in questions if is_reserved(family, recognise(q)))
    ask(store, kept, ExpertEngine())
    assert run(["runs", "mark", "last", "good"]) == 0
    assert list(from_runs(store)) == []


def test_what_was_thought_in_other_words_teaches_nothing(store: Store) -> None:
    """A model that is asked in words would teach ours to write as it does."""
    said = "First 4 * 3 = 12.\n\nThen 12 * 2 = 24.\n\nAnswer: 4 * 3 * 2 * 1"
    model = Model("m", ScriptedEngine(lambda prompt: said), policy=PromptedPolicy)
    with Reasoner(model, store=store) as reasoner:
        assert reasoner.ask("Use 1 2 3 4 to make 24", 5, max_nodes=30).verified
    assert list(from_runs(store)) == []


GULLIBLE = """
from verifiers import verifier

@verifier("gullible", examples=[("Which?", "a", True), ("Which?", "b", False)])
def gullible(answer): return answer.startswith("a")
"""


def test_a_verifier_that_fails_its_test_teaches_nothing(store: Store, tmp_path: Path) -> None:

    file = tmp_path / "mine.py"
    file.write_text(GULLIBLE)
    model = Model("m", ScriptedEngine(lambda prompt: "a"))
    asker = Reasoner(model, store=store, verifier=f"{file}:gullible")
    assert asker.ask("Which?", 5, max_nodes=9).verified
    assert list(from_runs(store)) == []
    assert run(["runs", "mark", "last", "good"]) == 0
    assert len(list(from_runs(store))) == 1, "a person's word counts"
    file.unlink()
    assert run(["runs", "mark", "last", "bad"]) == 0
    assert len(list(from_runs(store))) == 1


def test_a_judgement_must_be_one(store: Store) -> None:
    ask(store, "Use 4 5 6 10 to make 24", ToyEngine())
    assert run(["runs", "mark", "last", "fine"]) == 2
