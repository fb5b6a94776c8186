"""The suite of every engine on a real ``vllm serve``, asked through ``openai:``."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("vllm", reason="vLLM is not installed; run: make test-vllm")

from reasoner import Answer, Reasoner
from reasoner.engine import Finish, Request
from reasoner.errors import EngineError
from reasoner.served.address import read_address
from reasoner.served.openai import OpenAIEngine
from search import StopReason
from tests.engine.conformance import PROMPTS, Subject
from tests.engine.conftest import run
from tests.engine.test_conformance import *  # noqa: F403
from tests.engine.test_conformance import TINY

from .conftest import ROOT
from .server import VLLMServer

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def subject(server: VLLMServer) -> Iterator[Subject]:
    address = read_address(server.name.replace("/v1", "/v1?width=64"))
    subject = Subject(TINY, lambda: OpenAIEngine(address))
    yield subject
    subject.close()


def test_a_request_ends_with_its_time(subject: Subject) -> None:
    """As in the suite. A server writes in step: when time ends just between two batches, all that
    has a word has ended, too, and another time is tried."""
    time_s = 0.1
    for seed in range(40):
        long = Request(PROMPTS[0], 500, max_tokens=900, temperature=2.0, seed=seed)
        try:
            found = run(subject.engine.generate(replace(long, timeout_s=time_s))).completions
        except EngineError:  # not a word
            time_s *= 2
            continue
        assert sum(completion.count for completion in found) < 500
        if any(completion.finish is Finish.LENGTH for completion in found):
            return
        time_s *= 0.75
    raise AssertionError("nothing was ever cut short")


def test_the_command_asks_it(server: VLLMServer, tmp_path: Path) -> None:
    """The model has no chat template, which vLLM refuses: it is asked in plain text then."""
    command = [sys.executable, "-m", "reasoner", "ask", "Use 4 5 6 10 to make 24"]
    command += ["--model", server.name, "--think", "5s", "--json"]
    home = {**os.environ, "REASONER_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=home)
    assert ended.returncode in (0, 3, 4), ended.stderr
    answer = json.loads(ended.stdout)
    assert answer["model"] == server.name
    assert answer["budget"]["tokens"] > 0
    assert answer["stop_reason"] in ("verified", "time")


def test_killed_and_started_again_during_a_think(server: VLLMServer) -> None:
    """What was asked while it was gone is asked again."""

    async def main() -> Answer:
        back, killed, before = asyncio.Event(), False, 0
        with Reasoner(server.name) as reasoner:
            thinking = reasoner.stream("What is 17 plus 25?", 300, save=False, stop_when="budget")
            async for progress in thinking:
                if progress.tokens and not killed:
                    killed = True
                    server.kill()
                    before = thinking.progress().tokens
                    server.start()
                    waiting = asyncio.create_task(asyncio.to_thread(server.wait))
                    waiting.add_done_callback(lambda _: back.set())
                if back.is_set() and progress.tokens > before:
                    break
            await waiting
            return await thinking.result()

    assert asyncio.run(main()).stop_reason is StopReason.INTERRUPTED
