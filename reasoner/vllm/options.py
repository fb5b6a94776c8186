"""Which model vLLM runs, and how: ``vllm:ORG/NAME?option=value&...``, read and checked."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from ..errors import ModelError

LORA = "lora"  # the one option that is ours
_EXAMPLE = "vllm:ORG/NAME?tensor_parallel_size=2"
_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)  # for which vLLM has room


@dataclass(frozen=True, slots=True)
class Options:
    """``model``: a folder, or the name of one that was downloaded. ``lora``: the folder of an
    adapter, or None. ``engine``: arguments of vLLM's engine by name."""

    model: str
    lora: str | None = None
    engine: dict[str, Any] = field(default_factory=dict)


def read_options(name: str) -> Options:
    """What ``name``, without its scheme, spells; raises :class:`ModelError`. Values are JSON where
    they can be."""
    model, _, query = name.partition("?")
    if not model:
        raise ModelError(f"expected a model such as {_EXAMPLE}, found none")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise ModelError(f"expected options such as {_EXAMPLE}, found {query!r}") from None
    given = dict(pairs)
    return Options(model, given.pop(LORA, None), {key: _value(given[key]) for key in given})


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def check_names(given: Collection[str], known: Collection[str]) -> None:
    """Raise :class:`ModelError` for an option that vLLM does not have."""
    for option in given:
        if option not in known:
            near = get_close_matches(option, [*known, LORA], 3, 0.5)
            hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"see {_EXAMPLE}"
            raise ModelError(f"vLLM has no option {option!r}; {hint}")


def lora_rank(folder: Path) -> int:
    """Room that the adapter in ``folder`` needs; raises :class:`ModelError`."""
    try:
        rank = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))["r"]
        return next(room for room in _RANKS if room >= rank)
    except (OSError, ValueError, LookupError, TypeError, StopIteration) as error:
        raise ModelError(
            f"expected a LoRA adapter of rank 1 to {_RANKS[-1]} in {folder}, found "
            f"{type(error).__name__}: {error}; give the folder of its adapter_config.json"
        ) from None
