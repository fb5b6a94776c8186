"""Model text and file text made safe to show on a terminal.

Model output is a stranger's text: an escape sequence in it could recolour, retitle or rewrite
the reader's screen, and a bidirectional override could show an answer backwards.
"""

from __future__ import annotations

import re

# C0 and C1 controls except tab and newline, DEL, line/paragraph separators, bidirectional
# controls, lone surrogates (they can not be encoded), and the byte-order mark.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufeff]"
)


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)  # the control's own picture: escape becomes a visible symbol
    return "\u2421" if code == 0x7F else "\ufffd"


def plain(text: str) -> str:
    """``text`` with every character that could act on a terminal made visible and harmless."""
    return _UNSAFE.sub(_visible, text.replace("\r\n", "\n"))


def one_line(text: str, width: int = 80) -> str:
    """``plain(text)`` on one line of at most ``width`` characters."""
    flat = " ".join(plain(text).split())
    return flat if len(flat) <= width else flat[: width - 1] + "\u2026"
