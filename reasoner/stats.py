"""What an engine has done: the counters behind occupancy and cache figures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Stats:
    """Since the engine was loaded.

    ``busy_s``: seconds inside iterations. ``cache_hits``: of ``prompt_tokens``, those found in
    the prefix cache. ``kv_bytes``: the cache's. ``rows``: in flight now.
    """

    tokens: int = 0
    busy_s: float = 0.0
    iterations: int = 0
    prompt_tokens: int = 0
    cache_hits: int = 0
    kv_bytes: int = 0
    rows: int = 0
