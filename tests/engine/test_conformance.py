"""One suite for every engine: the same models, the same answers as transformers gives."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from examples.generate_engine import GenerateEngine
from reasoner.catalog import BUNDLED
from reasoner.engine import Completion, Engine, Finish, Paced, Request
from reasoner.errors import EngineError
from reasoner.hf import HFEngine
from reasoner.served.address import read_address
from reasoner.served.openai import OpenAIEngine
from reasoner.tiny import TinyEngine
from tests.served.server import Server

from .architectures import KINDS, write_architecture
from .backed import backed
from .conformance import PROMPTS, Subject
from .conftest import run

TINY = BUNDLED / "tiny"
NEVER = ("value", "good", "bad", "pad")  # the bundled model's, which its own engine never writes
DRAWS = 600
SUBJECTS = ("tiny", "hf-tiny", "openai-tiny", "example", *(f"hf-{kind}" for kind in KINDS))


class Served(OpenAIEngine):
    """A served model together with its server."""

    def __init__(self) -> None:
        self.behind = TinyEngine(TINY, threads=1, dtype="float32")
        self.server = Server(backed(self.behind))
        super().__init__(read_address(self.server.name.replace("/v1", "/v1?width=64")))

    def close(self) -> None:
        super().close()
        self.server.close()
        self.behind.close()


def _hf(folder: Path) -> Engine:
    return HFEngine(folder, torch.float32, "cpu", kv_bytes=16 << 20)


@pytest.fixture(scope="module", params=SUBJECTS)
def subject(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Subject]:
    name = request.param
    if name == "tiny":
        subject = Subject(TINY, lambda: TinyEngine(TINY, threads=1, dtype="float32"), NEVER)
    elif name == "openai-tiny":
        subject = Subject(TINY, Served, NEVER)
    elif name == "example":
        subject = Subject(TINY, lambda: GenerateEngine(TINY))
    elif name == "hf-tiny":
        subject = Subject(TINY, lambda: _hf(TINY), NEVER)
    else:
        folder = tmp_path_factory.mktemp("models") / name
        write_architecture(folder, name.removeprefix("hf-"))
        subject = Subject(folder, lambda: _hf(folder))
    yield subject
    subject.close()


def one(subject: Subject, prompt: str, **options: object) -> Completion:
    work = subject.engine.generate(Request(prompt, **options))
    (completion,) = run(work).completions
    return completion


@pytest.mark.parametrize("prompt", PROMPTS)
def test_greedy_is_what_transformers_writes(prompt: str, subject: Subject) -> None:
    tokens, logprob, ended = subject.reference.greedy(prompt, 24)
    found = one(subject, prompt, temperature=0, max_tokens=24)
    assert found.text == subject.reference.decode(tokens)
    assert found.tokens == len(tokens)
    assert found.finish is (Finish.END if ended else Finish.LENGTH)
    if found.text:  # of no text, a server does not tell
        assert found.logprob == pytest.approx(logprob, abs=1e-3)


def test_greedy_in_company_and_after_a_shared_beginning(subject: Subject) -> None:
    """Rows of different lengths in one batch, and prompts that go on from cached ones."""
    beginnings = [PROMPTS[0], PROMPTS[0] + "10 - 4 = 6\n", PROMPTS[0] + "10 - 4 = 6\n6", PROMPTS[2]]

    async def main() -> list[str]:
        requests = [Request(p, temperature=0, max_tokens=16) for p in beginnings * 3]
        found = await asyncio.gather(*(subject.engine.generate(r) for r in requests))
        return [generation.completions[0].text for generation in found]

    expected = [
        subject.reference.decode(subject.reference.greedy(prompt, 16)[0]) for prompt in beginnings
    ]
    assert run(main()) == expected * 3
    assert run(main()) == expected * 3  # all of it cached now


@pytest.mark.parametrize("temperature", [1.0, 1.6])
def test_samples_follow_the_distribution(temperature: float, subject: Subject) -> None:
    """Chi-square over the first token."""
    chances = subject.reference.first_token(PROMPTS[1], temperature)
    work = subject.engine.generate(
        Request(PROMPTS[1], samples=DRAWS, max_tokens=1, temperature=temperature, seed=7)
    )
    found: dict[str, int] = {}
    for completion in run(work).completions:
        found[completion.text] = found.get(completion.text, 0) + completion.count
    assert sum(found.values()) == DRAWS
    common = {text: DRAWS * chance for text, chance in chances.items() if DRAWS * chance >= 5}
    pairs = [(found.get(text, 0), expected) for text, expected in common.items()]
    rare = DRAWS - sum(common.values())
    if rare >= 5:
        pairs.append((DRAWS - sum(found.get(text, 0) for text in common), rare))
    statistic = sum((f - e) ** 2 / e for f, e in pairs)
    freedom = len(pairs) - 1
    assert freedom >= 1
    assert statistic < freedom + 5 * math.sqrt(2 * freedom)


def test_log_probabilities_of_samples(subject: Subject) -> None:
    """Each completion's, by one pass of transformers over prompt and completion."""
    work = subject.engine.generate(
        Request(PROMPTS[0], samples=64, max_tokens=3, temperature=1.0, seed=3)
    )
    tokenizer, checked = subject.reference.tokenizer, 0
    prompt = tokenizer.encode(PROMPTS[0])
    for completion in run(work).completions:
        tokens = tokenizer.encode(completion.text)
        if "\ufffd" in completion.text or len(tokens) != completion.tokens:
            continue  # these bytes can be spelt in another way, or not at all
        after = subject.reference.logprobs(prompt + tokens)
        if completion.finish is Finish.END:
            tokens.append(subject.reference.end)
        expected = sum(float(after[len(prompt) - 1 + i, token]) for i, token in enumerate(tokens))
        assert completion.logprob == pytest.approx(expected, abs=1e-3)
        checked += 1
    assert checked >= 1


def test_a_stop_is_part_of_the_text_and_its_end(subject: Subject) -> None:
    whole = one(subject, PROMPTS[0], temperature=0, max_tokens=40).text
    stop = next(char for char in whole[1:] if char.isascii())
    found = one(subject, PROMPTS[0], temperature=0, max_tokens=40, stop=stop)
    assert found.finish is Finish.STOP
    assert stop in found.text
    assert whole.startswith(found.text)


def test_a_request_ends_with_its_time(subject: Subject) -> None:
    """What is written by then comes back; nobody waits for the rest."""
    if isinstance(subject.engine, Served):
        pytest.skip("its server sends all at once; test_a_slow_drip_is_cut_in_time has it")
    slow = Request(PROMPTS[0], samples=200, max_tokens=300, temperature=2.0, timeout_s=0.2)
    generation = run(subject.engine.generate(slow))
    assert any(completion.finish is Finish.LENGTH for completion in generation.completions)
    assert max(completion.tokens for completion in generation.completions) < 300


def test_a_hundred_requests_at_once(subject: Subject) -> None:
    async def main() -> None:
        requests = [Request(f"{i} to 24\n", samples=1 + i % 3, max_tokens=5) for i in range(100)]
        found = await asyncio.gather(*(subject.engine.generate(r) for r in requests))
        for i, generation in enumerate(found):
            assert sum(completion.count for completion in generation.completions) == 1 + i % 3

    run(main())


def test_a_cancelled_request_makes_room_at_once(subject: Subject) -> None:
    """What comes after a cancelled horde is not kept waiting by it."""

    async def main() -> None:
        long = Request(PROMPTS[0], samples=64, max_tokens=1000, temperature=2.0)
        tasks = [asyncio.create_task(subject.engine.generate(long)) for _ in range(8)]
        await asyncio.sleep(0.2)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await subject.engine.generate(Request(PROMPTS[3], max_tokens=2, temperature=0))

    run(main())


def test_equal_seeds_draw_equal_samples(subject: Subject) -> None:
    def draw(seed: int) -> Callable[[], object]:
        work = subject.engine.generate(Request(PROMPTS[0], samples=6, max_tokens=6, seed=seed))
        return sorted((c.text, c.count) for c in run(work).completions)

    assert draw(5) == draw(5)
    assert draw(5) != draw(6)


@pytest.mark.parametrize("wrong", [{"samples": 0}, {"max_tokens": 0}, {"temperature": math.inf}])
def test_requests_that_make_no_sense(wrong: dict[str, float], subject: Subject) -> None:
    (name,) = wrong
    with pytest.raises(EngineError, match=f"found {name}="):
        one(subject, PROMPTS[0], **wrong)


def test_speed_is_measured(subject: Subject) -> None:
    """By every engine in the same words, which plans and ``--explain`` read."""
    engine = subject.engine
    one(subject, PROMPTS[0], temperature=0, max_tokens=8)
    assert isinstance(engine, Paced)
    quick, slow = engine.pace.seconds(1), engine.pace.seconds(100)
    assert quick is not None
    assert slow is not None
    assert 0 < quick < slow
    assert "tokens/s a line" in engine.pace.words
