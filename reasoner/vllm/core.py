"""vLLM's ``AsyncLLM`` as the thread of its event loop sees it: started, asked, renewed, stopped."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from vllm import AsyncEngineArgs, SamplingParams
from vllm.lora.request import LoRARequest
from vllm.outputs import RequestOutput
from vllm.v1.engine.async_llm import AsyncLLM

from ..errors import EngineError
from .reaper import Reaper

_ABORT_S = 0.05  # between reminders that a request's time is over


class Core:
    """Knows nothing of the engine that owns it, which can so be forgotten."""

    def __init__(self) -> None:
        self._llm: AsyncLLM | None = None
        self._reaper = Reaper()
        self._ids = itertools.count(1)

    @property
    def llm(self) -> Any:
        if self._llm is None:
            raise EngineError("expected an open engine, found it closed; load it again")
        return self._llm

    async def start(self, args: AsyncEngineArgs) -> None:
        self._llm = AsyncLLM.from_engine_args(args)

    async def stop(self) -> None:
        if self._llm is not None:
            self._llm.shutdown(timeout=1)
            self._llm.engine_core.resources.ctx.destroy(linger=0)  # vLLM leaves its threads
        self._reaper.close()

    async def ask(
        self,
        prompt: list[int],
        params: SamplingParams,
        lora: LoRARequest | None,
        timeout_s: float | None,
    ) -> RequestOutput:
        """What vLLM writes, all of it or what there is after ``timeout_s``."""
        llm, name = self.llm, str(next(self._ids))
        stream = llm.generate({"prompt_token_ids": prompt}, params, name, lora_request=lora)
        work = asyncio.create_task(_last(stream))
        try:
            while not (await asyncio.wait((work,), timeout=timeout_s))[0]:
                await llm.abort(name)  # in vain while vLLM has not heard of it yet
                timeout_s = _ABORT_S
            return work.result()
        except Exception as error:  # whatever vLLM raises belongs to the caller
            said = " ".join(str(error.__cause__ or error).split())[:300]
            raise EngineError(f"vLLM failed: {type(error).__name__}: {said}") from None
        finally:
            work.cancel()

    async def reload(self, folder: Path, version: str) -> None:
        """See ``VLLMEngine.reload_weights``."""
        llm = self.llm
        await llm.pause_generation(mode="keep")
        try:
            await llm.collective_rpc("renew_weights", args=(str(folder),))
            await llm.update_weight_version(version)
        except Exception as error:
            raise EngineError(f"vLLM could not take the weights in {folder}: {error}") from None
        finally:
            await llm.resume_generation()


async def _last(stream: AsyncIterator[RequestOutput]) -> RequestOutput:
    async for output in stream:
        last = output
    return last
