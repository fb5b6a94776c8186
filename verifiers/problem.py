"""A problem: one question, what may be seen of it, and what may not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

Data = Mapping[str, "int | str | tuple[int, ...] | tuple[str, ...]"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One question in one domain.

    ``prompt`` is the canonical text a model continues; ``data`` holds public fields only.
    ``reference`` is the hidden answer: no prompt and no search ever sees it, and
    :meth:`public` is what ``ask`` and the engines receive.
    """

    domain: str
    prompt: str
    question: str
    data: Data = field(default_factory=lambda: MappingProxyType({}))
    reference: str | None = field(default=None, repr=False)
    level: int = 0

    def public(self) -> Problem:
        """The same problem with the hidden reference removed."""
        return replace(self, reference=None)
