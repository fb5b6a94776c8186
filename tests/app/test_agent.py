"""Asking from Python: scripts, threads, running loops, streams."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import time
from random import Random
from typing import Any

import pytest

import reasoner as door
from reasoner import agent, catalog
from reasoner.agent import Reasoner
from reasoner.calibration import Calibration
from reasoner.catalog import Model
from reasoner.engine import Finish, Generation, Request
from reasoner.errors import ModelError, RunError, UsageError
from reasoner.sync import run
from search import StopReason
from tests.app.conftest import HOPELESS, PUZZLE
from tests.app.toy import ToyEngine


def toy(delay_s: float = 0.0) -> Reasoner:
    return Reasoner(Model("toy", ToyEngine(delay_s)))


class Parrot(ToyEngine):
    def _line(self, request: Request, rng: Random) -> tuple[str, Finish]:
        return "Paris", Finish.END


def test_the_answer_carries_everything() -> None:
    answer = toy().ask(PUZZLE, think=5, seed=3)
    assert answer.answer is not None
    assert eval(answer.answer.partition("=")[0]) == 24  # noqa: S307
    assert (answer.verified, answer.confidence) == (True, 1.0)
    assert answer.stop_reason is StopReason.VERIFIED
    assert (answer.model, answer.domain, answer.seed) == ("toy", "countdown", 3)
    assert answer.budget.asked_s == 5
    assert 0 < answer.budget.used_s < 5
    assert answer.first_answer_s is not None
    assert answer.first_answer_s <= answer.budget.used_s
    assert len(answer.steps) == 3
    assert answer.run_id is not None
    assert json.loads(json.dumps(answer.as_dict()))["stop_reason"] == "verified"


def test_system_1_speaks_alone_first_where_nothing_is_judged() -> None:
    alone, beside = Parrot(delay_s=9), ToyEngine(delay_s=9)
    Reasoner(Model("parrot", alone)).ask("What is the capital of France?", think=0.1)
    Reasoner(Model("toy", beside)).ask(PUZZLE, think=0.1)
    assert [request.temperature for request in alone.requests] == [0.0]
    assert len(beside.requests) > 1


def test_ask_works_in_a_running_loop_and_in_threads() -> None:
    one = toy()

    async def notebook() -> str | None:
        return one.ask(PUZZLE, think=5).answer

    assert asyncio.run(notebook())
    answers: list[str | None] = []
    threads = [
        threading.Thread(target=lambda: answers.append(one.ask(PUZZLE, think=5).answer))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 3
    assert all(answers)


def test_run_hands_on_what_was_raised() -> None:
    async def fail() -> None:
        raise UsageError("no")

    async def inside() -> None:
        run(fail())

    with pytest.raises(UsageError):
        run(fail())
    with pytest.raises(UsageError):
        asyncio.run(inside())


def test_many_questions_share_one_engine() -> None:
    one = toy(0.001)

    async def all_at_once() -> list[str | None]:
        asks = (one.aask(PUZZLE, think=5, save=False, seed=seed) for seed in range(8))
        return [answer.answer for answer in await asyncio.gather(*asks)]

    assert all(asyncio.run(all_at_once()))


def test_a_stream_always_has_its_best() -> None:
    thinking = toy(0.005).stream(HOPELESS, think=0.4)

    async def watch() -> list[tuple[float, object]]:
        seen = []
        async for progress in thinking:
            assert progress.best == thinking.best or progress.best is None
            seen.append((progress.t_s, progress.best))
        return seen

    seen = asyncio.run(watch())
    assert seen[-1][1] is not None
    assert [t for t, _ in seen] == sorted(t for t, _ in seen)
    assert len(seen) < 60  # however fast the tree grows, a watcher is not flooded


def test_leaving_a_stream_ends_the_search() -> None:
    thinking = toy(0.002).stream(HOPELESS, think=60, save=False)

    async def leave() -> StopReason:
        async with thinking:
            async for progress in thinking:
                if progress.best is not None:
                    break
        return (await thinking.result()).stop_reason

    assert asyncio.run(asyncio.wait_for(leave(), 10)) is StopReason.INTERRUPTED


def test_cancelling_an_ask_cancels_the_search() -> None:
    engine = ToyEngine(0.002)

    async def give_up() -> int:
        task = asyncio.create_task(Reasoner(Model("toy", engine)).aask(HOPELESS, think=60))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.02)
        asked = len(engine.requests)
        await asyncio.sleep(0.05)
        return len(engine.requests) - asked

    assert asyncio.run(give_up()) == 0


def test_an_engine_that_hangs_and_swallows_cancellation_can_not_hold_an_answer() -> None:
    class Hangs(ToyEngine):
        async def generate(self, request: Request) -> Generation:
            if len(self.requests) > 3:
                while True:
                    try:
                        await asyncio.sleep(3600)
                    except asyncio.CancelledError:
                        continue
            return await super().generate(request)

    began = time.monotonic()
    answer = Reasoner(Model("toy", Hangs())).ask(HOPELESS, think=0.3, save=False)
    assert answer.stop_reason is StopReason.TIME
    assert answer.answer is not None
    assert time.monotonic() - began < 30  # it came back at all


def test_a_question_nobody_recognises_is_flagged() -> None:
    answer = Reasoner(Model("toy", Parrot())).ask("What is the capital of France?", think=5)
    assert answer.domain == "general"
    assert answer.verified is None
    assert "no verifier knows" in answer.note
    assert answer.stop_reason in (StopReason.CONFIDENT, StopReason.EXHAUSTED)


@pytest.mark.parametrize("curves", [{}, {"countdown": [(0.0, 0.1), (1.0, 0.2)]}])
def test_agreement_is_all_where_the_model_was_taught_no_values(curves: dict[str, Any]) -> None:
    engine = Parrot()
    model = Model("toy", engine, Calibration(value=curves))
    answer = Reasoner(model).ask("What is the capital of France?", think=5, stop_when="confident")
    assert {request.value for request in engine.requests} == {not curves}
    if curves:
        assert answer.confidence > 0.8  # sqrt(0.9 x a value of 0.5) were 0.67


def test_a_question_longer_than_the_context_is_refused_before_thinking() -> None:
    class Short(Parrot):
        context = 12

        def count_tokens(self, text: str) -> int:
            return len(text.split())

    engine = Short()
    reasoner = Reasoner(Model("short", engine))
    for words, longest in ((9, True), (10, False)):  # "ask" goes before them
        question = " ".join(["word"] * words)
        if longest:
            assert reasoner.ask(question, think=5).answer == "Paris"
            continue
        asked, saved = len(engine.requests), reasoner.store.ids()
        with pytest.raises(UsageError, match="at most 10 tokens for the model 'short', found 11"):
            reasoner.ask(question, think=5)
        assert (len(engine.requests), reasoner.store.ids()) == (asked, saved)


def test_options_there_are_none_of_are_refused() -> None:
    with pytest.raises(UsageError, match="'stratgy'; did you mean 'strategy'"):
        toy().stream(PUZZLE, 1, stratgy="mcts")  # type: ignore[call-arg]
    with pytest.raises(UsageError, match="found 'colour'; leave it out"):
        toy().ask(PUZZLE, 1, colour=3)  # type: ignore[call-arg]


def test_a_run_is_free_again_when_loading_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    first = toy().ask(PUZZLE, think=5)

    def broken() -> Model:
        raise ModelError("no weights")

    monkeypatch.setitem(catalog.LOADERS, "broken", broken)
    thinking = Reasoner("broken").resume(str(first.run_id), "1s")
    with pytest.raises(ModelError):
        run(thinking.result())
    run(toy().resume(str(first.run_id), "1s").result())  # though ``thinking`` still lives


def test_a_run_is_free_again_when_nobody_awaits_its_resume() -> None:
    first = toy().ask(PUZZLE, think=5)
    thinking = toy().resume(str(first.run_id), "1s")
    with pytest.raises(RunError, match="another process"):
        toy().resume(str(first.run_id))
    del thinking
    gc.collect()
    run(toy().resume(str(first.run_id), "1s").result())


def test_an_unsolvable_puzzle_is_said_so() -> None:
    answer = toy().ask("Use 1 1 1 to make 50", think=5)
    assert answer.verified is False
    assert answer.answer is not None
    assert answer.confidence == 0.0
    assert "expected 50" in answer.reason


def test_resume_goes_on_with_the_same_tree() -> None:
    one = toy()
    first = one.ask(HOPELESS, think=5, stop_when="budget", max_nodes=50)
    assert first.run_id is not None
    thinking = one.resume(first.run_id, "+0.2s")
    assert len(thinking.tree) == first.budget.nodes + 1
    with pytest.raises(RunError, match="another process"):
        one.resume(first.run_id)
    second = run(thinking.result())
    assert second.run_id == first.run_id
    assert second.budget.nodes > first.budget.nodes
    assert second.budget.tokens > first.budget.tokens
    assert second.first_answer_s == first.first_answer_s
    third = run(one.resume(first.run_id, 0.05, strategy="sample").result())
    assert third.budget.nodes >= second.budget.nodes
    assert third.strategy == "sample"


def test_resuming_with_other_weights_is_told() -> None:
    first = toy().ask(PUZZLE, think=5)
    other = Reasoner(Model("toy", ToyEngine(), fingerprint="abc"))
    with pytest.warns(UserWarning, match="other weights"):
        run(other.resume(str(first.run_id), "1s").result())


@pytest.mark.parametrize("think", ["10 minuts", "0", "-5s", 0, -1, float("nan"), 1e10, "", "s"])
def test_budgets_that_make_no_sense(think: str | float) -> None:
    with pytest.raises(UsageError, match="expected a time"):
        toy().stream(PUZZLE, think)


@pytest.mark.parametrize(
    ("question", "complaint"),
    [
        ("", "found nothing"),
        (" \n\t ", "found nothing"),
        ("x" * 10_000_000, "at most 100,000 bytes"),
        ("\u20ac" * 50_000, "at most 100,000 bytes"),
        ("2 + 2\0", "NUL byte at character 5"),
        ("caf\udce9", "lone surrogate at character 3"),
    ],
)
def test_questions_that_make_no_sense(question: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        toy().stream(question)


def test_names_that_are_unknown() -> None:
    with pytest.raises(ModelError, match="did you mean 'tiny'"):
        Reasoner("tinny")
    with pytest.raises(ModelError, match="there is tiny"):
        Reasoner("/nowhere/at/all")
    with pytest.raises(UsageError, match='did you mean "mcts"'):
        toy().stream(PUZZLE, strategy="mtcs")
    with pytest.raises(UsageError, match="verified, confident, budget"):
        toy().stream(PUZZLE, stop_when="never")
    with pytest.raises(UsageError, match="tokens budget above 0"):
        toy().stream(PUZZLE, max_tokens=0)


def test_the_module_level_ask_loads_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []

    def load() -> Model:
        loads.append(1)
        return Model("fake", ToyEngine())

    monkeypatch.setitem(catalog.LOADERS, "fake", load)
    agent.shared_reasoner.cache_clear()
    assert door.ask(PUZZLE, think="5s", model="fake").verified
    assert door.ask(PUZZLE, think="5s", model="fake", save=False).run_id is None
    assert loads == [1]
    agent.shared_reasoner.cache_clear()


def test_every_public_name_is_there() -> None:
    for name in door.__all__:
        assert getattr(door, name) is not None
    with pytest.raises(AttributeError):
        door.nothing  # noqa: B018
