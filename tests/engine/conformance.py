"""What every engine must do, whatever computes: its answers against transformers itself.

An engine under test is a :class:`Subject`; the reference is the same folder, loaded by
``transformers`` in float32 and run without any cache.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

from reasoner.engine import Engine
from reasoner.tokenizer import Tokenizer

PROMPTS = (
    "countdown 4 5 6 10 to 24\n",
    "countdown 3 3 8 8 to 24\n",
    "sum 123 + 456\n",
    "x",
    "solve 3x + 7 = 40\nx\n",
)


class Reference:
    """``transformers`` on a folder: greedy tokens, chances, log-probabilities."""

    def __init__(self, folder: Path, banned: tuple[str, ...] = ()) -> None:
        torch.set_num_threads(1)  # small products: helpers only wait for each other
        self.tokenizer = Tokenizer(folder / "tokenizer.json")
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        self.end = self.tokenizer.special.end
        known = self.tokenizer.special
        self._banned = [getattr(known, name) for name in banned]
        self._special = {known.end, known.value, known.good, known.bad, known.pad}
        self._special |= set(range(self.tokenizer.size, self.model.config.vocab_size))
        self._banned += range(self.tokenizer.size, self.model.config.vocab_size)

    @torch.inference_mode()
    def logprobs(self, tokens: list[int]) -> torch.Tensor:
        """[len(tokens), V]: of what comes after each."""
        logits = self.model(torch.tensor([tokens])).logits[0].double()
        logits[:, self._banned] = -torch.inf
        return logits.log_softmax(-1)

    def greedy(self, prompt: str, longest: int) -> tuple[list[int], float, bool]:
        """Tokens, the sum of their log-probabilities, and whether the text ended."""
        tokens, found, total = self.tokenizer.encode(prompt), list[int](), 0.0
        while len(found) < longest:
            after = self.logprobs(tokens + found)[-1]
            token = int(after.argmax())
            total += float(after[token])
            if token == self.end:
                return found, total, True
            found.append(token)
        return found, total, False

    def decode(self, tokens: list[int]) -> str:
        """Text of ``tokens``; special ones have none."""
        return self.tokenizer.decode([token for token in tokens if token not in self._special])

    def first_token(self, prompt: str, temperature: float) -> dict[str, float]:
        """Chance of each text of one token, "" for the end."""
        after = self.logprobs(self.tokenizer.encode(prompt))[-1] / temperature
        chances: Counter[str] = Counter()
        for token, chance in enumerate(after.softmax(-1).tolist()):
            chances[self.decode([token])] += chance
        return dict(chances)


@dataclass
class Subject:
    """``make`` an engine on ``folder``; ``banned``: special tokens that it never writes."""

    folder: Path
    make: Callable[[], Engine]
    banned: tuple[str, ...] = ()

    @cached_property
    def engine(self) -> Engine:
        return self.make()

    @cached_property
    def reference(self) -> Reference:
        return Reference(self.folder, self.banned)

    def close(self) -> None:
        if "engine" in self.__dict__:
            self.engine.close()
