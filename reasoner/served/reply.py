"""A server's reply as it grows: what its events say, up to its end, its stop or its bound."""

from __future__ import annotations

import json
from typing import Any

from ..engine import Finish
from ..extract import THINK, THOUGHT

_THINK, _THOUGHT = f"{THINK}\n", f"\n{THOUGHT}\n\n"
_LONGEST_TOKEN = 64  # characters; a server that sends more a token is cut

# What reading JSON of another shape than expected may raise.
_NONSENSE = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError)


class BadReply(Exception):
    """The server said something that is no completion."""


class Reply:
    """One completion on its way.

    ``stop`` and ``max_tokens`` are kept here: servers disagree on whether a text shows the stop
    that ended it, and a bad one heeds neither. ``cut``: so it was ended here. ``logprob``: None
    without any, or once a text came without. ``prompt_tokens``: computed for the prompt, as far as
    the server says. ``read_tokens``: of the prompt, those that the server had cached included;
    None: not told.
    """

    def __init__(self, stop: str | None, max_tokens: int) -> None:
        self.text = ""
        self.prompt_tokens = 0
        self.read_tokens: int | None = None
        self.logprob: float | None = None
        self.finish: Finish | None = None
        self.cut = False
        self._told, self._total = True, 0.0  # log-probabilities so far: all of them? their sum
        self._seen = 0  # tokens so far: log-probabilities, or events with text
        self._counted = 0  # by the server, what ended the text included; 0: not told
        self._last: str | None = None  # token with a log-probability
        self._stop, self._max_tokens = stop, max_tokens
        self._thinks = False

    @property
    def tokens(self) -> int:
        """Length of the text: seen where every token came with its log-probability, else the
        server's count."""
        return self._seen if self._told or not self._counted else self._counted

    @property
    def written_tokens(self) -> int:
        """What the server wrote for it, the end of the text included as far as it says."""
        return max(1, self._counted or self._seen)

    def take(self, data: str) -> None:
        """One event of the stream, or a whole reply. Raises :class:`BadReply`."""
        try:
            event = json.loads(data)
            if not isinstance(event, dict):
                raise TypeError
            if event.get("error"):
                raise BadReply(_message(event["error"]))
            for choice in event.get("choices") or []:
                self._grow(choice)
            self._count(event.get("usage") or {})
        except _NONSENSE:
            raise BadReply(f"expected a completion in JSON, found {data[:80]!r}") from None

    def _count(self, usage: dict[str, Any]) -> None:
        if usage.get("completion_tokens"):
            self._counted = max(0, int(usage["completion_tokens"]))
        details = usage.get("prompt_tokens_details") or {}
        prompt = int(usage.get("prompt_tokens") or 0)
        self.read_tokens = prompt or self.read_tokens
        self.prompt_tokens = max(0, prompt - int(details.get("cached_tokens") or 0))

    def _grow(self, choice: dict[str, Any]) -> None:
        said = choice.get("delta") or choice.get("message") or {}
        thought = said.get("reasoning_content") or said.get("reasoning") or ""
        text = said.get("content") or choice.get("text") or ""
        if thought:
            self._add(thought if self._thinks else _THINK + thought)
            self._thinks = True
        if text:
            self._add(_THOUGHT + text if self._thinks else text)
            self._thinks = False
        self._weigh(choice.get("logprobs") or {}, bool(thought or text))
        if self.finish is None and (reason := choice.get("finish_reason")):
            self.finish = Finish.LENGTH if reason == "length" else Finish.END
            if self.finish is Finish.END and self._last and not self.text.endswith(self._last):
                self._seen -= 1  # the token that ended it is no part of it

    def _weigh(self, logprobs: dict[str, Any], spoke: bool) -> None:
        """The logarithms of an event: one a token, in either of the two forms."""
        chat, plain = logprobs.get("content"), logprobs.get("token_logprobs") or []
        found = [token["logprob"] for token in chat] if chat else plain
        names = [token.get("token") for token in chat] if chat else logprobs.get("tokens") or []
        self._last = names[-1] if names else None
        self._seen += len(found) or spoke
        self._told = self._told and (bool(found) or not spoke)
        self._total += sum(map(float, found))
        self.logprob = self._total if self._told and self._seen else None
        if self._seen > self._max_tokens:
            self._end(len(self.text), Finish.LENGTH)

    def _add(self, text: str) -> None:
        if self.finish is not None:
            return
        searched = len(self.text)
        self.text += text.encode(errors="replace").decode()  # half a surrogate is no text
        if self._stop is not None:
            at = self.text.find(self._stop, max(0, searched - len(self._stop) + 1))
            if at >= 0:
                self._end(at + len(self._stop), Finish.STOP)
        self._end(self._max_tokens * _LONGEST_TOKEN, Finish.LENGTH)

    def _end(self, length: int, finish: Finish) -> None:
        """Cut the text here when it is at least so long and has no end yet."""
        if self.finish is None and len(self.text) >= length:
            self.text, self.finish, self.cut = self.text[:length], finish, True


def _message(error: object) -> str:
    """The words of an error object, whatever its shape."""
    found = error.get("message") if isinstance(error, dict) else error
    return str(found or error)


def complaint(body: str) -> str:
    """What an error's body says: the message in its JSON, else its text, on one line."""
    try:
        event = json.loads(body)
        said = _message(event.get("error") or event.get("detail") or event)
    except (ValueError, AttributeError, RecursionError):
        said = body
    return " ".join(said.split())[:300]
