"""A loaded vLLM and a served one, for all tests here: loading takes most of a minute."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reasoner.catalog import BUNDLED

pytest.importorskip("vllm", reason="vLLM is not installed; run: make test-vllm")

from reasoner.vllm.engine import VLLMEngine

from .server import VLLMServer

ROOT = Path(__file__).parents[2]  # where programs that tests start find this package
TINY = BUNDLED / "tiny"
PROMPT = "countdown 4 5 6 10 to 24\n"
OPTIONS = {"dtype": "float32", "kv_cache_memory_bytes": 1 << 28}


@pytest.fixture(scope="session")
def engine() -> Iterator[VLLMEngine]:
    engine = VLLMEngine(TINY, OPTIONS)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VLLMServer]:
    server = VLLMServer(TINY, tmp_path_factory.mktemp("served") / "log")
    yield server
    server.close()
