"""The tokenizer of any Hugging Face model: text and conversations to tokens, tokens to bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from jinja2 import TemplateError
from transformers import AutoTokenizer

from .engine import Chat
from .errors import EngineError, ModelError
from .extract import THINK
from .tokenizer import SpecialIds, byte_alphabet

_APART = "\u200b"  # a space without width: keeps spelt-out special tokens from being one


class ChatTokenizer:
    """Implements ``Vocabulary``. What people and models write never becomes a special token."""

    silent: tuple[int, ...] = ()

    def __init__(self, folder: Path, vocab: int, ends: frozenset[int]) -> None:
        """Load ``folder``; raises :class:`ModelError`. ``vocab``: rows of the model's output;
        ``ends``: its own idea of what ends a text."""
        try:
            self._auto = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            decoder = json.loads(self._auto.backend_tokenizer.to_str())["decoder"]
        except Exception as error:  # whatever the library raises for a folder without one
            said = " ".join(str(error).split())[:200]
            raise ModelError(f"expected a tokenizer in {folder}, found: {said}") from None
        own = self._auto.eos_token_id
        self.ends = ends | (frozenset() if own is None else {own})
        end = min(self.ends, default=0)
        self.special = SpecialIds(end, end, end, end, end)  # it knows none of ours
        self._marks = [mark for mark in self._auto.all_special_tokens if len(mark) > 1]
        self.pieces = self._pieces(vocab, "ByteLevel" in json.dumps(decoder))
        self.opens_thinking = self._render(Chat("", "")).rstrip().endswith(THINK)

    @property
    def size(self) -> int:
        return len(self.pieces)

    def encode(self, text: str) -> list[int]:
        """Tokens of plain text, with what the model expects before it."""
        return self._tokens(self._plain(text), True)

    def encode_chat(self, chat: Chat) -> list[int]:
        """Tokens of a conversation up to where the model goes on."""
        if self._auto.chat_template is None:
            return self.encode(str(chat))
        begun = chat.begun
        if self.opens_thinking:
            begun = begun.removeprefix(THINK).lstrip("\n")
        return self._tokens(self._render(chat) + self._plain(begun), False)

    def decode(self, tokens: Sequence[int]) -> str:
        """Text of ``tokens``; bytes that are not UTF-8 show as U+FFFD."""
        return b"".join([self.pieces[token] for token in tokens]).decode("utf-8", "replace")

    def _tokens(self, text: str, begin: bool) -> list[int]:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise EngineError(f"expected valid Unicode text, found {error.reason}") from None
        return list(self._auto(text, add_special_tokens=begin)["input_ids"])

    def _render(self, chat: Chat) -> str:
        """The conversation as the model's template writes it, ready for the model's turn."""
        if self._auto.chat_template is None:
            return ""
        system, user = self._plain(chat.system), self._plain(chat.user)
        apart = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        one = [{"role": "user", "content": f"{system}\n\n{user}"}]  # some have no system's turn
        for messages in (apart, one):
            try:
                return str(
                    self._auto.apply_chat_template(
                        messages, tokenize=False, add_generation_prompt=True
                    )
                )
            except TemplateError as error:
                said = error
        raise EngineError(f"the model's chat template fails: {said}")

    def _plain(self, text: str) -> str:
        for mark in self._marks:
            text = text.replace(mark, mark[0] + _APART + mark[1:])
        return text

    def _pieces(self, vocab: int, byte_level: bool) -> list[bytes]:
        """Bytes of each token; none for special ones."""
        alphabet = byte_alphabet()
        special = set(self._auto.all_special_ids)
        added = set(self._auto.get_added_vocab().values())
        pieces = [b""] * max(vocab, 1 + max(self._auto.get_vocab().values()))
        for text, token in self._auto.get_vocab().items():
            if token in special:
                continue
            if token in added:
                pieces[token] = text.encode()
            elif byte_level and set(text) <= alphabet.keys():
                pieces[token] = bytes(alphabet[char] for char in text)
            elif text.startswith("<0x") and len(text) == 6:
                pieces[token] = bytes([int(text[3:5], 16)])
            else:
                pieces[token] = text.replace("\u2581", " ").encode()  # SentencePiece
        return pieces[:vocab]
