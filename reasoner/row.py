"""A row of the batch: samples that have written the same tokens so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from .engine import Finish
from .group import Group

_SHARING = 16  # rows; fewer gain nothing from looking at their beginning together


class Phase(Enum):
    WRITE = auto()  # the next token is sampled
    CLOSE = auto()  # the last token is fed, so that the value token can follow it
    PROBE = auto()  # the value token is fed and its answer read


@dataclass(eq=False, slots=True)
class Row:
    group: Group
    samples: list[int]  # those of the group that have written exactly ``tokens``
    feed: int  # the next token to compute
    stored: int  # tokens with keys and values in the row
    tokens: list[int] = field(default_factory=list)
    logprob: float = 0.0
    phase: Phase = Phase.WRITE
    finish: Finish = Finish.LENGTH

    def branches(self, tokens: list[int], logprobs: list[float]) -> list[Row]:
        """The rows after its samples drew ``tokens``: one branch for each distinct token, or the
        row itself when they agree."""
        if tokens.count(tokens[0]) == len(tokens):
            self.feed = tokens[0]
            self.logprob += logprobs[0]
            return [self]
        drawn: dict[int, tuple[float, list[int]]] = {}
        for sample, token, logprob in zip(self.samples, tokens, logprobs, strict=True):
            drawn.setdefault(token, (logprob, []))[1].append(sample)
        return [
            Row(self.group, samples, token, self.stored, list(self.tokens), self.logprob + logprob)
            for token, (logprob, samples) in drawn.items()
        ]


def shared_start(rows: list[Row]) -> int:
    """How many tokens all ``rows`` begin with, as far as their prompts tell; 0 for a few rows."""
    if len(rows) < _SHARING:
        return 0
    prompts = [group.prompt for group in dict.fromkeys(row.group for row in rows)]
    first, last = min(prompts), max(prompts)  # in the order of a dictionary: all are in between
    pairs = enumerate(zip(first, last, strict=False))
    return next((i for i, (a, b) in pairs if a != b), len(first))
