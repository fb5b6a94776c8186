"""Servers that live as long as their test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from reasoner.engine import Chat, Generation, Request
from reasoner.served.address import read_address
from reasoner.served.openai import OpenAIEngine

from .server import Behaviour, Server

T = TypeVar("T")
CHAT = Chat("Be brief.", "How many?")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REASONER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return tmp_path / "home"


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    begun: list[Server] = []

    def start(behave: Behaviour, **options: Any) -> Server:
        begun.append(Server(behave, **options))
        return begun[-1]

    yield start
    for server in begun:
        server.close()


@pytest.fixture
def connect() -> Iterator[Callable[..., OpenAIEngine]]:
    made: list[OpenAIEngine] = []

    def make(server: Server, options: str = "") -> OpenAIEngine:
        made.append(OpenAIEngine(read_address(f"openai:{server.url}{options}#m")))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run with a limit, so that a lost wake-up fails instead of hanging."""

    async def limited() -> T:
        return await asyncio.wait_for(work, 30)

    return asyncio.run(limited())


def ask(engine: OpenAIEngine, prompt: str | Chat = CHAT, **options: Any) -> Generation:
    return run(engine.generate(Request(prompt, **options)))
