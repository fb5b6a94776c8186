"""Whether two plain values are the same answer, told without building either of them.

Works on the encoded form (``sandbox.inside.plain``), which a stranger may have written: no value's
own ``==`` or ``hash`` ever runs, and whatever is malformed agrees with nothing.
"""

from __future__ import annotations

import json
import math
from typing import Any

from .sandbox.inside.plain import LARGE

NEAR = 1e-9  # relative where a float is expected, absolute where a whole number is
NOISE = 1e-12  # absolute: what rounding leaves of a zero


def agree(expected: Any, got: Any) -> bool:
    """Lists and tuples are alike, so are sets and frozensets, and 2 and 2.0; True is not 1, and
    not-a-number agrees with nothing."""
    try:
        return _agree(expected, got)
    except (TypeError, ValueError, RecursionError):
        return False


def _agree(a: Any, b: Any) -> bool:
    if a is None or b is None or isinstance(a, bool | str) or isinstance(b, bool | str):
        return type(a) is type(b) and bool(a == b)
    kind, held = _kind(a)
    other, its = _kind(b)
    if kind != other:
        return False
    if kind == "number":
        return _near(held, its)
    if kind == "list":
        return len(held) == len(its) and all(map(_agree, held, its))
    if kind == "set":
        return _keys(held) == _keys(its)
    if kind == "dict":
        left, right = ({_key(k): v for k, v in pairs} for pairs in (held, its))
        return left.keys() == right.keys() and all(_agree(left[k], right[k]) for k in left)
    return bool(held == its)


def _kind(data: Any) -> tuple[str, Any]:
    if isinstance(data, int | float):
        return "number", data
    if isinstance(data, list):
        return "list", data
    ((tag, held),) = data.items()
    if tag == "i":
        return "number", int(held, 16)
    if tag == "f":
        return "number", float(held)
    if tag == "c":
        return "list", held
    return {"t": "list", "s": "set", "z": "set", "d": "dict"}.get(tag, tag), held


def _near(expected: float, got: float) -> bool:
    if isinstance(expected, int):  # 10**12 and one more are near each other, and not the same
        return expected == got or (abs(expected) < LARGE and abs(expected - got) <= NEAR)
    try:
        return math.isclose(expected, got, rel_tol=NEAR, abs_tol=NOISE)
    except OverflowError:  # an integer beyond every float
        return False


def _keys(members: Any) -> set[str]:
    return {_key(member) for member in members}


def _key(data: Any) -> str:
    """One text for members that agree; floats among them must be equal."""
    if isinstance(data, float) and data.is_integer():
        data = int(data)
    if isinstance(data, bool | str) or data is None or not isinstance(data, list | dict):
        return json.dumps(data)
    kind, held = _kind(data)
    parts = held if isinstance(held, list) else [held]
    if kind == "set":
        parts = sorted(map(_key, parts))
    return f"{kind}{[part if kind == 'set' else _key(part) for part in parts]}"
