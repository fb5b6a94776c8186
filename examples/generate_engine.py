"""A fifth engine: ``transformers.generate`` itself, one request at a time.

Slow, as requests share nothing, but all that an engine must be: it passes the suite of every engine
(``tests/engine``). Ask through it:

    Reasoner(Model("generate", GenerateEngine(folder), policy=PromptedPolicy)).ask("...")
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from reasoner.engine import Finish, Generation, Request, room
from reasoner.group import Line, spell
from reasoner.pace import Pace


class GenerateEngine:
    name, capacity = "generate", 16

    def __init__(self, folder: Path) -> None:
        self._model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self._turn = threading.Lock()
        self.pace = Pace()

    async def generate(self, request: Request) -> Generation:
        request.check()
        over = threading.Event()
        try:
            return await asyncio.to_thread(self._generate, request, over)
        finally:
            over.set()  # a cancelled call stops before its next token

    def _generate(self, request: Request, over: threading.Event) -> Generation:
        began, config = time.monotonic(), self._model.config
        prompt = self._tokenizer(str(request.prompt), return_tensors="pt").input_ids
        batch = prompt.expand(request.samples, -1)
        left = room(prompt.shape[1], config.max_position_embeddings)
        until = began + (request.timeout_s or math.inf)

        def late(rows: torch.Tensor, _: object) -> torch.Tensor:
            return torch.full((len(rows),), over.is_set() or time.monotonic() > until)

        with self._turn:
            torch.manual_seed(request.seed)
            written = self._model.generate(
                batch,
                attention_mask=torch.ones_like(batch),
                max_new_tokens=min(request.max_tokens, left),
                pad_token_id=config.eos_token_id,
                do_sample=request.temperature > 0,
                **({"temperature": request.temperature, "top_k": 0} if request.temperature else {}),
                stop_strings=request.stop,
                tokenizer=self._tokenizer,
                stopping_criteria=[late],
                return_dict_in_generate=True,
                output_logits=True,
            )
        rows = written.sequences[:, prompt.shape[1] :]
        chances = torch.stack(written.logits, 1).log_softmax(-1).gather(2, rows[..., None])[..., 0]
        lines = [
            self._line(*pair, request.stop) for pair in zip(rows.tolist(), chances, strict=True)
        ]
        self.pace.note_whole(max(len(line.tokens) for line in lines), time.monotonic() - began)
        return Generation(spell(lines, self._decode), prompt.shape[1] + rows.numel())

    def _line(self, row: list[int], chances: torch.Tensor, stop: str | None) -> Line:
        end = self._model.config.eos_token_id
        tokens = tuple(row[: row.index(end)] if end in row else row)
        finish = Finish.LENGTH if len(tokens) == len(row) else Finish.END
        if stop is not None and stop in self._decode(tokens):
            finish = Finish.STOP
        logprob = float(chances[: len(tokens) + (finish is Finish.END)].sum())
        return Line(tokens, 1, logprob, finish, None)

    def _decode(self, tokens: Any) -> str:
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True))

    def close(self) -> None:
        pass
