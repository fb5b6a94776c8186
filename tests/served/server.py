"""An OpenAI-compatible server by hand, down to the bytes: so that it can misbehave."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Call:
    """One request. ``number``: counts from 0. ``hung_up``: the client left before the end."""

    number: int
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    writer: asyncio.StreamWriter
    hung_up: bool = False

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self, status: int = 200, kind: str = "text/event-stream", **more: str) -> None:
        lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
        await self.send("\r\n".join([*lines, "", ""]).encode())

    async def event(self, data: Any) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        await self.send(f"data: {text}\n\n".encode())

    async def delta(self, text: str, logprob: float | None = None, **said: str) -> None:
        """One token of a completion, in the form that the path asks for."""
        if "chat" in self.path:
            choice: dict[str, Any] = {"delta": {"content": text, **said}}
            if logprob is not None:
                choice["logprobs"] = {"content": [{"token": text, "logprob": logprob}]}
        else:
            choice = {"text": text}
            if logprob is not None:
                choice["logprobs"] = {"token_logprobs": [logprob]}
        await self.event({"choices": [{"index": 0, **choice}]})

    async def end(self, reason: str = "stop", **usage: int) -> None:
        await self.event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
        if usage:
            await self.event({"choices": [], "usage": usage})
        await self.event("[DONE]")

    async def say(self, text: str, logprob: float | None = -0.5) -> None:
        """A whole well-behaved completion, a word a token, no longer than asked for."""
        await self.head()
        words = re.findall(r"\s*\S+", text)
        most = self.body.get("max_tokens", self.body.get("max_completion_tokens", 16))
        for word in words[:most]:
            await self.delta(word, logprob)
        await self.end("length" if len(words) > most else "stop")

    async def refuse(self, status: int, message: str, **headers: str) -> None:
        await self.head(status, "application/json", **headers)
        await self.send(json.dumps({"error": {"message": message}}).encode())

    async def until_hung_up(self) -> None:
        """Say nothing more for as long as the client listens."""
        while not self.writer.transport.is_closing():
            await asyncio.sleep(0.01)
        self.hung_up = True

    def reset(self) -> None:
        """Close the connection the hard way: the client sees a reset."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()


Behaviour = Callable[[Call], Awaitable[None]]


@dataclass
class Server:
    """Serves until closed, in a thread of its own; every completion is ``behave``'s.

    ``listing``: the body of GET /v1/models, or a status. ``calls``: completions asked for.
    """

    behave: Behaviour
    listing: Any = field(default_factory=lambda: {"data": [{"id": "m"}]})
    listing_hangs: bool = False
    port: int = 0
    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.ready = threading.Event()
        self.thread.start()
        assert self.ready.wait(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def name(self) -> str:
        return f"openai:{self.url}#m"

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._listen())
        self.loop.run_forever()
        self.loop.close()

    async def _listen(self) -> None:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=1 << 24)
        self.port = self.server.sockets[0].getsockname()[1]
        self.ready.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            verb, path, _ = head[0].split(" ")
            pairs = (line.split(": ", 1) for line in head[1:] if line)
            headers = {name.lower(): value for name, value in pairs}
            raw = await reader.readexactly(int(headers.get("content-length", 0)))
            call = Call(len(self.calls), path, headers, json.loads(raw or b"{}"), writer)
            if verb == "GET":
                await self._list(call)
            else:
                self.calls.append(call)
                watch = asyncio.create_task(reader.read())  # notices that the client left
                watch.add_done_callback(lambda _: writer.transport.close())
                await self.behave(call)
                watch.cancel()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except asyncio.CancelledError:  # a task that ends so makes Python 3.11's streams complain
            writer.transport.abort()
        finally:
            writer.close()

    async def _list(self, call: Call) -> None:
        if self.listing_hangs:
            await call.until_hung_up()
        elif call.path != "/v1/models":
            await call.refuse(404, "no such path")
        elif isinstance(self.listing, int):
            await call.refuse(self.listing, f"no: {call.headers.get('authorization')}")
        else:
            await call.head(200, "application/json")
            await call.send(json.dumps(self.listing).encode())

    def close(self) -> None:
        """Stop listening and break every connection."""

        async def stop() -> None:
            self.server.close()
            await asyncio.sleep(0.02)  # so that what was just accepted has its task
            left = asyncio.all_tasks() - {asyncio.current_task()}
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            await asyncio.sleep(0.02)  # so that what was closed is let go
            self.loop.stop()

        if self.thread.is_alive():
            asyncio.run_coroutine_threadsafe(stop(), self.loop)
            self.thread.join(10)
