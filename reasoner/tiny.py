"""The bundled model's engine: any number of callers, one batch, one worker thread."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import sys
import threading
import time
import warnings
import weakref
from collections import deque
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import torch

from .decoder import Decoder
from .engine import Chat, Generation, Request, room
from .errors import EngineError, ModelError
from .group import Group, spell
from .kv_cache import PrefixCache
from .llama import Llama, knows_bfloat16
from .network import Network, Vocabulary
from .pace import Pace
from .stats import Stats
from .tokenizer import Tokenizer

_CAPACITY = 128  # samples in flight
_MAX_ROWS = 512
_BATCH_BYTES = 1 << 30  # storage of the rows in flight, at most; it grows with use
_MAX_THREADS = 4  # the matrices are too small to feed more
_SWITCH_S = 1e-4  # Python's 5 ms, several times in an iteration, would make the engine wait for the
# interpreter's lock for a fifth of its time while a search thinks in another thread
_PARTS_APART = 0x9E3779B9  # between the seeds of a large request's parts


@dataclass(eq=False, slots=True)
class _Ticket:
    """One call of ``generate``: its groups, and where to report."""

    groups: list[Group]
    future: asyncio.Future[None]
    loop: asyncio.AbstractEventLoop
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = len(self.groups)

    def resolve(self, error: EngineError | None = None) -> None:
        """Wake the caller, from any thread; nothing happens when it is gone."""

        def settle() -> None:
            if self.future.done():
                return
            if error is None:
                self.future.set_result(None)
            else:
                self.future.set_exception(error)

        with contextlib.suppress(RuntimeError):  # the caller's loop is closed
            self.loop.call_soon_threadsafe(settle)


class TinyEngine:
    """Runs a small Llama on the CPU; implements ``reasoner.engine.Engine``.

    Requests from every task, thread and event loop share one continuously formed batch. A
    cancelled call loses its rows before the next token. ``stats`` counts since loading.
    """

    def __init__(
        self,
        model_dir: str | os.PathLike[str],
        threads: int | None = None,
        dtype: str | None = None,
        kv_bytes: int = 256 << 20,
    ) -> None:
        """Load the model; raises :class:`ModelError`.

        ``threads``: None for one a core, up to 4. ``dtype``: "bfloat16", "float32", or None for
        the faster one here. ``kv_bytes``: the most that the prefix cache may hold.
        """
        self.model_dir = Path(model_dir)
        vocabulary = Tokenizer(self.model_dir / "tokenizer.json")
        model = Llama(self.model_dir, _dtype(dtype))
        if vocabulary.size > model.config.vocab:
            raise ModelError(
                f"expected at most {model.config.vocab} tokens in {self.model_dir}, the tokenizer "
                f"has {vocabulary.size}; both must come from the same model"
            )
        threads = threads or min(_MAX_THREADS, len(os.sched_getaffinity(0)))
        self._start(model, vocabulary, kv_bytes, _BATCH_BYTES, threads)

    def _start(
        self,
        model: Network,
        vocabulary: Vocabulary,
        kv_bytes: int,
        batch_bytes: int,
        threads: int,
        device: str = "cpu",
    ) -> None:
        """Set the worker to work. ``batch_bytes``: storage of the rows in flight, at most."""
        self.context = model.config.context
        self.pace = Pace()
        self._tokenizer = vocabulary
        place = nullcontext() if device == "cpu" else torch.device(device)  # of all that is made
        breaks = frozenset(i for i, piece in enumerate(vocabulary.pieces) if b"\n" in piece)
        with place:
            self._decoder = Decoder(
                model,
                vocabulary,
                PrefixCache(model.config, breaks, kv_bytes, model.kv_dtype),
                max_rows=_MAX_ROWS,
                batch_bytes=batch_bytes,
                threads=threads,
            )
        self._inbox: SimpleQueue[_Ticket | None] = SimpleQueue()
        self._closed = False
        self._lock = threading.Lock()
        sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_S))
        self._worker = threading.Thread(
            target=_work,
            args=(self._decoder, self._inbox, place),
            name="reasoner-engine",
            daemon=True,
        )
        self._worker.start()
        # Also when the engine is forgotten, or the interpreter leaves: torch must not be running.
        self._stop = weakref.finalize(self, _stop, self._inbox, self._worker)

    @property
    def name(self) -> str:
        return self.model_dir.name

    @property
    def capacity(self) -> int:
        return min(_CAPACITY, self._decoder.max_rows)

    @property
    def stats(self) -> Stats:
        """A copy of the counters."""
        return replace(self._decoder.stats)

    def count_tokens(self, prompt: str | Chat) -> int:
        """Length of ``prompt`` in tokens, to be held against ``context``."""
        return len(self._encode(prompt))

    async def generate(self, request: Request) -> Generation:
        """See ``Engine``. Raises :class:`EngineError`; the engine lives on."""
        began = time.monotonic()
        groups = self._groups(request)
        loop = asyncio.get_running_loop()
        ticket = _Ticket(groups, loop.create_future(), loop)
        with self._lock:
            if self._closed:
                raise EngineError("expected an open engine, found it closed; load it again")
            self._inbox.put(ticket)
        try:
            await ticket.future
        finally:
            for group in groups:
                group.cancelled = True  # means nothing to a group that is done
        lines = [line for group in groups for line in group.lines]
        computed = sum(group.computed for group in groups)
        self.pace.note_whole(max(len(line.tokens) for line in lines), time.monotonic() - began)
        return Generation(spell(lines, self._tokenizer.decode), computed)

    def close(self) -> None:
        """Stop the worker; calls in flight get an :class:`EngineError`. Safe to call twice."""
        with self._lock:
            self._closed = True
        self._stop()

    def _encode(self, prompt: str | Chat) -> list[int]:
        return self._tokenizer.encode(str(prompt))

    def _groups(self, request: Request) -> list[Group]:
        """The request, checked, in parts that the batch can hold."""
        request.check()
        prompt = self._encode(request.prompt)
        left = room(len(prompt), self.context)
        timeout_s = math.inf if request.timeout_s is None else request.timeout_s
        whole = Group(
            prompt=tuple(prompt),
            samples=request.samples,
            max_tokens=min(request.max_tokens, left),
            stop=None if request.stop is None else request.stop.encode(),
            temperature=request.temperature,
            seed=request.seed,
            value=request.value,
            until=time.perf_counter() + timeout_s,
        )
        limit = self._decoder.row_limit(whole.longest)
        return [
            replace(
                whole,
                samples=min(limit, request.samples - first),
                seed=request.seed + first * _PARTS_APART,
                lines=[],
            )
            for first in range(0, request.samples, limit)
        ]


def _dtype(name: str | None) -> torch.dtype | None:
    known = {None: None, "bfloat16": torch.bfloat16, "float32": torch.float32}
    if name not in known:
        raise ModelError(f"expected dtype 'bfloat16', 'float32' or None, found {name!r}")
    if name == "bfloat16" and not knows_bfloat16():
        raise ModelError(
            "expected a processor that packs matrices in bfloat16 (AVX-512), found one that does "
            "not; leave dtype out, or say float32"
        )
    return known[name]


def _stop(inbox: SimpleQueue[_Ticket | None], worker: threading.Thread) -> None:
    inbox.put(None)
    if worker is not threading.current_thread():
        worker.join()


@torch.inference_mode()
def _work(
    decoder: Decoder, inbox: SimpleQueue[_Ticket | None], place: AbstractContextManager[Any]
) -> None:
    """The worker thread: wait when idle, take in what came, step. Ends on None."""
    with place:
        _serve(decoder, inbox)


def _serve(decoder: Decoder, inbox: SimpleQueue[_Ticket | None]) -> None:
    owners: dict[Group, _Ticket] = {}
    queue: deque[Group] = deque()
    while True:
        idle = not queue and not decoder.busy
        while idle or not inbox.empty():
            ticket = inbox.get()
            if ticket is None:
                _fail(owners, "the engine was closed while it was working on this request")
                return
            owners |= dict.fromkeys(ticket.groups, ticket)
            queue.extend(ticket.groups)
            idle = False
        try:
            decoder.admit(queue)
            for group in decoder.step():
                ticket = owners.pop(group)
                ticket.left -= 1
                if not ticket.left:
                    ticket.resolve()
            owners = {group: ticket for group, ticket in owners.items() if not group.cancelled}
        except Exception as error:  # whatever torch raises belongs to the callers, not to us
            reason = f"the model failed: {type(error).__name__}: {error}"
            if _out_of_memory(error):
                reason = f"out of memory; at most {decoder.shrink()} samples at once from now on"
                with contextlib.suppress(Warning):  # where warnings are errors, too
                    warnings.warn(reason, stacklevel=2)
            decoder.reset()
            queue.clear()
            _fail(owners, reason)


def _out_of_memory(error: Exception) -> bool:
    """Torch has no exception of its own for the processor's memory."""
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or (
        isinstance(error, RuntimeError) and "allocate memory" in str(error)
    )


def _fail(owners: dict[Group, _Ticket], reason: str) -> None:
    for ticket in set(owners.values()):
        ticket.resolve(EngineError(reason))
    owners.clear()
