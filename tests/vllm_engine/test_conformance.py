"""The suite of every engine, on vLLM."""

from __future__ import annotations

import pytest

pytest.importorskip("vllm", reason="vLLM is not installed; run: make test-vllm")

from reasoner.vllm.engine import VLLMEngine
from tests.engine.conformance import Subject
from tests.engine.test_conformance import *  # noqa: F403
from tests.engine.test_conformance import NEVER, TINY

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def subject(engine: VLLMEngine) -> Subject:
    return Subject(TINY, lambda: engine, NEVER)
