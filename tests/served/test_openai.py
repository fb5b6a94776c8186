"""The engine of served models against a server that behaves."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from reasoner.engine import Finish, Request
from reasoner.errors import EngineError, ModelError
from reasoner.served.address import read_address
from reasoner.served.openai import OpenAIEngine

from .conftest import CHAT, ask, run
from .server import Call, Server

Serve = Callable[..., Server]
Connect = Callable[..., OpenAIEngine]


def three(call: Call) -> None:
    call.say("one two three")


def test_a_streamed_completion(serve: Serve, connect: Connect) -> None:
    server = serve(three)
    (completion,) = ask(connect(server)).completions
    assert completion.text == "one two three"
    assert (completion.count, completion.tokens, completion.finish) == (1, 3, Finish.END)
    assert completion.logprob == pytest.approx(-1.5)
    assert server.calls[0].body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "How many?"},
    ]


def test_plain_text_goes_to_completions(serve: Serve, connect: Connect) -> None:
    server = serve(three)
    (completion,) = ask(connect(server), "countdown 1 2 to 3\n").completions
    assert server.calls[0].path == "/v1/completions"
    assert server.calls[0].body["prompt"] == "countdown 1 2 to 3\n"
    assert completion.logprob == pytest.approx(-1.5)


def test_without_log_probabilities(serve: Serve, connect: Connect) -> None:
    def behave(call: Call) -> None:
        call.say("one two", None)

    (completion,) = ask(connect(serve(behave))).completions
    assert (completion.logprob, completion.tokens) == (None, 2)


def test_what_was_used_is_what_the_server_says(serve: Serve, connect: Connect) -> None:
    def behave(call: Call) -> None:
        call.head()
        call.delta("one two three")
        call.end(completion_tokens=5, prompt_tokens=20)

    generation = ask(connect(serve(behave)), samples=3)
    assert generation.completions[0].tokens == 5
    assert generation.tokens == 20 + 3 * 5  # the prompt once


@pytest.mark.parametrize("form", ["chat", "plain"])
def test_the_token_that_ends_a_text_is_no_part_of_it(
    form: str, serve: Serve, connect: Connect
) -> None:
    """vLLM tells its log-probability, and counts it."""

    def behave(call: Call) -> None:
        call.head()
        call.delta("one", -1.0)
        choice: dict[str, Any] = {"delta": {"content": ""}, "finish_reason": "stop"}
        choice["logprobs"] = {"content": [{"token": "<end>", "logprob": -0.25}]}
        if form == "plain":
            choice = {"text": "", "finish_reason": "stop"}
            choice["logprobs"] = {"tokens": ["<end>"], "token_logprobs": [-0.25]}
        call.event({"choices": [choice]})
        call.event({"choices": [], "usage": {"completion_tokens": 2}})
        call.event("[DONE]")

    generation = ask(connect(serve(behave)), CHAT if form == "chat" else "x")
    (completion,) = generation.completions
    assert (completion.text, completion.tokens, completion.logprob) == ("one", 1, -1.25)
    assert generation.tokens == 2


def test_equal_samples_count_together_and_seeds_differ(serve: Serve, connect: Connect) -> None:
    server = serve(three)
    (completion,) = ask(connect(server), samples=5, seed=2**63 - 2).completions
    assert completion.count == 5
    seeds = [call.body["seed"] for call in server.calls]
    assert len(set(seeds)) == 5
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_greedy_samples_are_one_request(serve: Serve, connect: Connect) -> None:
    server = serve(three)
    (completion,) = ask(connect(server), samples=5, temperature=0).completions
    assert (completion.count, len(server.calls)) == (5, 1)


def test_a_stop_ends_the_stream_here(serve: Serve, connect: Connect) -> None:
    def behave(call: Call) -> None:
        call.head()
        for part in ("step one\n", "\nstep", " two"):
            call.delta(part)
        call.until_hung_up()

    server = serve(behave)
    (completion,) = ask(connect(server), stop="\n\n").completions
    assert (completion.text, completion.finish) == ("step one\n\n", Finish.STOP)


def test_thinking_that_comes_apart_is_put_back_together(serve: Serve, connect: Connect) -> None:
    def behave(call: Call) -> None:
        call.head()
        call.delta("", reasoning_content="Well")
        call.delta("", reasoning=", yes")
        call.delta("42")
        call.end()

    (completion,) = ask(connect(serve(behave))).completions
    assert completion.text == "<think>\nWell, yes\n</think>\n\n42"


def test_a_server_that_does_not_stream(serve: Serve, connect: Connect) -> None:
    def behave(call: Call) -> None:
        call.head(200, "application/json")
        call.send(
            b'{"choices": [{"message": {"content": "42"}, "finish_reason": "stop"}],'
            b' "usage": {"completion_tokens": 2}}'
        )

    (completion,) = ask(connect(serve(behave))).completions
    assert (completion.text, completion.finish, completion.tokens) == ("42", Finish.END, 2)


def test_only_so_many_in_flight(serve: Serve, connect: Connect) -> None:
    now: set[int] = set()
    widths: list[int] = []

    def behave(call: Call) -> None:
        now.add(call.number)
        widths.append(len(now))
        time.sleep(0.01)
        now.remove(call.number)
        call.say("x")

    engine = connect(serve(behave), "?width=3")
    assert engine.capacity == 3
    (completion,) = ask(engine, samples=20).completions
    assert (completion.count, max(widths)) == (20, 3)


def test_a_hundred_requests_at_once(serve: Serve, connect: Connect) -> None:
    def echo(call: Call) -> None:
        call.say(call.body["messages"][1]["content"])

    engine = connect(serve(echo))

    async def main() -> list[str]:
        chats = (Request(replace(CHAT, user=f"number {i}")) for i in range(100))
        generations = await asyncio.gather(*(engine.generate(chat) for chat in chats))
        return [generation.completions[0].text for generation in generations]

    assert run(main()) == [f"number {i}" for i in range(100)]


def test_several_event_loops_in_several_threads(serve: Serve, connect: Connect) -> None:
    engine, found = connect(serve(three)), []

    def one() -> None:
        found.extend(ask(engine).completions[0].text for _ in range(3))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["one two three"] * 12


def test_a_cancelled_call_hangs_up(serve: Serve, connect: Connect) -> None:
    def behave(call: Call) -> None:
        call.head()
        call.delta("one")
        call.until_hung_up()

    server = serve(behave)
    engine = connect(server)

    async def main() -> None:
        task = asyncio.create_task(engine.generate(Request(CHAT, samples=3)))
        while len(server.calls) < 3:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        while not all(call.hung_up for call in server.calls):
            await asyncio.sleep(0.01)

    run(main())


def test_close_fails_what_is_in_flight_and_ends_the_thread(serve: Serve, connect: Connect) -> None:
    def behave(call: Call) -> None:
        call.until_hung_up()

    server = serve(behave)
    engine = connect(server)

    async def main() -> None:
        task = asyncio.create_task(engine.generate(Request(CHAT)))
        while not server.calls:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(engine.close)
        with pytest.raises(EngineError, match="closed"):
            await task
        with pytest.raises(EngineError, match="closed"):
            await engine.generate(Request(CHAT))

    run(main())
    engine.close()
    assert "reasoner-openai" not in [thread.name for thread in threading.enumerate()]


def test_a_forgotten_engine_ends_its_thread(serve: Serve) -> None:
    engine = OpenAIEngine(read_address(serve(three).name))
    ask(engine)
    del engine
    gc.collect()
    assert "reasoner-openai" not in [thread.name for thread in threading.enumerate()]


def test_the_pace_is_measured(serve: Serve, connect: Connect) -> None:
    engine = connect(serve(three))
    assert engine.pace.seconds(10) is None
    ask(engine)
    assert engine.pace.seconds(10) > engine.pace.seconds(1) > 0


# --- what a reply that has begun looks like to different servers


BEGUN = replace(CHAT, begun="Step one.\n\n")


def test_a_reply_that_has_begun_is_gone_on_with(serve: Serve, connect: Connect) -> None:
    server = serve(three)
    ask(connect(server), BEGUN)
    body = server.calls[0].body
    assert body["messages"][-1] == {"role": "assistant", "content": "Step one.\n\n"}
    assert body["continue_final_message"] is True
    assert body["add_generation_prompt"] is False


@pytest.mark.parametrize(
    "refusal",
    ["Unrecognized request argument: continue_final_message", "last role must be user or tool"],
)
def test_a_server_that_can_not_go_on_is_asked_to(
    refusal: str, serve: Serve, connect: Connect
) -> None:
    def behave(call: Call) -> None:
        if "continue_final_message" in call.body:
            return call.refuse(400, refusal)
        call.say("x")

    server = serve(behave)
    engine = connect(server)
    for _ in range(2):
        ask(engine, BEGUN)
    assert [call.body["messages"][-1]["role"] for call in server.calls] == [
        "assistant",
        "user",
        "user",  # it was learnt
    ]


@pytest.mark.parametrize("option", ["logprobs", "seed", "stream_options", "temperature"])
def test_what_is_refused_by_name_is_left_out(option: str, serve: Serve, connect: Connect) -> None:
    def behave(call: Call) -> None:
        if option in call.body:
            return call.refuse(400, f"Unsupported parameter: '{option}'")
        call.say("x")

    server = serve(behave)
    engine = connect(server)
    for _ in range(2):
        assert ask(engine).completions[0].text == "x"
    assert len(server.calls) == 3


def test_the_newer_name_of_the_length(serve: Serve, connect: Connect) -> None:
    def behave(call: Call) -> None:
        if "max_tokens" in call.body:
            return call.refuse(400, "use 'max_completion_tokens' instead of 'max_tokens'")
        call.say("x " * 99)

    (completion,) = ask(connect(serve(behave)), max_tokens=7).completions
    assert (completion.tokens, completion.finish) == (7, Finish.LENGTH)


def test_a_model_without_a_chat_template(serve: Serve, connect: Connect) -> None:
    def behave(call: Call) -> None:
        if "chat" in call.path:
            return call.refuse(400, "this model has no chat template")
        call.say("x")

    server = serve(behave)
    ask(connect(server), BEGUN)
    assert server.calls[-1].body["prompt"] == "Be brief.\n\nHow many?\n\nStep one.\n\n"


def test_less_is_asked_for_where_the_context_is_short(serve: Serve, connect: Connect) -> None:
    def behave(call: Call) -> None:
        if call.body["max_tokens"] > 100:
            return call.refuse(400, "maximum context length is 128 tokens")
        call.say("x " * 999)

    (completion,) = ask(connect(serve(behave)), max_tokens=800).completions
    assert completion.tokens == 100


def test_a_prompt_that_is_too_long_is_final(serve: Serve, connect: Connect) -> None:
    def behave(call: Call) -> None:
        call.refuse(400, "maximum context length is 128 tokens, your prompt has 999")

    with pytest.raises(EngineError, match="maximum context length is 128 tokens"):
        ask(connect(serve(behave)), max_tokens=64)


# --- addresses


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("openai:localhost:8000#m", "expected a model such as"),
        ("openai:ftp://host/v1#m", "expected a model such as"),
        ("openai:http://host:no/v1#m", "expected a model such as"),
        ("openai:http://host/v1", "after '#'"),
        ("openai:http://me:pass@host/v1#m", "OPENAI_API_KEY"),
        ("openai:http://host/v1?widht=3#m", "did you mean 'width'"),
        ("openai:http://host/v1?width=0#m", "found '0'"),
        ("openai:http://host/v1?prize_in=3#m", "did you mean 'price_in'"),
        ("openai:http://host/v1?price_out=cheap#m", "price_out, found 'cheap'"),
        ("openai:http://host/v1?price_out=-1#m", "price_out, found '-1'"),
    ],
)
def test_addresses_that_make_no_sense(name: str, message: str) -> None:
    from reasoner.catalog import find_model

    with pytest.raises(ModelError, match=message):
        find_model(name)


def test_a_wrong_name_is_told_the_right_one(serve: Serve, connect: Connect) -> None:
    server = serve(three, listing={"data": [{"id": "qwen3-8b"}, {"id": "m1:latest"}]})
    with pytest.raises(ModelError, match="it serves m1:latest, qwen3-8b"):
        connect(server)


@pytest.mark.parametrize("path", ["", "/v2", "/v1/chat/completions", "/openai/vl"])
def test_a_wrong_path_is_told_the_right_one(path: str, serve: Serve) -> None:
    from reasoner.catalog import find_model

    server = serve(three)
    with pytest.raises(ModelError, match=rf"did you mean {server.url}\?"):
        find_model(server.name.replace("/v1", path))()


def test_nobody_there(serve: Serve, connect: Connect) -> None:
    server = serve(three)
    server.close()
    with pytest.raises(ModelError, match=r"no server at .*; start it"):
        connect(server)


@pytest.mark.parametrize("listing", [500, {"data": None}, {"data": [{}]}, [], {}])
def test_a_server_without_a_list_is_taken_at_its_word(
    listing: object, serve: Serve, connect: Connect
) -> None:
    assert ask(connect(serve(three, listing=listing))).completions
