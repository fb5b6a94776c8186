"""Text to tokens and back, without loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import EngineError, ModelError

SPECIALS = ("<end>", "<value>", "<good>", "<bad>", "<pad>")


def byte_alphabet() -> dict[str, int]:
    """The 256 printable characters that byte-level tokenizers write for bytes (GPT-2)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    shifted = [byte for byte in range(256) if byte not in set(plain)]
    alphabet = {chr(byte): byte for byte in plain}
    return alphabet | {chr(256 + i): byte for i, byte in enumerate(shifted)}


@dataclass(frozen=True, slots=True)
class SpecialIds:
    """Ids of the special tokens, in the order of ``SPECIALS``."""

    end: int
    value: int
    good: int
    bad: int
    pad: int


class Tokenizer:
    """A byte-level ``tokenizer.json``. Text -> tokens -> text is exact for every UTF-8 text.

    ``pieces[i]``: the bytes of token i. ``special``: ids of the special tokens, which no text
    encodes to: a question that spells ``<end>`` is seven characters, not the token. ``ends``:
    those that end a text. ``silent``: those that are never written.
    """

    def __init__(self, path: Path) -> None:
        from tokenizers import Tokenizer as Fast

        if not path.is_file():
            raise ModelError(f"expected a tokenizer at {path}, found no file; rebuild the model")
        try:
            self._fast = Fast.from_file(str(path))
        except Exception as error:  # the library raises plain Exception
            raise ModelError(
                f"expected a readable tokenizer at {path}, found: {error}; build the model again"
            ) from None
        self._fast.encode_special_tokens = True
        self._fast.no_truncation()
        self._fast.no_padding()
        known = self._fast.get_vocab()
        if missing := [name for name in SPECIALS if name not in known]:
            raise ModelError(
                f"expected the special tokens {' '.join(SPECIALS)} in {path}, "
                f"found no {' '.join(missing)}; a model that was not trained with them needs an "
                "engine of its own; load it as hf:FOLDER"
            )
        self.special = special = SpecialIds(*(known[name] for name in SPECIALS))
        self.ends = frozenset((special.end,))
        self.silent: tuple[int, ...] = (special.value, special.good, special.bad, special.pad)
        self.pieces = self._pieces(path)

    def _pieces(self, path: Path) -> list[bytes]:
        alphabet = byte_alphabet()
        added = self._fast.get_added_tokens_decoder()
        pieces = [b""] * self._fast.get_vocab_size()
        for text, token in self._fast.get_vocab().items():
            if token >= len(pieces):
                raise ModelError(f"expected token ids without gaps in {path}, found {token}")
            if token in added:
                pieces[token] = text.encode()
            elif set(text) <= alphabet.keys():
                pieces[token] = bytes(alphabet[char] for char in text)
            else:
                raise ModelError(f"expected a byte-level tokenizer in {path}, found {text!r}")
        return pieces

    @property
    def size(self) -> int:
        """Number of tokens."""
        return len(self.pieces)

    def encode(self, text: str) -> list[int]:
        """Tokens of ``text``; :class:`EngineError` when it is not valid Unicode."""
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise EngineError(f"expected valid Unicode text, found {error.reason}") from None
        return list(self._fast.encode(text, add_special_tokens=False).ids)

    def decode(self, tokens: Sequence[int]) -> str:
        """Text of ``tokens``; bytes that are not UTF-8 show as U+FFFD."""
        return b"".join([self.pieces[token] for token in tokens]).decode("utf-8", "replace")
