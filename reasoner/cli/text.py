"""Writing for people: to stderr, one clean line at a time."""

from __future__ import annotations

import sys
from contextlib import suppress

from ..plain import plain


def say(line: str) -> None:
    """A line on stderr; a stderr that went away is no reason to stop thinking."""
    with suppress(OSError):
        print(plain(line), file=sys.stderr, flush=True)


def complain(message: str) -> None:
    say("reasoner: " + " ".join(message.split()))


def duration(seconds: float) -> str:
    """``0.42 s``, ``12.3 s``, ``3m05s``, ``1h02m``."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{rest:02}s"


def standing(confidence: float, verified: bool | None) -> str:
    """How sure an answer is, in words."""
    if verified is None:
        return f"confidence {min(confidence, 0.99):.0%}, not verified"  # only proof is 100 %
    if verified:
        return "verified"
    return f"scored {confidence:.2g}" if confidence > 0 else "rejected by the verifier"
