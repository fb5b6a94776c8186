"""What counts as a question: non-empty text of a sane size that can be encoded."""

from __future__ import annotations

from .errors import UsageError

MAX_BYTES = 100_000  # UTF-8; far beyond any model's context, far below what hurts


def check_question(text: str) -> str:
    """``text`` without surrounding blanks; :class:`UsageError` names what is wrong with it."""
    if len(text) > MAX_BYTES:  # cheap test first: a character is at least one byte
        raise _too_long(f"{len(text):,} characters")
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise UsageError(
            f"expected UTF-8 text, found an undecodable byte or lone surrogate at character "
            f"{error.start}; re-encode the question as UTF-8"
        ) from None
    if size > MAX_BYTES:
        raise _too_long(f"{size:,} bytes")
    if "\0" in text:
        raise UsageError(
            f"expected text, found a NUL byte at character {text.index(chr(0))}; "
            "remove it from the question"
        )
    if not (question := text.strip()):
        raise UsageError(
            "expected a question, found nothing; write one in quotes, or use - to "
            "read it from standard input"
        )
    return question


def decode_question(data: bytes) -> str:
    """The question in ``data`` (UTF-8, perhaps with a byte-order mark)."""
    if len(data) > MAX_BYTES + 16:  # room for a mark and a final newline
        raise _too_long(f"more than {MAX_BYTES:,} bytes")
    try:
        return check_question(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError(
            f"expected UTF-8 text, found byte 0x{data[error.start]:02x} at position "
            f"{error.start}; re-encode the question as UTF-8"
        ) from None


def _too_long(found: str) -> UsageError:
    return UsageError(
        f"expected a question of at most {MAX_BYTES:,} bytes, found {found}; shorten it"
    )
