"""Lines to and from the parent: JSON, each behind the nonce of this run."""

from __future__ import annotations

import json
from typing import Any


class Line:
    """The control socket as a line of messages. Raises EOFError when the parent is gone."""

    def __init__(self, control: Any, nonce: str) -> None:
        self._control = control
        self._nonce = nonce.encode()
        self._left = b""

    def send(self, message: dict[str, Any]) -> None:
        text = json.dumps(message, allow_nan=False, separators=(",", ":")).encode()
        # a newline first: whatever else was written here ends before our own line
        self._control.sendall(b"\n" + self._nonce + b" " + text + b"\n")

    def receive(self) -> dict[str, Any]:
        while b"\n" not in self._left:
            piece = self._control.recv(1 << 16)
            if not piece:
                raise EOFError
            self._left += piece
        line, _, self._left = self._left.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message


def say(error: BaseException) -> str:
    """One short line on an exception; even its text may be a stranger's method."""
    try:
        return f"{type(error).__name__}: {error}"[:300]
    except BaseException:
        return type(error).__name__
