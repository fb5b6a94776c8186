"""What only models of transformers have: chat templates, tokenizers of many kinds, bad folders."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from reasoner import Reasoner, calibration
from reasoner.catalog import BUNDLED, find_model, fingerprint
from reasoner.chat_tokenizer import ChatTokenizer
from reasoner.engine import Chat, Request
from reasoner.errors import EngineError, ModelError
from reasoner.hf import HFEngine, _batch_bytes
from reasoner.policy import Policy
from reasoner.prompted import PromptedPolicy
from reasoner.tiny import TinyEngine

from .architectures import TEMPLATE, write_architecture
from .conftest import run

CHAT = Chat("Be brief.", "How many?", "Well, ")
THINKING = TEMPLATE.replace("[assistant]\n", "[assistant]\n<think>\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_architecture(tmp_path_factory.mktemp("hf") / "qwen2", "qwen2")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REASONER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))


@pytest.fixture
def load() -> Iterator[Callable[..., HFEngine]]:
    made: list[HFEngine] = []

    def make(folder: Path) -> HFEngine:
        made.append(HFEngine(folder, torch.float32, "cpu", kv_bytes=16 << 20))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


def tokenizer(folder: Path) -> ChatTokenizer:
    return ChatTokenizer(folder, 10_000, frozenset())


def test_a_conversation_is_written_as_the_template_says(folder: Path) -> None:
    found = tokenizer(folder)
    text = found.decode(found.encode_chat(CHAT))
    assert text == "[system]\nBe brief.\n[user]\nHow many?\n[assistant]\nWell, "


def test_a_model_without_a_template_reads_plain_text(tmp_path: Path) -> None:
    found = tokenizer(write_architecture(tmp_path / "m", "gpt2", None))
    assert found.decode(found.encode_chat(CHAT)) == "Be brief.\n\nHow many?\n\nWell, "


def test_a_template_without_a_systems_turn(tmp_path: Path) -> None:
    refuse = "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}"
    found = tokenizer(write_architecture(tmp_path / "m", "llama", refuse + TEMPLATE))
    text = found.decode(found.encode_chat(CHAT))
    assert text == "[user]\nBe brief.\n\nHow many?\n[assistant]\nWell, "


@pytest.mark.parametrize(
    ("template", "said"), [("{{ raise_exception('never') }}", "never"), ("{{ 'a' + 1 }}", "str")]
)
def test_a_template_that_fails_is_named(template: str, said: str, tmp_path: Path) -> None:
    folder = write_architecture(tmp_path / "m", "llama", template)
    with pytest.raises(EngineError, match=f"chat template fails: .*{said}"):
        tokenizer(folder)


def test_a_template_that_opens_a_thought(tmp_path: Path, load: Callable[..., HFEngine]) -> None:
    folder = write_architecture(tmp_path / "m", "llama", THINKING)
    found = tokenizer(folder)
    begun = Chat("s", "u", "<think>\nHm")
    assert found.decode(found.encode_chat(begun)).endswith("[assistant]\n<think>\nHm")
    engine = load(folder)
    fresh = run(engine.generate(Request(Chat("s", "u"), max_tokens=3)))
    assert fresh.completions[0].text.startswith("<think>\n")
    gone_on = run(engine.generate(Request(begun, max_tokens=3)))
    assert not gone_on.completions[0].text.startswith("<think>")


@pytest.mark.parametrize("text", ["<end>", "a <end> b", "<pad><end>"])
def test_what_people_write_is_never_a_special_token(text: str, folder: Path) -> None:
    found = tokenizer(folder)
    specials = {i for i, token in found._fast.get_added_tokens_decoder().items() if token.special}
    assert specials
    for tokens in (
        found.encode(text),
        found.encode_chat(Chat(text, text, text)),
    ):
        assert not specials & set(tokens)


def test_text_survives_its_tokens(folder: Path) -> None:
    found = tokenizer(folder)
    for text in ("plain", "two\nlines ", "żółw 🐢 \u202e", " leading"):
        assert found.decode(found.encode(text)) == text


def test_half_a_surrogate_is_no_text(folder: Path) -> None:
    with pytest.raises(EngineError, match="valid Unicode"):
        tokenizer(folder).encode("\ud800")


def test_a_shared_beginning_is_computed_once(folder: Path, load: Callable[..., HFEngine]) -> None:
    engine = load(folder)
    question = "how many are there of them\n" * 8
    run(engine.generate(Request(Chat("s", question), max_tokens=2)))
    before = engine.stats
    run(engine.generate(Request(Chat("s", question, "step\n"), max_tokens=2)))
    after = engine.stats
    assert after.cache_hits - before.cache_hits > 0.8 * (after.prompt_tokens - before.prompt_tokens)


def test_a_question_from_its_beginning_to_its_end(folder: Path) -> None:
    """Random weights write rubbish: an answer comes on time, and nobody believes it."""
    with Reasoner(f"hf:{folder}") as reasoner:
        assert reasoner.load().policy is PromptedPolicy
        answer = reasoner.ask("Use 4 5 6 10 to make 24", 3)
    assert answer.verified is not True
    assert answer.budget.tokens > 0
    assert answer.stop_reason in ("time", "exhausted")


@pytest.mark.parametrize("words", [400, 100])  # the second would fit, if it were all
def test_a_question_that_is_too_long_is_said_before_thinking(words: int, folder: Path) -> None:
    with Reasoner(f"hf:{folder}") as reasoner, pytest.raises(ValueError, match="at most 510 tok"):
        reasoner.ask("why " * words, 3)


def test_a_gpu_gives_its_rows_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row of an 8B model at 8,192 tokens does not fit twice into what a processor gives."""
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (90 << 30, 140 << 30))
    assert _batch_bytes("cuda:1") == 30 << 30
    assert _batch_bytes("cpu") == 2 << 30


def test_every_part_of_the_weights_makes_the_fingerprint(tmp_path: Path) -> None:
    names = ["config.json", "tokenizer.json"]
    names += [f"model-0000{i}-of-00002.safetensors" for i in (1, 2)]
    found = set()
    for changed in (None, *names):
        for name in names:
            (tmp_path / name).write_text("new" if name == changed else "old")
        found.add(fingerprint(tmp_path))
    assert len(found) == 5


def test_nothing_runs_on_for_a_model_whose_curves_are_damaged(tmp_path: Path) -> None:
    for file in (BUNDLED / "tiny").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "calibration.json").write_text("{")
    before = threading.active_count()
    with pytest.raises(ModelError) as error:  # held: what it remembers is not forgotten
        find_model(f"hf:{tmp_path}")()
    assert "calibration" in str(error.value)
    assert threading.active_count() == before


# --- folders that are no models


def test_a_model_that_is_not_here_says_how_to_get_it() -> None:
    with pytest.raises(ModelError, match="run: hf download no-such/model"):
        find_model("hf:no-such/model")()
    with pytest.raises(ModelError, match=r"no folder '\.\./\.\./x y'"):
        find_model("hf:../../x y")()


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="expected a causal language model in"):
        find_model(f"hf:{tmp_path}")()


def rewritten(folder: Path, to: Path, **changes: Any) -> Path:
    to.mkdir()
    for file in folder.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    config = json.loads((to / "config.json").read_text())
    (to / "config.json").write_text(json.dumps(config | changes))
    return to


@pytest.mark.parametrize(
    "changes", [{"model_type": "no-such-thing"}, {"hidden_size": 60}, {"vocab_size": "many"}]
)
def test_configs_that_make_no_sense(changes: dict[str, Any], folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as error:
        find_model(f"hf:{rewritten(folder, tmp_path / 'm', **changes)}")()
    assert "\n" not in str(error.value)


def test_damaged_weights(folder: Path, tmp_path: Path) -> None:
    broken = rewritten(folder, tmp_path / "m")
    whole = (broken / "model.safetensors").read_bytes()
    (broken / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="expected a causal language model in"):
        find_model(f"hf:{broken}")()


def test_no_pickle_is_ever_opened(folder: Path, tmp_path: Path) -> None:
    pickled = rewritten(folder, tmp_path / "m")
    (pickled / "model.safetensors").unlink()
    (pickled / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch owned'\ntR.")
    with pytest.raises(ModelError, match="expected a causal language model in"):
        find_model(f"hf:{pickled}")()


def test_a_folder_without_a_tokenizer(folder: Path, tmp_path: Path) -> None:
    bare = rewritten(folder, tmp_path / "m")
    for file in bare.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(ModelError, match=r"expected a tokenizer\.json in"):
        find_model(f"hf:{bare}")()


def test_a_model_with_our_training_is_spoken_to_as_it_learned(
    load: Callable[..., HFEngine],
) -> None:
    """The same words and values as of its own engine."""
    request = Request("Use 4 5 6 10 to make 24\n", samples=3, max_tokens=12, seed=5, value=True)
    own = TinyEngine(BUNDLED / "tiny", threads=1, dtype="float32")
    try:
        expected = run(own.generate(request)).completions
    finally:
        own.close()
    engine = load(BUNDLED / "tiny")
    found = run(engine.generate(request)).completions
    assert engine.trained
    assert [c.text for c in found] == [c.text for c in expected]
    assert [c.value for c in found] == pytest.approx([c.value for c in expected], abs=1e-3)


def test_our_training_brings_its_policy_and_calibration() -> None:
    model = find_model(f"hf:{BUNDLED / 'tiny'}")()
    try:
        assert model.policy is Policy
        assert model.calibration == calibration.load(BUNDLED / "tiny")
    finally:
        model.engine.close()
