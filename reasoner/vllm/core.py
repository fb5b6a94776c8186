"""vLLM's ``AsyncLLM`` as the thread of its event loop sees it: started, asked, renewed, stopped."""

from __future__ import annotations

import asyncio
import itertools
import warnings
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from vllm import AsyncEngineArgs, SamplingParams
from vllm.lora.request import LoRARequest
from vllm.outputs import RequestOutput
from vllm.v1.engine.async_llm import AsyncLLM
from vllm.v1.engine.exceptions import EngineDeadError

from ..errors import EngineError
from .reaper import Reaper

_ABORT_S = 0.05  # between reminders that a request's time is over
_LIVES = 3  # so often it is started again


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
            raise EngineError("expected an open engine, found it closed; load it again")
        return self._llm

    async def start(self, args: AsyncEngineArgs) -> None:
        self._args = args
        self._llm = AsyncLLM.from_engine_args(args)
        args.max_num_seqs = self._llm.vllm_config.scheduler_config.max_num_seqs

    @property
    def samples(self) -> int:
        """The most in flight."""
        return self._args.max_num_seqs if self._args and self._args.max_num_seqs else 1

    async def stop(self) -> None:
        self._end()
        self._reaper.close()

    def _end(self) -> None:
        if self._llm is not None:
            self._llm.shutdown(timeout=1)
            self._llm.engine_core.resources.ctx.destroy(linger=0)  # vLLM leaves its threads
            self._llm = None

    async def ask(
        self,
        prompt: list[int],
        params: SamplingParams,
        lora: LoRARequest | None,
        timeout_s: float | None,
    ) -> RequestOutput:
        """What vLLM writes, all of it or what there is after ``timeout_s``."""
        if self._revival is not None:
            await asyncio.shield(self._revival)
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
            self._revival.add_done_callback(lambda task: task.cancelled() or task.exception())
        with suppress(Warning):  # where warnings are errors, too
            warnings.warn(self._said, stacklevel=2)
        return self._said

    async def _start_again(self) -> None:
        self._end()
        try:
            self._llm = await asyncio.to_thread(AsyncLLM.from_engine_args, self._args)
            if self._renewed is not None:
                await self.reload(*self._renewed)
        except Exception as error:
            self._end()
            said = " ".join(str(error).split())[-300:]
            raise EngineError(f"vLLM could not be started again: {said}") from None
        finally:
            self._revival = None

    async def reload(self, folder: Path, version: str) -> None:
        """See ``VLLMEngine.reload_weights``."""
        llm = self.llm
        await llm.pause_generation(mode="keep")
        try:
            await llm.collective_rpc("renew_weights", args=(str(folder),))
            await llm.update_weight_version(version)
            self._renewed = folder, version
        except Exception as error:
            raise EngineError(f"vLLM could not take the weights in {folder}: {error}") from None
        finally:
            await llm.resume_generation()


async def _last(stream: AsyncIterator[RequestOutput]) -> RequestOutput:
    async for output in stream:
        last = output
    return last
