"""From raw numbers to probabilities: isotonic curves, one for each domain.

``calibration.json`` lies beside the weights it belongs to; a model without one is taken at its
word. Curves are non-decreasing and piecewise linear between knots (Zadrozny & Elkan 2002).
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from .errors import ModelError

FILE = "calibration.json"
Curve = Sequence[tuple[float, float]]  # (raw, probability), both ascending


def apply(curve: Curve, raw: float) -> float:
    """The curve at ``raw``; flat beyond its ends."""
    at = bisect_right(curve, (raw, float("inf")))
    if at == 0:
        return curve[0][1]
    if at == len(curve):
        return curve[-1][1]
    (x0, y0), (x1, y1) = curve[at - 1], curve[at]
    return y0 + (y1 - y0) * (raw - x0) / (x1 - x0) if x1 > x0 else y1


@dataclass(frozen=True, slots=True)
class Calibration:
    """``value``: raw P(good) of a state -> P(it ends verified).
    ``confidence``: agreement and value of an unjudged answer -> P(it is right).
    Both by domain name; without a curve a number is left as it is."""

    value: Mapping[str, Curve] = field(default_factory=dict)
    confidence: Mapping[str, Curve] = field(default_factory=dict)

    def value_of(self, domain: str) -> Callable[[float], float]:
        return reader(self.value.get(domain))

    def blind_to(self, domain: str) -> bool:
        """Whether values mean nothing there: they were learnt, but never for this domain."""
        return bool(self.value) and domain not in self.value

    def confidence_of(self, domain: str) -> Callable[[float], float]:
        return reader(self.confidence.get(domain))


def reader(curve: Curve | None) -> Callable[[float], float]:
    """The curve as a function; no curve changes nothing."""
    return (lambda raw: raw) if not curve else (lambda raw: apply(curve, raw))


def load(folder: Path) -> Calibration:
    """Read a model folder's calibration; :class:`ModelError` when the file is damaged."""
    path = folder / FILE
    if not path.exists():
        return Calibration()
    try:
        raw = json.loads(path.read_text("utf-8"))
        return Calibration(_curves(raw["value"]), _curves(raw["confidence"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"expected calibration curves in {path}, found: {error!r}") from None


def _curves(raw: Mapping[str, Sequence[Sequence[float]]]) -> dict[str, Curve]:
    curves = {name: [(float(x), float(y)) for x, y in curve] for name, curve in raw.items()}
    for name, curve in curves.items():
        if any(a[0] > b[0] or a[1] > b[1] for a, b in pairwise(curve)):
            raise ValueError(f"the curve of {name} falls")
    return dict(curves)


def save(calibration: Calibration, folder: Path) -> None:
    parts = {"confidence": calibration.confidence, "value": calibration.value}
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=list)
    (folder / FILE).write_text(text + "\n", "utf-8")
