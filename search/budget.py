"""A budget: how much thinking was asked for."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

LONGEST_S = 1e9
"""The longest accepted budget in seconds (about 31 years)."""

_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(ms|h|m|s)")
_UNIT_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_HELP = 'write a time such as "90s", "10m", "1h30m", "500ms" or a number of seconds'


def parse_seconds(text: str | float) -> float:
    """Seconds from ``"90s"``, ``"1h30m"``, ``"500ms"``, ``"45"`` or ``45``.

    Raises ValueError when it is no time, or not within (0, 1e9] seconds.
    """
    seconds = _seconds(text)
    if not 0.0 < seconds <= LONGEST_S:  # false for nan as well
        raise ValueError(
            f"expected a time above 0 and at most {LONGEST_S:.0e} s, got {text!r}; {_HELP}"
        )
    return seconds


def _seconds(text: str | float) -> float:
    if not isinstance(text, str):
        return float(text)
    plain = text.strip().lower()
    try:
        return float(plain)
    except ValueError:
        pass
    parts = _PART.findall(plain)
    units = [unit for _, unit in parts]
    descending = sorted(set(units), key=lambda unit: -_UNIT_S[unit])
    if not parts or _PART.sub("", plain).strip() or units != descending:
        raise ValueError(f"expected a time, got {text!r}; {_HELP}")
    return sum(float(number) * _UNIT_S[unit] for number, unit in parts)


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits in any mix; None = unlimited. All limits are above 0.

    Raises ValueError on a limit that is not.
    """

    seconds: float | None = None
    tokens: int | None = None
    nodes: int | None = None
    dollars: float | None = None

    def __post_init__(self) -> None:
        for name in ("seconds", "tokens", "nodes", "dollars"):
            limit = getattr(self, name)
            if limit is not None and not (limit > 0 and math.isfinite(limit)):
                raise ValueError(
                    f"expected a {name} budget above 0, got {limit!r}; leave it out for no limit"
                )
