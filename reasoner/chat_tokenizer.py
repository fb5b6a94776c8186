"""The tokenizer of any Hugging Face model: text and conversations to tokens, tokens to bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from transformers import PreTrainedTokenizerFast

from .engine import Chat
from .errors import EngineError, ModelError
from .extract import THINK
from .tokenizer import SPECIALS, SpecialIds, Tokenizer, byte_alphabet

_APART = "\u200b"  # a space without width: keeps spelt-out special tokens from being one


class ChatTokenizer:
    """Implements ``Vocabulary``. What people and models write never becomes a special token."""

    silent: tuple[int, ...] = ()

    def __init__(self, folder: Path, vocab: int, ends: frozenset[int]) -> None:
        """Load ``folder``; raises :class:`ModelError`. ``vocab``: rows of the model's output;
        ``ends``: its own idea of what ends a text."""
        try:
            # Not AutoTokenizer: for some kinds of models it rebuilds what the file says.
            self._auto = PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)
            self._fast = self._auto.backend_tokenizer
            decoder = json.loads(self._fast.to_str())["decoder"]
        except Exception as error:  # whatever the library raises for a folder without one
            said = " ".join(str(error).split())[:200]
            raise ModelError(f"expected a tokenizer.json in {folder}, found: {said}") from None
        self._fast.no_truncation()
        self._fast.no_padding()
        own = self._auto.eos_token_id
        self.ends = ends | (frozenset() if own is None else {own})
        end = min(self.ends, default=0)
        self.special = SpecialIds(end, end, end, end, end)  # it knows none of ours
        added = self._fast.get_added_tokens_decoder().values()
        self._marks = [token.content for token in added if token.special and len(token.content) > 1]
        self._tags = [token.content for token in added if token.content.startswith("<")]
        self.pieces = self._pieces(vocab, "ByteLevel" in json.dumps(decoder))
        self.opens_thinking = self._render(Chat("", "")).rstrip().endswith(THINK)

    @property
    def size(self) -> int:
        return len(self.pieces)

    def encode(self, text: str) -> list[int]:
        """Tokens of plain text, with what the model expects before it."""
        return self._tokens(_apart(text, self._marks), True)

    def encode_chat(self, chat: Chat) -> list[int]:
        """Tokens of a conversation up to where the model goes on."""
        if self._auto.chat_template is None:
            return self.encode(str(chat))
        begun = chat.begun
        if self.opens_thinking:
            begun = begun.removeprefix(THINK).lstrip("\n")
        return self._tokens(self._render(chat) + _apart(begun, self._marks), False)

    def opened(self, prompt: str | Chat) -> str:
        """How the reply to ``prompt`` begins, as the template says it for the model."""
        fresh = isinstance(prompt, Chat) and not prompt.begun
        return f"{THINK}\n" if fresh and self.opens_thinking else ""

    @property
    def ours(self) -> bool:
        """Whether the model has our training: it knows our special tokens, and no template."""
        return self._auto.chat_template is None and set(SPECIALS) <= set(self._fast.get_vocab())

    def decode(self, tokens: Sequence[int]) -> str:
        """Text of ``tokens``; bytes that are not UTF-8 show as U+FFFD."""
        return b"".join([self.pieces[token] for token in tokens]).decode("utf-8", "replace")

    def _tokens(self, text: str, begin: bool) -> list[int]:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise EngineError(f"expected valid Unicode text, found {error.reason}") from None
        return list(self._fast.encode(text, add_special_tokens=begin).ids)

    def _render(self, chat: Chat) -> str:
        """The conversation as the model's template writes it, ready for the model's turn."""
        if self._auto.chat_template is None:
            return ""
        marks = self._marks + self._tags
        system, user = _apart(chat.system, marks), _apart(chat.user, marks)
        apart = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        one = [{"role": "user", "content": f"{system}\n\n{user}"}]  # some have no system's turn
        for messages in (apart, one):
            try:
                return str(
                    self._auto.apply_chat_template(
                        messages, tokenize=False, add_generation_prompt=True
                    )
                )
            except Exception as error:  # a template may do anything
                said = " ".join(str(error).split())[:200]
        raise EngineError(f"the model's chat template fails: {said}")

    def _pieces(self, vocab: int, byte_level: bool) -> list[bytes]:
        """Bytes of each token; none for special ones."""
        alphabet = byte_alphabet()
        added = self._fast.get_added_tokens_decoder()
        vocabulary = self._fast.get_vocab()
        pieces = [b""] * max(vocab, 1 + max(vocabulary.values()))
        for text, token in vocabulary.items():
            if token in added:
                pieces[token] = b"" if added[token].special else text.encode()
            elif byte_level and set(text) <= alphabet.keys():
                pieces[token] = bytes(alphabet[char] for char in text)
            elif text.startswith("<0x") and len(text) == 6:
                pieces[token] = bytes([int(text[3:5], 16)])
            else:
                pieces[token] = text.replace("\u2581", " ").encode()  # SentencePiece
        return pieces[:vocab]


def read_tokenizer(
    folder: Path, vocab: int, ends: frozenset[int] = frozenset()
) -> Tokenizer | ChatTokenizer:
    """Of the model in ``folder``; a ``Tokenizer`` where it has our training."""
    chat = ChatTokenizer(folder, vocab, ends)
    return Tokenizer(folder / "tokenizer.json") if chat.ours else chat


def _apart(text: str, marks: list[str]) -> str:
    for mark in marks:
        text = text.replace(mark, mark[0] + _APART + mark[1:])
    return text
