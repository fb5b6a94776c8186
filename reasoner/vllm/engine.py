"""vLLM as an engine: its ``AsyncLLM``, spoken to from any thread and event loop."""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections.abc import Mapping
from contextlib import suppress
from copy import copy
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from vllm import AsyncEngineArgs, SamplingParams
from vllm.lora.request import LoRARequest
from vllm.outputs import CompletionOutput
from vllm.platforms import current_platform
from vllm.sampling_params import RequestOutputKind

from search import Span

from ..background import Background
from ..chat_tokenizer import ChatTokenizer, read_tokenizer
from ..engine import Chat, Finish, Generation, Request, room
from ..errors import EngineError, ModelError
from ..group import Line, spell
from ..pace import Pace
from .core import Core
from .options import check_names, lora_rank

_NEVER = -100.0  # added to the logit of a token that must not be written
_SURE = 1 - 1e-9  # of a chance whose rest is divided by
_GIVEN: dict[str, Any] = {
    "enable_prefix_caching": True,
    "load_format": "safetensors",  # no pickle
    "disable_log_stats": True,
    "worker_extension_cls": "reasoner.vllm.worker.Renewal",
}
_CPU = {
    "enforce_eager": True,
    "kv_cache_memory_bytes": 1 << 30,
    "enable_chunked_prefill": False,  # a prompt in pieces and a seed end vLLM's process there
}


class VLLMEngine:
    """Implements ``Engine`` over vLLM, in processes of its own that end with it.

    Requests share vLLM's batch and its cache of prefixes; a cancelled call and one whose time is
    over are aborted. Should vLLM's processes end, as when memory runs out, they are started again
    with a smaller batch. A model with our training is ``trained``: it reads plain text and tells
    the value; any other gets a :class:`Chat` as its template says. Safe to use from several
    threads and event loops.
    """

    def __init__(
        self,
        folder: Path,
        options: Mapping[str, Any] | None = None,
        lora: Path | None = None,
    ) -> None:
        """Load the model; raises :class:`ModelError`.

        ``options``: arguments of vLLM's engine by name. ``lora``: an adapter to use throughout.
        """
        options = dict(options or {})
        known = {field.name for field in fields(AsyncEngineArgs)} - {"model", "tokenizer"}
        check_names(options, known)
        if lora is not None:
            options = {"enable_lora": True, "max_lora_rank": lora_rank(lora)} | options
        given = _GIVEN | (_CPU if current_platform.is_cpu() else {}) | options
        self._places: int | None = None  # for adapters, where there must be no more of them
        if current_platform.is_cpu() and given.get("enable_lora"):
            # vLLM's kernels for processors give the last place to texts without an adapter, too.
            self._places = given.get("max_loras", 1)
            given["max_loras"] = self._places + 1
        self.folder, self.options = folder, given
        self._core = Core()
        self._background = Background("reasoner-vllm", self._core.stop)
        try:
            args = AsyncEngineArgs(model=str(folder), **given)
            self._background.call(self._core.start(args))
        except Exception as error:  # whatever vLLM raises
            self._background.close()
            said = " ".join(str(error).split())[-300:]
            raise ModelError(
                f"vLLM could not load {folder}: {type(error).__name__}: {said} (more above); "
                "correct the model or its options"
            ) from None
        config = self._core.llm.vllm_config
        self.context: int = config.model_config.max_model_len
        vocab = config.model_config.get_vocab_size()
        try:
            self._tokenizer = read_tokenizer(folder, vocab)
        except Exception:
            self._background.close()
            raise
        self.trained = not isinstance(self._tokenizer, ChatTokenizer)
        unused = range(self._tokenizer.size, vocab)  # rows that only round the matrix off
        self._silent = (*self._tokenizer.silent, *unused)
        self._ids = itertools.count(1)
        self._lora = None if lora is None else self._adapter(lora.name, lora)
        self.pace = Pace()
        self._background.call(self._warm())

    @property
    def name(self) -> str:
        return self.folder.name if self._lora is None else self._lora.lora_name

    @property
    def capacity(self) -> int:
        return self._core.samples

    def count_tokens(self, prompt: str | Chat) -> int:
        """Length of ``prompt`` in tokens, to be held against ``context``."""
        return len(self.encode(prompt))

    def close(self) -> None:
        """End vLLM's processes; calls in flight get an :class:`EngineError`. Safe to call twice."""
        self._background.close()

    def with_lora(self, name: str, folder: Path) -> VLLMEngine:
        """The same engine through the adapter in ``folder``, under a name of its own.

        It shares everything with this one, whose options must have ``enable_lora``; closing
        either closes both. The folder is read when it is first used. Raises
        :class:`EngineError` when there is no place for it.
        """
        other = copy(self)
        other._lora = self._adapter(name, folder)
        other.pace = Pace()
        return other

    async def _warm(self) -> None:
        """The first request of all takes seconds, which no question should pay for."""
        with suppress(EngineError):
            await self._generate(Request("1", max_tokens=2))
        self.pace = Pace()

    def _adapter(self, name: str, folder: Path) -> LoRARequest:
        number = next(self._ids)
        if self._places is not None and number > self._places:
            raise EngineError(
                f"expected at most {self._places} LoRA adapters on a processor, found one more; "
                f"load the model with max_loras={number}"
            )
        return LoRARequest(name, number, str(folder))

    async def reload_weights(self, folder: Path, version: str) -> None:
        """Go on with the weights in ``folder``, which must be of the same shape.

        What is in flight stops between two tokens, and the rest of it is written by the new
        ones; completions tell by their ``weights`` which ``version`` wrote what. Nothing cached
        of the old ones is used. Raises :class:`EngineError`: the engine is no good then.
        """
        await self._background.run(self._core.reload(folder, version))

    async def generate(self, request: Request) -> Generation:
        """See ``Engine``. Raises :class:`EngineError`; the engine lives on."""
        request.check()
        return await self._background.run(self._generate(request))

    async def _generate(self, request: Request) -> Generation:
        timeout_s = await self._core.ready(request.timeout_s)
        began = time.monotonic()
        prompt = self.encode(request.prompt)
        left = room(len(prompt), self.context)
        equal = request.samples if request.temperature == 0 else 1  # greedy ones come out alike
        silent = list(self._silent)
        params = SamplingParams(
            n=request.samples // equal,
            temperature=request.temperature,
            seed=request.seed % 2**31,
            max_tokens=min(request.max_tokens, left),
            stop=request.stop,
            include_stop_str_in_output=True,
            logprobs=len(silent),  # the two must agree
            logit_bias=dict.fromkeys(silent, _NEVER) or None,
            logprob_token_ids=silent or None,
            output_kind=RequestOutputKind.FINAL_ONLY,
        )
        output = await self._core.ask(prompt, params, self._lora, timeout_s)
        lines = [self._line(written, equal) for written in output.outputs]
        computed = len(prompt) - (output.num_cached_tokens or 0)
        computed += sum(len(written.token_ids) for written in output.outputs)
        self.pace.note_whole(max(len(line.tokens) for line in lines), time.monotonic() - began)
        if request.value and self.trained:
            texts = list(dict.fromkeys(line.tokens for line in lines))
            found = await asyncio.gather(*(self._value([*prompt, *text]) for text in texts))
            values = dict(zip(texts, found, strict=True))
            lines = [replace(line, value=values[line.tokens]) for line in lines]
            computed += 2 * len(texts)
        opened = self._opened(request.prompt)
        return Generation(
            spell(lines, lambda text: opened + self._tokenizer.decode(text)), computed
        )

    def encode(self, prompt: str | Chat) -> list[int]:
        """Tokens of ``prompt`` as the model gets them."""
        if isinstance(prompt, Chat) and isinstance(self._tokenizer, ChatTokenizer):
            return self._tokenizer.encode_chat(prompt)
        return self._tokenizer.encode(str(prompt))

    def _opened(self, prompt: str | Chat) -> str:
        chat = self._tokenizer
        return chat.opened(prompt) if isinstance(chat, ChatTokenizer) else ""

    async def _value(self, tokens: list[int]) -> float:
        """Raw P(good) after ``tokens``."""
        special = self._tokenizer.special
        params = SamplingParams(
            max_tokens=1,
            temperature=0,
            logprob_token_ids=[special.good, special.bad],
            output_kind=RequestOutputKind.FINAL_ONLY,
        )
        output = await self._core.ask([*tokens, special.value], params, self._lora, None)
        after = output.outputs[0].logprobs[0]
        return 1 / (1 + math.exp(after[special.bad].logprob - after[special.good].logprob))

    def _line(self, written: CompletionOutput, count: int) -> Line:
        """Without the token that ended it, whose log-probability counts."""
        tokens, finish = tuple(written.token_ids), Finish.LENGTH
        if written.finish_reason == "stop":
            ended = not isinstance(written.stop_reason, str)
            tokens, finish = (tokens[:-1], Finish.END) if ended else (tokens, Finish.STOP)
        adapter = "" if self._lora is None else f"+{self._lora.lora_name}"
        spans = (
            Span(span.version + adapter, span.start, span.end)
            for span in written.weight_versions or ()
        )
        # Silent tokens had no chance, though vLLM's log-probabilities leave them theirs.
        lost = (
            min(_SURE, sum(math.exp(at[token].logprob) for token in self._silent))
            for at in written.logprobs or ()
        )
        return Line(
            tokens=tokens,
            count=count,
            logprob=(written.cumulative_logprob or 0.0)
            - sum(math.log1p(-chance) for chance in lost),
            finish=finish,
            value=None,
            weights=tuple(spans) or None,
        )
