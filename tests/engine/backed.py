"""A server backed by a real engine: what the served engine is compared through."""

from __future__ import annotations

import asyncio
from typing import Any

from reasoner.engine import Engine, Finish, Request
from tests.served.server import Behaviour, Call


def backed(engine: Engine) -> Behaviour:
    """Completions of ``engine``, streamed in two events as vLLM does: with a log-probability for
    each token, the end of the text included."""

    def behave(call: Call) -> None:
        body = call.body
        request = Request(
            body["prompt"],
            max_tokens=body["max_tokens"],
            temperature=body["temperature"],
            seed=body["seed"],
        )
        (completion,) = asyncio.run(engine.generate(request)).completions
        call.head()
        ended = completion.finish is Finish.END
        assert completion.logprob is not None
        share = completion.logprob / max(1, completion.tokens + ended)
        first = completion.tokens // 2
        rest = completion.tokens - first + ended
        text, half = completion.text, len(completion.text) // 2 if first else 0
        names = ["?"] * (rest - 1) + (["<end>"] if ended else [text[-1:]])
        call.event({"choices": [{"text": text[:half], "logprobs": _told([share] * first)}]})
        last = {"text": text[half:], "logprobs": _told([share] * rest, names)}
        call.event({"choices": [{**last, "finish_reason": "stop" if ended else "length"}]})
        call.event({"choices": [], "usage": {"completion_tokens": completion.tokens + ended}})
        call.event("[DONE]")

    return behave


def _told(logprobs: list[float], names: list[str] | None = None) -> dict[str, list[Any]]:
    return {"token_logprobs": logprobs, "tokens": names or ["?"] * len(logprobs)}
