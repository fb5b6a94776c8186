"""A server backed by a real engine: what the served engine is compared through."""

from __future__ import annotations

import asyncio

from reasoner.engine import Engine, Finish, Request
from tests.served.server import Behaviour, Call


def backed(engine: Engine) -> Behaviour:
    """Completions of ``engine``, streamed token by token as far as its text allows."""

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
        text, half = completion.text, len(completion.text) // 2
        assert completion.logprob is not None
        for part in (text[:half], text[half:]):
            call.delta(part, completion.logprob / 2)
        reason = "length" if completion.finish is Finish.LENGTH else "stop"
        call.end(reason, completion_tokens=completion.tokens)

    return behave
