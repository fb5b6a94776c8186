"""Any OpenAI-compatible server as an engine: vLLM, SGLang, llama.cpp, Ollama, or a hosted one."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2

from ..background import Background
from ..engine import Completion, Finish, Generation, Request
from ..errors import EngineError
from ..pace import Pace
from .address import KEY_VARIABLE, Address
from .dialect import Dialect, Refusal, too_long
from .listing import served
from .reply import BadReply, Reply, complaint

_CONNECT_S = 5.0
_PATIENCE_S = 60.0  # for a request without a time of its own
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 2.0
_BODY_BYTES = 4 << 20  # of a reply that is not streamed, or an error, at most
_TOKEN_CHARACTERS = 3  # in a token of a prompt that a server does not count: a dear guess
_PASSING = (408, 409, 425, 429)  # and every 5xx


class Passing(Exception):
    """A failure that may pass."""


@dataclass(eq=False, slots=True)
class _Attempt:
    """A sample on its way. ``reply``: of the latest try that brought any text. ``halvings``: of
    the length asked for, until it fits the model's context."""

    request: Request
    index: int
    reply: Reply = field(init=False)
    tries: int = 0
    halvings: int = 0
    failure: str = "not a word"

    def __post_init__(self) -> None:
        self.reply = self.fresh()

    def fresh(self) -> Reply:
        return Reply(self.request.stop, self.request.max_tokens)


class OpenAIEngine:
    """Implements ``Engine`` over HTTP: one streamed request a sample, ``width`` at a time.

    What may pass (no connection, 429, 5xx, a stream that breaks off or makes no sense) is tried
    again with growing pauses for as long as the request has time; what will not, raises
    :class:`EngineError` at once. Cancelling a call hangs up, which is how servers are told.
    Safe to use from several threads and event loops.
    """

    def __init__(self, address: Address) -> None:
        """Asks the server what it serves; raises :class:`ModelError`."""
        self._address = address
        headers = {} if address.key is None else {"Authorization": f"Bearer {address.key}"}
        self._dialect = Dialect(address.model, served(address, headers))
        self._client = httpx2.AsyncClient(
            headers=headers,
            timeout=httpx2.Timeout(None, connect=_CONNECT_S),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=address.width),
        )
        self._room = asyncio.Semaphore(address.width)
        self._quiet_until = 0.0  # monotonic; a 429 said so
        self._background = Background("reasoner-openai", self._client.aclose)
        self.pace = Pace()

    @property
    def name(self) -> str:
        return self._address.model

    @property
    def capacity(self) -> int:
        return self._address.width

    @property
    def dollars_per_token(self) -> float:
        """Of the dearer kind, as the address says."""
        return max(self._address.cost(1, 0), self._address.cost(0, 1))

    async def generate(self, request: Request) -> Generation:
        """See ``Engine``. Raises :class:`EngineError`; the engine lives on."""
        request.check()
        return await self._background.run(self._generate(request))

    def close(self) -> None:
        """Hang up; calls in flight get an :class:`EngineError`. Safe to call twice."""
        self._background.close()

    async def _generate(self, request: Request) -> Generation:
        equal = request.samples if request.temperature == 0 else 1  # greedy ones come out alike
        patience = _PATIENCE_S if request.timeout_s is None else request.timeout_s
        work = (
            self._sample(_Attempt(request, i), patience) for i in range(request.samples // equal)
        )
        results = await asyncio.gather(*work, return_exceptions=True)
        replies = [result for result in results if isinstance(result, Reply)]
        if not replies:
            raise next(result for result in results if isinstance(result, BaseException))
        found: dict[tuple[str, Finish], Completion] = {}
        for reply in replies:
            finish = reply.finish or Finish.LENGTH  # its time ran out
            old = found.get((reply.text, finish))
            new = Completion(reply.text, equal, reply.tokens, reply.logprob, finish)
            found[reply.text, finish] = new if old is None else replace(old, count=old.count + 1)
        computed = max(reply.prompt_tokens for reply in replies)
        computed += sum(reply.written_tokens for reply in replies)
        guess = len(str(request.prompt)) // _TOKEN_CHARACTERS
        dollars = sum(
            self._address.cost(guess if r.read_tokens is None else r.read_tokens, r.written_tokens)
            for r in replies
        )
        return Generation(tuple(found.values()), computed, dollars)

    async def _sample(self, attempt: _Attempt, patience: float) -> Reply:
        """One completion, or what there is of it after ``patience`` seconds."""
        try:
            async with asyncio.timeout(patience), self._room:
                await self._until_done(attempt)
        except TimeoutError:
            if not attempt.reply.text:
                raise EngineError(
                    f"{attempt.failure} from {self._address.base} in {patience:.1f} s "
                    f"({attempt.tries} tries)"
                ) from None
        return attempt.reply

    async def _until_done(self, attempt: _Attempt) -> None:
        pause = _FIRST_PAUSE_S
        while True:
            while (wait := self._quiet_until - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            attempt.tries += 1
            path, body = self._dialect.body(attempt.request, attempt.index, attempt.halvings)
            try:
                return await self._stream(attempt, path, body)
            except Refusal as refusal:
                if not self._dialect.learn(refusal, body):
                    self._shorten(attempt, refusal)
            except (httpx2.HTTPError, httpx2.InvalidURL, BadReply, Passing) as error:
                attempt.failure = str(error) or type(error).__name__
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _shorten(self, attempt: _Attempt, refusal: Refusal) -> None:
        """Ask for less where that may help; else the refusal is final."""
        attempt.halvings += 1
        if not too_long(refusal) or not attempt.request.max_tokens >> attempt.halvings:
            hint = f"; check {KEY_VARIABLE}" if refusal.status in (401, 403) else ""
            raise EngineError(f"{self._address.base} refused: {refusal}{hint}")

    async def _stream(self, attempt: _Attempt, path: str, body: dict[str, Any]) -> None:
        """One try; returns when the attempt's reply is complete."""
        began, first = time.monotonic(), 0.0
        async with self._client.stream("POST", self._address.base + path, json=body) as response:
            if response.status_code != 200:
                await self._fail(response)
            reply = attempt.fresh()
            if "event-stream" not in response.headers.get("content-type", ""):
                reply.take(await self._text(response))  # a server that does not stream
            else:
                async for event in httpx2.EventSource(response):
                    if event.data.strip() == "[DONE]":
                        reply.finish = reply.finish or Finish.END
                        break
                    if event.data:  # an event may carry an id alone
                        reply.take(self._address.redact(event.data))
                    if reply.text and not first:
                        first = time.monotonic()
                        attempt.reply = reply  # worth more than what an earlier try left
                    if reply.cut:
                        break
        if reply.finish is None:
            raise BadReply("a reply that broke off")
        attempt.reply = reply
        if first:
            self.pace.note(first - began, reply.tokens, time.monotonic() - first)

    async def _fail(self, response: httpx2.Response) -> None:
        """Raise what the status means."""
        status, said = response.status_code, complaint(await self._text(response))
        words = f"HTTP {status}" + (f": {said}" if said else "")
        after = response.headers.get("retry-after", "")
        told = after.isascii() and after.replace(".", "", 1).isdigit()
        if status in (429, 503) and told:
            self._quiet_until = max(self._quiet_until, time.monotonic() + float(after))
        if status in _PASSING or status >= 500:
            raise Passing(words)
        raise Refusal(status, words)

    async def _text(self, response: httpx2.Response) -> str:
        """The body, as far as anybody would read it."""
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > _BODY_BYTES:
                break
        return self._address.redact(body.decode("utf-8", "replace"))
