"""A fake engine that says what it is told to: search and agents run without a model, at once."""

from __future__ import annotations

import asyncio
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Annotated

from .engine import Completion, Finish, Generation, Request
from .errors import EngineError, ModelError


@dataclass(frozen=True, slots=True)
class Reply:
    """One thing the engine may say. ``weight``: relative to the prompt's other replies.

    ``value``: raw P(good), given only to requests that ask for it.
    """

    text: str
    weight: float = 1.0
    value: float | None = None


class Hang:
    """Scripted instead of replies: the call never returns; it can only be cancelled."""


Script = str | Reply | Sequence[Reply] | Exception | Hang


class ScriptedEngine:
    """Implements ``Engine`` from a mapping or function of the prompt.

    >>> ScriptedEngine({"1 + 1 =\\n": "2"})
    >>> ScriptedEngine(lambda prompt: [Reply("yes\\n", 3, value=0.9), Reply("no\\n", 1)])

    A reply ends at the request's ``stop`` when it holds it, else at its own end. An exception is
    raised, a ``Hang`` never returns. A token is a word with the space before it, or a newline.
    Equal requests give equal generations.

    ``delay_s``: seconds each call takes. ``requests``: all calls so far. ``cancelled``: how many
    of them were cancelled. ``closed``: whether :meth:`close` was called.
    """

    def __init__(
        self,
        script: Mapping[str, Script] | Callable[[str], Script],
        *,
        delay_s: float = 0.0,
        capacity: int = 16,
        name: str = "scripted",
    ) -> None:
        self._script, self._delay_s = script, delay_s
        self._capacity, self._name = capacity, name
        self.requests: list[Request] = []
        self.cancelled = 0
        self.closed = False

    @property
    def name(self) -> str:
        return self._name

    @property
    def capacity(self) -> int:
        return self._capacity

    async def generate(self, request: Request) -> Generation:
        """Raises :class:`EngineError` for a prompt that is not in the script."""
        request.check()
        if self.closed:
            raise EngineError("expected an open engine, found it closed; make a new one")
        self.requests.append(request)
        try:
            script = self._find(str(request.prompt))
            if self._delay_s:
                await asyncio.sleep(self._delay_s)
            if isinstance(script, Hang):
                await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return _generation(_replies(script), request)

    def close(self) -> None:
        self.closed = True

    def _find(self, prompt: str) -> Script:
        if callable(self._script):
            return self._script(prompt)
        if prompt not in self._script:
            raise EngineError(
                f"expected one of {len(self._script)} scripted prompts, found {prompt!r}; "
                "add it to the script"
            )
        return self._script[prompt]


def read_script(path: Path) -> Callable[[str], Script]:
    """What a JSON file says: ``{"4 5 6 10": "Answer: ...", "": [{"text": "...", "weight": 2}]}``.

    The longest key that is part of the prompt tells the reply, or several with weights; "" is part
    of every prompt. Raises :class:`ModelError`.
    """
    from pydantic import Field, TypeAdapter, ValidationError

    replies = Annotated[list[Reply], Field(min_length=1)]
    try:
        script = TypeAdapter(dict[str, str | replies]).validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        said = " ".join(str(error).split())[:200]
        raise ModelError(
            f"expected replies by what is part of the prompt, in JSON, in {path}, found: {said}"
        ) from None

    def find(prompt: str) -> Script:
        known = [key for key in script if key in prompt]
        if not known:
            raise EngineError(f'nothing in {path} is part of {prompt!r}; add it, or a key of ""')
        return script[max(known, key=len)]

    return find


def _replies(script: Script) -> Sequence[Reply]:
    if isinstance(script, Exception):
        raise script
    if isinstance(script, str):
        return [Reply(script)]
    if isinstance(script, Reply):
        return [script]
    assert not isinstance(script, Hang)
    return script


def _generation(replies: Sequence[Reply], request: Request) -> Generation:
    """Draw the samples; equal ones are one completion."""
    if request.temperature == 0:
        drawn = Counter({max(replies, key=lambda reply: reply.weight): request.samples})
    else:
        weights = [reply.weight ** (1 / request.temperature) for reply in replies]
        drawn = Counter(Random(request.seed).choices(replies, weights, k=request.samples))
    total = sum(reply.weight for reply in replies)
    completions: dict[tuple[str, Finish], Completion] = {}
    for reply, count in drawn.items():
        text, tokens, finish = _cut(reply.text, request)
        if (same := completions.get((text, finish))) is not None:
            count += same.count
        completions[text, finish] = Completion(
            text=text,
            count=count,
            tokens=tokens,
            logprob=math.log(reply.weight / total),
            finish=finish,
            value=reply.value if request.value else None,
        )
    return Generation(tuple(completions.values()), sum(c.tokens for c in completions.values()))


def _cut(text: str, request: Request) -> tuple[str, int, Finish]:
    """The text up to its stop or its allowed length, its tokens, and why it ends."""
    finish = Finish.END
    if request.stop is not None and request.stop in text:
        text = text[: text.index(request.stop) + len(request.stop)]
        finish = Finish.STOP
    tokens = re.findall(r"\n| ?\S+|\s", text)
    if len(tokens) > request.max_tokens:
        return "".join(tokens[: request.max_tokens]), request.max_tokens, Finish.LENGTH
    return text, len(tokens), finish
