"""Dollars: what servers charge, counted and kept within a budget."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reasoner import Answer, Reasoner
from reasoner.engine import Request
from reasoner.errors import UsageError
from reasoner.metered import Metered
from reasoner.recorder import revive
from reasoner.runs import Store
from reasoner.served.openai import OpenAIEngine
from search import Budget, Meter, StopReason

from .conftest import ask, run
from .server import Call, Server

Serve = Callable[..., Server]
Connect = Callable[..., OpenAIEngine]
PRICES = "?price_in=2&price_out=10"  # dollars for a million
READ, WRITTEN = 100, 50
CALL = (READ * 2 + WRITTEN * 10) / 1e6


def wrong(call: Call) -> None:
    """A rejected answer; a new one each time, or nothing would be left to try."""
    call.head()
    call.delta(f"4 + 5 = 9 (try {call.number})\n\nAnswer: 4 + 5 + 6 + 10 + {call.number}")
    call.end(prompt_tokens=READ, completion_tokens=WRITTEN)


def think(server: Server, prices: str = PRICES, **options: Any) -> Answer:
    with Reasoner(server.name.replace("#", f"{prices}#")) as reasoner:
        return reasoner.ask("Use 4 5 6 10 to make 24", 30, **options)


def test_every_sample_pays_for_its_prompt(serve: Serve, connect: Connect) -> None:
    generation = ask(connect(serve(wrong), PRICES), samples=3)
    assert generation.dollars == pytest.approx(3 * CALL)


def test_a_cached_prompt_is_paid_for(serve: Serve, connect: Connect) -> None:
    def behave(call: Call) -> None:
        call.head()
        call.delta("x")
        usage: Any = {"prompt_tokens_details": {"cached_tokens": 90}}
        call.end(prompt_tokens=READ, completion_tokens=WRITTEN, **usage)

    generation = ask(connect(serve(behave), PRICES))
    assert (generation.dollars, generation.tokens) == (pytest.approx(CALL), 10 + WRITTEN)


def test_what_a_server_does_not_count_is_guessed(serve: Serve, connect: Connect) -> None:
    generation = ask(connect(serve(lambda call: call.say("one two")), PRICES), "x" * 300)
    assert generation.dollars == pytest.approx((100 * 2 + 2 * 10) / 1e6)


def test_a_budget_in_dollars_ends_the_search_and_is_kept(serve: Serve) -> None:
    server = serve(wrong)
    answer = think(server, max_dollars=40 * CALL, save=False)
    assert answer.stop_reason is StopReason.DOLLARS
    assert answer.budget.dollars >= 40 * CALL
    assert len(server.calls) * CALL <= 60 * CALL, "what was in flight besides"


def test_what_was_paid_is_saved(serve: Serve, home: Path) -> None:
    answer = think(serve(wrong), max_dollars=5 * CALL)
    assert answer.run_id is not None
    past = revive(Store().read(answer.run_id))
    assert past.used.dollars == answer.budget.dollars > 0


def test_dollars_without_a_price(serve: Serve) -> None:
    with pytest.raises(UsageError, match=r"expected a price .*price_in="):
        think(serve(wrong), "", max_dollars=1.0, save=False)


def test_long_requests_are_cut_to_what_can_be_paid(serve: Serve, connect: Connect) -> None:

    server = serve(lambda call: call.say("word " * 400))
    meter = Meter(Budget(dollars=1005e-6))  # a hundred tokens at most
    metered = Metered(connect(server, PRICES), meter)
    run(metered.generate(Request("x", max_tokens=300)))
    assert server.calls[0].body["max_tokens"] == 100
    assert meter.dollars == pytest.approx(1000e-6)
