"""vLLM's ``AsyncLLM`` as the thread of its event loop sees it: started, asked, renewed, stopped."""

from __future__ import annotations

import asyncio
import itertools
import time
import warnings
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from vllm import AsyncEngineArgs, SamplingParams
from vllm.lora.request import LoRARequest
from vllm.outputs import RequestOutput
from vllm.usage.usage_lib import UsageContext
from vllm.v1.engine.async_llm import AsyncLLM
from vllm.v1.engine.exceptions import EngineDeadError

from search.loop import forget

from ..errors import EngineError
from .reaper import Reaper

_ABORT_S = 0.05  # between reminders that a request's time is over
_LIVES = 3  # so often it is started again
_MOST = 256  # samples in flight; more only wait for each other


class Core:
    """Knows nothing of the engine that owns it, which can so be forgotten."""

    def __init__(self) -> None:
        self._llm: AsyncLLM | None = None
        self._args: AsyncEngineArgs | None = None
        self._renewed: tuple[Path, str] | None = None  # weights it was given since
        self._revival: asyncio.Task[None] | None = None
        self._lives = _LIVES
        self._said = ""
        self._reaper = Reaper()
        self._ids = itertools.count(1)

    @property
    def llm(self) -> Any:
        if self._llm is None:
            raise EngineError(
                self._said or "expected an open engine, found it closed; load it again"
            )
        return self._llm

    async def start(self, args: AsyncEngineArgs) -> None:
        self._args = args
        self._llm = _started(args)
        args.max_num_seqs = self._llm.vllm_config.scheduler_config.max_num_seqs

    @property
    def samples(self) -> int:
        """The most in flight."""
        return min(_MOST, self._args.max_num_seqs or 1) if self._args else 1

    async def stop(self) -> None:
        self._end()
        self._reaper.close()

    def _end(self) -> None:
        llm, self._llm = self._llm, None
        if llm is not None:
            llm.output_processor.propagate_error(EngineDeadError())  # nobody else may tell them
            llm.shutdown(timeout=1)
            llm.engine_core.resources.ctx.destroy(linger=0)  # vLLM leaves its threads

    async def ready(self, timeout_s: float | None = None) -> float | None:
        """Wait while vLLM is started again; returns what is left of ``timeout_s``."""
        if (revival := self._revival) is None:
            return timeout_s
        began = time.monotonic()
        if not (await asyncio.wait((revival,), timeout=timeout_s))[0]:
            raise EngineError(f"{self._said}; it is not there yet")
        revival.result()
        return None if timeout_s is None else began + timeout_s - time.monotonic()

    async def ask(
        self,
        prompt: list[int],
        params: SamplingParams,
        lora: LoRARequest | None,
        timeout_s: float | None,
    ) -> RequestOutput:
        """What vLLM writes, all of it or what there is after ``timeout_s``."""
        timeout_s = await self.ready(timeout_s)
        llm, name = self.llm, str(next(self._ids))
        stream = llm.generate({"prompt_token_ids": prompt}, params, name, lora_request=lora)
        work = asyncio.create_task(_last(stream))
        try:
            while not (await asyncio.wait((work,), timeout=timeout_s))[0]:
                await llm.abort(name)  # in vain while vLLM has not heard of it yet
                timeout_s = _ABORT_S
            return work.result()
        except EngineDeadError:
            raise EngineError(self._revive(llm)) from None
        except Exception as error:  # whatever vLLM raises belongs to the caller
            said = " ".join(str(error.__cause__ or error).split())[:300]
            raise EngineError(f"vLLM failed: {type(error).__name__}: {said}") from None
        finally:
            work.cancel()

    def _revive(self, dead: AsyncLLM) -> str:
        """Start vLLM again, with a smaller batch, for it ends when memory runs out; returns what
        to say. All that was in flight comes here, the first one acts."""
        if self._llm is not dead or self._revival is not None or self._args is None:
            return self._said
        self._said = "vLLM's processes ended, as when memory runs out"
        if self._lives:
            self._lives -= 1
            self._args.max_num_seqs = max(1, self.samples // 2)
            self._said += f"; started again, with at most {self.samples} samples at once"
            self._revival = asyncio.create_task(self._start_again())
            self._revival.add_done_callback(forget)
        with suppress(Warning):  # where warnings are errors, too
            warnings.warn(self._said, stacklevel=2)
        return self._said

    async def _start_again(self) -> None:
        try:
            self._end()
            self._reaper.mark()
            assert self._args is not None
            self._llm = await asyncio.to_thread(_started, self._args)
            if self._renewed is not None:
                await self._renew(*self._renewed)
        except Exception as error:
            self._said = f"vLLM could not be started again: {' '.join(str(error).split())[-300:]}"
            with suppress(Exception):
                self._end()
            raise EngineError(self._said) from None
        finally:
            self._revival = None

    async def reload(self, folder: Path, version: str) -> None:
        """See ``VLLMEngine.reload_weights``."""
        await self.ready()
        llm = self.llm
        try:
            await self._renew(folder, version)
        except EngineDeadError:
            raise EngineError(self._revive(llm)) from None
        except Exception as error:
            raise EngineError(f"vLLM could not take the weights in {folder}: {error}") from None

    async def _renew(self, folder: Path, version: str) -> None:
        llm = self.llm
        work = asyncio.create_task(_exchange(llm, folder, version))
        work.add_done_callback(forget)
        try:
            while not (await asyncio.wait((work,), timeout=_ABORT_S))[0]:
                if llm.errored:  # vLLM would wait for ever for its replies
                    raise EngineDeadError
            work.result()
        finally:
            work.cancel()
        self._renewed = folder, version


def _started(args: AsyncEngineArgs) -> AsyncLLM:
    """With the batch that vLLM gives its own offline class: half of it or less is the default."""
    return AsyncLLM.from_engine_args(args, usage_context=UsageContext.LLM_CLASS)


async def _exchange(llm: AsyncLLM, folder: Path, version: str) -> None:
    await llm.pause_generation(mode="keep")
    try:
        await llm.collective_rpc("renew_weights", args=(str(folder),))
        await llm.update_weight_version(version)
    finally:
        await llm.resume_generation()


async def _last(stream: AsyncIterator[RequestOutput]) -> RequestOutput:
    async for output in stream:
        last = output
    return last
