"""Any text to tokens and back, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoner.tokenizer import Tokenizer

from .conftest import write_tokenizer


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    write_tokenizer(path)
    return Tokenizer(path)


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_every_text_survives(text: str, tokenizer: Tokenizer) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize(
    "text", ["", "\n\n", " 10  to\t4", "\x00\x1b[31m", "é💥e\u0301", "a\r\nb", "\ufeff", "\u2028"]
)
def test_awkward_texts_survive(text: str, tokenizer: Tokenizer) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize("name", ["<end>", "<value>", "<good>", "<pad>"])
def test_a_question_cannot_spell_a_special_token(name: str, tokenizer: Tokenizer) -> None:
    special = tokenizer.special
    tokens = tokenizer.encode(f"to {name} 4")
    assert not {special.end, special.value, special.good, special.bad, special.pad} & {*tokens}
    assert tokenizer.decode(tokens) == f"to {name} 4"


@given(tokens=st.lists(st.integers(0, 259), max_size=20))
@settings(max_examples=200, deadline=None)
def test_any_tokens_decode_to_text(tokens: list[int], tokenizer: Tokenizer) -> None:
    tokenizer.decode(tokens).encode()
