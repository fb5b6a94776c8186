"""The fake engine keeps the same contract as a real one."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from reasoner import Reasoner
from reasoner.engine import Finish, Request
from reasoner.errors import EngineError, ModelError
from reasoner.scripted import Hang, Reply, ScriptedEngine, read_script

from .conftest import run, texts


def test_weights_are_chances() -> None:
    engine = ScriptedEngine({"q": [Reply("yes", 3.0, value=0.9), Reply("no")]})
    generation = run(engine.generate(Request("q", samples=4000, value=True)))
    found = texts(generation)
    assert sum(found.values()) == 4000
    assert abs(found["yes"] / 4000 - 0.75) < 0.04
    assert {c.text: c.value for c in generation.completions} == {"yes": 0.9, "no": None}


def test_seeds_repeat_and_zero_temperature_takes_the_likeliest() -> None:
    engine = ScriptedEngine(lambda prompt: [Reply("a"), Reply("b", 1.1)])
    first, second = (run(engine.generate(Request("q", samples=9, seed=4))) for _ in range(2))
    assert first == second
    assert texts(run(engine.generate(Request("q", samples=9, temperature=0)))) == {"b": 9}


def test_requests_that_make_no_sense() -> None:
    with pytest.raises(EngineError, match="found samples=0"):
        run(ScriptedEngine({"q": "a"}).generate(Request("q", samples=0)))


def test_how_replies_end() -> None:
    engine = ScriptedEngine({"q": "one two\nthree"})

    def finish(request: Request) -> tuple[str, Finish, int]:
        (completion,) = run(engine.generate(request)).completions
        return completion.text, completion.finish, completion.tokens

    assert finish(Request("q")) == ("one two\nthree", Finish.END, 4)
    assert finish(Request("q", stop="\n")) == ("one two\n", Finish.STOP, 3)
    assert finish(Request("q", stop="\n", max_tokens=2)) == ("one two", Finish.LENGTH, 2)


def test_failures_and_hangs_are_scripted_too() -> None:
    engine = ScriptedEngine({"bad": EngineError("no power"), "slow": Hang()})
    with pytest.raises(EngineError, match="no power"):
        run(engine.generate(Request("bad")))
    with pytest.raises(EngineError, match="'other'"):
        run(engine.generate(Request("other")))

    async def hang() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(engine.generate(Request("slow")), 0.01)

    run(hang())
    assert engine.cancelled == 1
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        run(engine.generate(Request("bad")))


def test_no_torch_is_loaded() -> None:
    code = "import sys, reasoner.scripted; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_script_in_a_file_answers_questions(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_text(
        '{"4 5 6 10": "Answer: (10 - 4) * 5 - 6", "4": "Answer: 4", '
        '"": [{"text": "Answer: 7", "weight": 3}, {"text": "Answer: 8"}]}'
    )
    with Reasoner(f"scripted:{path}") as reasoner:
        assert reasoner.ask("Use 4 5 6 10 to make 24", 5, save=False).verified
        assert reasoner.ask("How many days has a week?", 5, save=False).answer == "7"


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": [{"weight": 1}]}', '{"a": []}'])
def test_a_file_that_is_no_script(text: str, tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_text(text)
    with pytest.raises(ModelError, match="expected replies"):
        Reasoner(f"scripted:{path}").load()


def test_a_prompt_that_no_script_knows(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_text('{"sum": "1"}')
    with pytest.raises(EngineError, match=r"nothing in .*script\.json"):
        run(ScriptedEngine(read_script(path)).generate(Request("other")))
