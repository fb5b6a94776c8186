"""An OpenAI-compatible server by hand, down to the bytes: so that it can misbehave."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any


@dataclass
class Call:
    """One request. ``number``: counts from 0. ``hung_up``: the client left before the end.

    Saying anything to a client that has left raises ``ConnectionError``, which ends the call.
    """

    number: int
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    connection: socket.socket
    hung_up: bool = False

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def head(self, status: int = 200, kind: str = "text/event-stream", **more: str) -> None:
        lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
        self.send("\r\n".join([*lines, "", ""]).encode())

    def event(self, data: Any) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        self.send(f"data: {text}\n\n".encode())

    def delta(self, text: str, logprob: float | None = None, **said: str) -> None:
        """One token of a completion, in the form that the path asks for."""
        if "chat" in self.path:
            choice: dict[str, Any] = {"delta": {"content": text, **said}}
            if logprob is not None:
                choice["logprobs"] = {"content": [{"token": text, "logprob": logprob}]}
        else:
            choice = {"text": text}
            if logprob is not None:
                choice["logprobs"] = {"token_logprobs": [logprob]}
        self.event({"choices": [{"index": 0, **choice}]})

    def end(self, reason: str = "stop", **usage: int) -> None:
        self.event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
        if usage:
            self.event({"choices": [], "usage": usage})
        self.event("[DONE]")

    def say(self, text: str, logprob: float | None = -0.5) -> None:
        """A whole well-behaved completion, a word a token, no longer than asked for."""
        self.head()
        words = re.findall(r"\s*\S+", text)
        most = self.body.get("max_tokens", self.body.get("max_completion_tokens", 16))
        for word in words[:most]:
            self.delta(word, logprob)
        self.end("length" if len(words) > most else "stop")

    def refuse(self, status: int, message: str, **headers: str) -> None:
        self.head(status, "application/json", **headers)
        self.send(json.dumps({"error": {"message": message}}).encode())

    def until_hung_up(self) -> None:
        """Say nothing more for as long as the client listens."""
        with suppress(ConnectionError):
            while self.connection.recv(4096):
                pass
        self.hung_up = True

    def reset(self) -> None:
        """Close the connection the hard way: the client sees a reset."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()


Behaviour = Callable[[Call], None]


class Server(ThreadingTCPServer):
    """Serves until closed, a thread a connection; every completion is ``behave``'s.

    ``listing``: the body of GET /v1/models, or a status. ``calls``: completions asked for.
    """

    allow_reuse_address = True
    daemon_threads = False  # so that closing waits for every one of them
    request_queue_size = 128

    def __init__(
        self,
        behave: Behaviour,
        listing: Any = None,
        listing_hangs: bool = False,
        port: int = 0,
    ) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.behave, self.listing_hangs = behave, listing_hangs
        self.listing = {"data": [{"id": "m"}]} if listing is None else listing
        self.calls: list[Call] = []
        self.calls_lock = threading.Lock()
        self.connections: set[socket.socket] = set()
        self.thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self.thread.start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def name(self) -> str:
        return f"openai:{self.url}#m"

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def close(self) -> None:
        """Stop listening and break every connection. Safe to call twice."""
        self.shutdown()
        self.thread.join()
        for connection in tuple(self.connections):
            with suppress(OSError):  # its own thread was first
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class _Handler(StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        with suppress(ConnectionError):
            self._answer()

    def _answer(self) -> None:
        verb, path, _ = self._line().split(" ")
        headers = {}
        while line := self._line():
            name, value = line.split(": ", 1)
            headers[name.lower()] = value
        length = int(headers.get("content-length", 0))
        raw = self.rfile.read(length)
        if len(raw) < length:
            raise ConnectionError("the client left")
        body = json.loads(raw or b"{}")
        calls = self.server.calls
        with self.server.calls_lock:
            call = Call(len(calls), path, headers, body, self.connection)
            if verb != "GET":
                calls.append(call)
        if verb == "GET":
            self._list(call)
        else:
            self.server.behave(call)

    def _line(self) -> str:
        line = self.rfile.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the client left")
        return line.rstrip().decode()

    def _list(self, call: Call) -> None:
        listing = self.server.listing
        if self.server.listing_hangs:
            call.until_hung_up()
        elif call.path != "/v1/models":
            call.refuse(404, "no such path")
        elif isinstance(listing, int):
            call.refuse(listing, f"no: {call.headers.get('authorization')}")
        else:
            call.head(200, "application/json")
            call.send(json.dumps(listing).encode())
