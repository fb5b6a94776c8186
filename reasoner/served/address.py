"""Where a served model is: ``openai:http://host:8000/v1#model``, read and checked."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from difflib import get_close_matches
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from ..errors import ModelError

SCHEME = "openai:"
KEY_VARIABLE = "OPENAI_API_KEY"
_EXAMPLE = "openai:http://localhost:8000/v1#model"
_WIDTH = 16
_OPTIONS = ("width", "price_in", "price_out")


@dataclass(frozen=True, slots=True)
class Address:
    """``base``: the URL without a slash at its end. ``width``: completions in flight at most.
    ``price_in``, ``price_out``: dollars for a million tokens read and written.
    ``key``: sent to the server and shown to nobody."""

    base: str
    model: str
    width: int = _WIDTH
    price_in: float = 0.0
    price_out: float = 0.0
    key: str | None = field(default=None, repr=False)

    def cost(self, read: int, written: int) -> float:
        """Dollars for so many tokens."""
        return (read * self.price_in + written * self.price_out) / 1e6

    def redact(self, text: str) -> str:
        """``text`` without the key, which some servers quote in their errors."""
        return text.replace(self.key, "***") if self.key else text


def read_address(name: str) -> Address:
    """The address that ``name`` spells; raises :class:`ModelError`. The key is the environment's.

    ``openai:http://host/v1?width=32#model``: 32 completions in flight instead of 16.
    ``...?price_in=0.15&price_out=0.6#model``: dollars for a million tokens read and written.
    """
    url = name.removeprefix(SCHEME)
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, a bracket left open
        sound = False
    if not sound:
        raise ModelError(f"expected a model such as {_EXAMPLE}, found {name!r}")
    if parts.username is not None or parts.password is not None:
        raise ModelError(
            f"expected no user or password in the address of a server (it would be saved with "
            f"every run); put the key in the environment variable {KEY_VARIABLE}"
        )
    if not parts.fragment:
        raise ModelError(f"expected a model after '#', as in {_EXAMPLE}, found {name!r}")
    base = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
    options = _options(parts.query)
    return Address(
        base,
        parts.fragment,
        _width(options),
        _price(options, "price_in"),
        _price(options, "price_out"),
        _key(),
    )


def _key() -> str | None:
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise ModelError(
            f"expected printable ASCII in the environment variable {KEY_VARIABLE}, found something "
            "else; set it to the key alone"
        )
    return key or None


def _options(query: str) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    for option in options:
        if option not in _OPTIONS:
            near = get_close_matches(option, _OPTIONS, 1, 0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(_OPTIONS)}"
            raise ModelError(f"no option {option!r} for a served model; {hint}")
    return options


def _width(options: dict[str, str]) -> int:
    width = options.get("width", str(_WIDTH))
    if not (width.isascii() and width.isdigit() and 1 <= int(width) <= 4096):
        raise ModelError(f"expected a width of 1 to 4096 completions in flight, found {width!r}")
    return int(width)


def _price(options: dict[str, str], option: str) -> float:
    try:
        price = float(text := options.get(option, "0"))
    except ValueError:
        price = -1.0
    if not 0 <= price < 1e6:
        raise ModelError(f"expected dollars for a million tokens as {option}, found {text!r}")
    return price
