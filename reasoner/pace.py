"""How fast an engine answers, as its latest completions tell."""

from __future__ import annotations

_MEMORY = 0.8  # of the average, at each new completion


class Pace:
    """Moving averages over completions; from one thread at a time.

    ``first_token_s``: seconds to a completion's first token, queues and retries included.
    ``token_s``: seconds between tokens of one completion. Both None until measured.
    """

    def __init__(self) -> None:
        self.first_token_s: float | None = None
        self.token_s: float | None = None

    def note(self, first_s: float, tokens: int, rest_s: float) -> None:
        """A completion of ``tokens``: its first after ``first_s``, the others in ``rest_s``."""
        self.first_token_s = _blend(self.first_token_s, first_s)
        if tokens > 1:
            self.token_s = _blend(self.token_s, rest_s / (tokens - 1))

    def note_whole(self, tokens: int, seconds: float) -> None:
        """A completion of ``tokens`` that came all at once; what ended it took a token's time."""
        each = seconds / (tokens + 1)
        self.note(each, tokens, each * tokens)

    @property
    def words(self) -> str:
        """What was measured by now; "" for nothing."""
        if self.first_token_s is None:
            return ""
        first = f"{self.first_token_s:.2g} s to a first token"
        return f"{1 / self.token_s:,.0f} tokens/s a line, {first}" if self.token_s else first

    def seconds(self, tokens: int) -> float | None:
        """How long a completion of ``tokens`` takes; None while nobody knows."""
        if self.first_token_s is None:
            return None
        return self.first_token_s + (tokens - 1) * (self.token_s or 0.0)


def _blend(old: float | None, new: float) -> float:
    return new if old is None else _MEMORY * old + (1 - _MEMORY) * new
