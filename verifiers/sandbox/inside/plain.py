"""Plain data across the border: Python's own values as JSON, and nothing else.

None, booleans, integers, strings, finite floats and lists are themselves; every other type is an
object with one key, its tag. Subclasses and numpy values cross as the plain value they hold, so
no method of a stranger's class is ever called on the other side.
"""

from __future__ import annotations

from typing import Any

LARGE = 1 << 53  # integers from here on travel in hexadecimal: no limit on digits, no rounding
KEYS = 10_000  # at most so many members of one set or dict: colliding hashes stay cheap


class NotPlain(ValueError):
    """A value that can not cross, or text that is no encoded value."""


def encode(value: object) -> Any:
    """``value`` as JSON types; raises :class:`NotPlain` for anything that is not plain data."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, int):
        number = int.__index__(value)
        return number if -LARGE < number < LARGE else {"i": hex(number)}
    if isinstance(value, float):
        number_f = float.__float__(value)
        finite = number_f - number_f == 0
        return number_f if finite else {"f": float.__repr__(number_f)}
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, list):
        return [encode(item) for item in list.__iter__(value)]
    if isinstance(value, tuple):
        return {"t": [encode(item) for item in tuple.__iter__(value)]}
    if isinstance(value, dict):
        return {"d": [[encode(k), encode(v)] for k, v in dict.items(value)]}
    if isinstance(value, set):
        return {"s": [encode(item) for item in set.__iter__(value)]}
    if isinstance(value, frozenset):
        return {"z": [encode(item) for item in frozenset.__iter__(value)]}
    if isinstance(value, bytes):
        return {"b": bytes.hex(value)}
    if isinstance(value, complex):
        return {"c": [encode(value.real), encode(value.imag)]}
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return encode(value.tolist())
    raise NotPlain(f"expected plain data, got {type(value).__name__}")


def decode(data: Any) -> Any:
    """The value that ``data`` (parsed JSON) encodes; raises :class:`NotPlain`."""
    if data is None or isinstance(data, bool | int | float | str):
        return data
    if isinstance(data, list):
        return [decode(item) for item in data]
    if not isinstance(data, dict) or len(data) != 1:
        raise NotPlain("expected an object with one tag")
    ((tag, held),) = data.items()
    try:
        return _tagged(tag, held)
    except (TypeError, ValueError, OverflowError) as error:
        raise NotPlain(f"expected a value under {tag[:8]!r}, found something else") from error


def _tagged(tag: str, held: Any) -> Any:
    if tag == "i" and isinstance(held, str):
        return int(held, 16)
    if tag == "f" and held in ("nan", "inf", "-inf"):
        return float(held)
    if tag == "b" and isinstance(held, str):
        return bytes.fromhex(held)
    if tag == "c":
        real, imaginary = (decode(part) for part in held)
        return complex(real, imaginary)
    if tag == "t" and isinstance(held, list):
        return tuple(decode(item) for item in held)
    if isinstance(held, list) and len(held) <= KEYS:
        if tag == "s":
            return {decode(item) for item in held}
        if tag == "z":
            return frozenset(decode(item) for item in held)
        if tag == "d":
            return {decode(key): decode(value) for key, value in held}
    raise ValueError(tag)
