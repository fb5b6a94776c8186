"""The engine contract: text in, completions out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from search import Span

from .errors import EngineError
from .pace import Pace


class Finish(StrEnum):
    STOP = "stop"
    """The stop string was written (it is part of the text)."""
    END = "end"
    """The model ended its text."""
    LENGTH = "length"
    """``max_tokens`` ran out."""


@dataclass(frozen=True, slots=True)
class Chat:
    """A question to a model that was raised on conversations.

    ``begun``: what it has replied so far; a completion goes on from there. ``str()`` of it is
    what a model reads that knows no conversations.
    """

    system: str
    user: str
    begun: str = ""

    def __str__(self) -> str:
        return f"{self.system}\n\n{self.user}\n\n{self.begun}"


@dataclass(frozen=True, slots=True)
class Request:
    """``samples`` independent continuations of ``prompt``.

    ``stop``: end after this string; None: only at the end of the text. ``temperature``: 0 is
    greedy. ``value``: also read the value token after each completion. ``timeout_s``: seconds
    after which what is written by then is all there is (``Finish.LENGTH``); an engine that is
    never slow may leave that to its caller, who cancels.
    """

    prompt: str | Chat
    samples: int = 1
    max_tokens: int = 64
    stop: str | None = None
    temperature: float = 1.0
    seed: int = 0
    value: bool = False
    timeout_s: float | None = None

    def check(self) -> None:
        """Raise :class:`EngineError` when it makes no sense."""
        sound = {
            "samples": self.samples >= 1,
            "max_tokens": self.max_tokens >= 1,
            "temperature": self.temperature >= 0 and math.isfinite(self.temperature),
            "stop": self.stop != "",
        }
        if wrong := [name for name, good in sound.items() if not good]:
            found = ", ".join(f"{name}={getattr(self, name)!r}" for name in wrong)
            raise EngineError(
                "expected samples and max_tokens of at least 1, a finite temperature of at least 0 "
                f"and a stop that is not empty, found {found}; correct the request"
            )


def room(prompt: int, context: int) -> int:
    """How many tokens may follow a prompt of ``prompt`` tokens, one kept for the value token.
    Raises :class:`EngineError` when there are none, and for an empty prompt."""
    left = context - prompt - 1
    if not prompt or left < 1:
        raise EngineError(
            f"expected a prompt of 1 to {context - 2} tokens, found {prompt}; "
            "ask a shorter question or use a model with a longer context"
        )
    return left


@dataclass(frozen=True, slots=True)
class Completion:
    """One distinct continuation.

    ``count``: how many of the request's samples came out as exactly this text.
    ``tokens``: length of ``text`` in tokens. ``logprob``: sum over its tokens, natural log, at
    temperature 1; None from an engine that does not tell. ``value``: raw P(good) from the value
    token, uncalibrated, or None. ``weights``: which wrote what, its end included; None from an
    engine whose weights never change.
    """

    text: str
    count: int
    tokens: int
    logprob: float | None
    finish: Finish
    value: float | None = None
    weights: tuple[Span, ...] | None = None


@dataclass(frozen=True, slots=True)
class Generation:
    """``completions``: distinct, their counts sum to the request's samples; to less where some of
    them failed (when all do, the call raises).
    ``tokens``: tokens the model computed for this request (shared prefixes counted once).
    ``dollars``: what it cost."""

    completions: tuple[Completion, ...]
    tokens: int
    dollars: float = 0.0


class Engine(Protocol):
    """Batches whatever is in flight; cancelling an awaiting task frees its place at once."""

    @property
    def name(self) -> str: ...

    @property
    def capacity(self) -> int:
        """How many samples in flight keep this engine busy."""
        ...

    async def generate(self, request: Request) -> Generation: ...

    def close(self) -> None:
        """Leave nothing running. Safe to call twice."""
        ...


@runtime_checkable
class Measured(Protocol):
    """What an engine may offer besides: then a question that is too long is refused at once, and
    prompts count towards a token budget before they are computed."""

    @property
    def context(self) -> int:
        """The longest text in tokens, prompt and completion together."""
        ...

    def count_tokens(self, prompt: str | Chat) -> int:
        """Length of ``prompt`` as the model gets it, a conversation's template included."""
        ...


@runtime_checkable
class Paced(Protocol):
    """What an engine may offer besides: how fast it answers, so that thinking ends in time."""

    @property
    def pace(self) -> Pace: ...


@runtime_checkable
class Priced(Protocol):
    """What an engine may offer besides: what it costs, so that dollars can be a budget."""

    @property
    def dollars_per_token(self) -> float:
        """Of the dearest kind of token; 0 while nobody said."""
        ...
