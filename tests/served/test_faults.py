"""A server that misbehaves: completions are still had, keys never shown, budgets kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from reasoner import Answer, Reasoner
from reasoner.engine import Finish
from reasoner.errors import EngineError, ModelError
from reasoner.served.openai import OpenAIEngine
from search import StopReason

from .conftest import ask
from .server import Behaviour, Call, Server

Serve = Callable[..., Server]
Connect = Callable[..., OpenAIEngine]
RIGHT = "10 - 4 = 6\n\nAnswer: (10 - 4) * 5 - 6"
PUZZLE = "Use 4 5 6 10 to make 24"
SECRET = "sk-very-secret-0123456789"


def think(server: Server, question: str = PUZZLE, seconds: float = 20, **options: Any) -> Answer:
    with Reasoner(server.name) as reasoner:
        return reasoner.ask(question, seconds, save=False, **options)


def at_first(times: int, fault: Behaviour, text: str = RIGHT) -> Behaviour:
    """The first completions fail, the later ones do not."""

    def behave(call: Call) -> None:
        (fault(call) if call.number < times else call.say(text))

    return behave


def error_500(call: Call) -> None:
    call.refuse(500, "out of luck")


def busy(call: Call) -> None:
    call.refuse(429, "slow down", Retry_After="0.05")


def reset_at_once(call: Call) -> None:
    call.reset()


def reset_mid_stream(call: Call) -> None:
    call.head()
    call.delta("10 - 4")
    call.reset()


def hang_up_mid_stream(call: Call) -> None:
    call.head()
    call.delta("10 - 4")


def garbage(call: Call) -> None:
    call.head()
    call.event('{"choices": [{"delta": {"content"')


def nonsense(call: Call) -> None:
    call.head()
    call.event({"choices": [{"delta": {"content": ["no", "text"]}}]})


def no_http(call: Call) -> None:
    call.send(b"\x00\xff SMTP ready\r\n\r\n")


def error_mid_stream(call: Call) -> None:
    call.head()
    call.delta("10 - 4")
    call.event({"error": {"message": "engine died"}})


def endless_line(call: Call) -> None:
    call.head()
    call.send(b"data: ")
    while True:
        call.send(b"x" * 65536)


def html(call: Call) -> None:
    call.head(502, "text/html")
    call.send(b"<html><h1>Bad Gateway</h1></html>")


PASSING = [
    error_500,
    busy,
    reset_at_once,
    reset_mid_stream,
    hang_up_mid_stream,
    garbage,
    nonsense,
    no_http,
    error_mid_stream,
    endless_line,
    html,
]


@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_tried_again(fault: Behaviour, serve: Serve, connect: Connect) -> None:
    server = serve(at_first(2, fault))
    (completion,) = ask(connect(server), max_tokens=500).completions
    assert (completion.text, completion.finish) == (RIGHT, Finish.END)
    assert len(server.calls) == 3


@pytest.mark.parametrize("fault", PASSING)
def test_what_never_passes_ends_with_the_time(
    fault: Behaviour, serve: Serve, connect: Connect
) -> None:
    server = serve(at_first(999, fault))
    engine = connect(server)
    if fault in (reset_mid_stream, hang_up_mid_stream, error_mid_stream):
        (completion,) = ask(engine, timeout_s=0.4).completions
        assert (completion.text, completion.finish) == ("10 - 4", Finish.LENGTH)
    else:
        with pytest.raises(EngineError, match=r"from http.* in 0\.4 s") as error:
            ask(engine, timeout_s=0.4)
        assert "\n" not in str(error.value)


def test_everybody_waits_where_one_is_told_to(serve: Serve, connect: Connect) -> None:
    times: list[float] = []

    def behave(call: Call) -> None:
        times.append(time.monotonic())
        if call.number == 0:
            return call.refuse(429, "slow down", Retry_After="0.3")
        call.say("x")

    engine = connect(serve(behave), "?width=1")
    ask(engine, samples=4)
    assert len(times) == 5
    assert times[1] - times[0] >= 0.3


def test_a_pause_that_is_no_number_is_not_heeded(serve: Serve, connect: Connect) -> None:
    def refuse(call: Call) -> None:
        call.refuse(429, "slow down", Retry_After="\N{SUPERSCRIPT TWO}")

    assert ask(connect(serve(at_first(1, refuse)))).completions[0].text == RIGHT


def test_one_bad_sample_does_not_spoil_the_others(serve: Serve, connect: Connect) -> None:
    def behave(call: Call) -> None:
        if call.body["seed"] == 2:
            return call.refuse(418, "a teapot")
        call.say("x")

    (completion,) = ask(connect(serve(behave)), samples=4).completions
    assert completion.count == 3


def test_empty_completions(serve: Serve, connect: Connect) -> None:
    def behave(call: Call) -> None:
        call.head()
        call.end()

    generation = ask(connect(serve(behave)), samples=2)
    assert [(c.text, c.count, c.finish) for c in generation.completions] == [("", 2, Finish.END)]
    assert generation.tokens == 2  # a server can not be asked for nothing without end


def test_endless_tokens_end_at_the_bound(serve: Serve, connect: Connect) -> None:
    def behave(call: Call) -> None:
        call.head()
        while True:
            call.delta(" ha")

    (completion,) = ask(connect(serve(behave)), max_tokens=50).completions
    assert completion.finish is Finish.LENGTH
    assert 50 <= completion.tokens <= 51


def test_a_line_of_a_megabyte_is_cut(serve: Serve, connect: Connect) -> None:
    def behave(call: Call) -> None:
        call.head()
        call.delta("x" * 1_000_000)
        call.end()

    (completion,) = ask(connect(serve(behave)), max_tokens=10).completions
    assert completion.finish is Finish.LENGTH
    assert len(completion.text) <= 1000


@pytest.mark.parametrize(
    "strange",
    [
        '{"choices": [{"delta": {"content": "a\\ud800b"}, "finish_reason": "stop"}]}',
        '{"choices": [{"delta": {"content": "a?b"}}], "usage": {"completion_tokens": -7}}',
        '{"choices": [{"delta": {"content": "a?b"}}], "usage": null, "unheard": [1]}',
        '{"choices": [{"delta": {"content": "a?b"}, "logprobs": {"content": []}}]}',
        '{"choices": [{"delta": {"content": "a?b", "tool_calls": null}, "index": null}]}',
    ],
)
def test_strange_but_readable(strange: str, serve: Serve, connect: Connect) -> None:
    def behave(call: Call) -> None:
        call.head()
        call.send(b": a comment\n\nid: 7\n\n")
        call.event(strange)
        call.event("[DONE]")

    generation = ask(connect(serve(behave)))
    assert generation.completions[0].text == "a?b"
    assert generation.tokens >= 1


@pytest.mark.parametrize(
    "strange",
    [
        "[1, 2]",
        "null",
        '{"choices": 7}',
        '{"choices": [null]}',
        '{"choices": [{"delta": "text"}]}',
        '{"choices": [{"delta": {"content": "x"}}], "usage": {"completion_tokens": Infinity}}',
        '{"choices": [{"delta": {"content": "x"}, "logprobs": {"content": [{}]}}]}',
        "[" * 100_000,
    ],
)
def test_strange_and_unreadable(strange: str, serve: Serve, connect: Connect) -> None:
    def behave(call: Call) -> None:
        if call.number:
            return call.say("x")
        call.head()
        call.event(strange)
        call.until_hung_up()

    server = serve(behave)
    assert ask(connect(server)).completions[0].text == "x"
    assert len(server.calls) == 2


def test_a_slow_drip_is_cut_in_time(serve: Serve, connect: Connect) -> None:
    def behave(call: Call) -> None:
        call.head()
        while True:
            call.delta(" drip")
            time.sleep(0.02)

    (completion,) = ask(connect(serve(behave)), timeout_s=0.3).completions
    assert completion.finish is Finish.LENGTH
    assert completion.text.startswith(" drip")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 422])
def test_what_does_not_pass_is_said_at_once(status: int, serve: Serve, connect: Connect) -> None:
    def behave(call: Call) -> None:
        call.refuse(status, "never")

    server = serve(behave)
    with pytest.raises(EngineError, match=f"HTTP {status}: never"):
        ask(connect(server))
    assert len(server.calls) == 1


# --- keys


def quote_the_key(call: Call) -> None:
    call.refuse(401, f"expired key: {call.headers['authorization']}")


def test_a_key_is_sent_and_never_shown(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    server = serve(quote_the_key)
    engine = connect(server)
    with pytest.raises(EngineError, match=r"expired key: Bearer \*\*\*; check OPENAI_API_KEY") as e:
        ask(engine)
    assert server.calls[0].headers["authorization"] == f"Bearer {SECRET}"
    shown = repr(engine._address) + repr(e.value) + str(e.getrepr())
    assert SECRET not in shown


def test_an_expired_key_is_said_before_thinking(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    with pytest.raises(ModelError, match="wants a valid key") as error:
        connect(serve(quote_the_key, listing=401))
    assert SECRET not in str(error.value)


def test_a_key_that_can_not_be_sent(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-ü\nx")
    with pytest.raises(ModelError, match="OPENAI_API_KEY") as error:
        connect(serve(quote_the_key))
    assert "ü" not in str(error.value)


# --- whole questions


@pytest.mark.parametrize("fault", PASSING)
def test_a_question_survives(fault: Behaviour, serve: Serve) -> None:
    answer = think(serve(at_first(4, fault)))
    assert (answer.verified, answer.answer) == (True, "(10 - 4) * 5 - 6")


def test_a_server_that_dies_and_comes_back(serve: Serve) -> None:
    began = False

    def wrong(call: Call) -> None:
        nonlocal began
        began = True
        time.sleep(0.05)
        call.say("Answer: 4 + 5")

    def right(call: Call) -> None:
        call.say(RIGHT)

    server = serve(wrong)

    async def main() -> Answer:
        with Reasoner(server.name) as reasoner:
            thinking = asyncio.create_task(reasoner.aask(PUZZLE, 20, save=False))
            while not began:
                await asyncio.sleep(0.01)
            await asyncio.to_thread(server.close)
            await asyncio.sleep(0.5)
            serve(right, port=server.port)
            return await thinking

    answer = asyncio.run(main())
    assert answer.verified


def hang_after(times: int) -> Behaviour:
    def behave(call: Call) -> None:
        if call.number < times:
            return call.say("Answer: 4 + 5 + 6 + 10")
        call.until_hung_up()

    return behave


@pytest.mark.parametrize("times", [0, 3])
def test_a_server_that_hangs_keeps_the_budget(times: int, serve: Serve) -> None:
    began = time.monotonic()
    answer = think(serve(hang_after(times)), seconds=1.5)
    assert time.monotonic() - began < 30  # it came back at all
    assert answer.stop_reason is StopReason.TIME
    assert answer.answer == ("4 + 5 + 6 + 10" if times else None)
    if not times:
        assert "not a word from http" in answer.reason


def test_a_listing_that_hangs_keeps_the_budget(serve: Serve) -> None:
    server = serve(hang_after(0))
    server.listing_hangs = True
    began = time.monotonic()
    think(server, seconds=0.5)
    assert time.monotonic() - began < 30


def test_a_dead_server_says_why_there_is_no_answer(serve: Serve) -> None:
    answer = think(serve(at_first(9999, error_500)), seconds=1)
    assert answer.answer is None
    assert "HTTP 500: out of luck from http" in answer.reason


def test_a_wrong_model_is_said_soon(serve: Serve) -> None:
    def behave(call: Call) -> None:
        call.refuse(404, "The model `m` does not exist.")

    answer = think(serve(behave, listing={}), seconds=60)
    assert answer.stop_reason is StopReason.ENGINE
    assert "The model `m` does not exist" in answer.reason


def test_an_endless_thought_gets_its_answer_in_time(serve: Serve) -> None:
    """Cut short when only the time for an answer is left, and asked for it."""

    def behave(call: Call) -> None:
        begun = call.body["messages"][-1]["content"]
        if begun.endswith("Answer:"):
            return call.say(" (10 - 4) * 5 - 6")
        call.head()
        while True:
            call.delta(" hmm")
            time.sleep(0.01)

    answer = think(serve(behave), seconds=2)
    assert answer.verified
    assert answer.budget.used_s > 1
