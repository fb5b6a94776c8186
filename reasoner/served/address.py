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


@dataclass(frozen=True, slots=True)
class Address:
    """``base``: the URL without a slash at its end. ``width``: completions in flight at most.
    ``key``: sent to the server and shown to nobody."""

    base: str
    model: str
    width: int = _WIDTH
    key: str | None = field(default=None, repr=False)

    def redact(self, text: str) -> str:
        """``text`` without the key, which some servers quote in their errors."""
        return text.replace(self.key, "***") if self.key else text


def read_address(name: str) -> Address:
    """The address that ``name`` spells; raises :class:`ModelError`. The key is the environment's.

    ``openai:http://host/v1?width=32#model``: 32 completions in flight instead of 16.
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
    return Address(base, parts.fragment, _width(parts.query), _key())


def _key() -> str | None:
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise ModelError(
            f"expected printable ASCII in the environment variable {KEY_VARIABLE}, found something "
            "else; set it to the key alone"
        )
    return key or None


def _width(query: str) -> int:
    """The one option there is."""
    width = str(_WIDTH)
    for option, value in parse_qsl(query, keep_blank_values=True):
        if option != "width":
            near = get_close_matches(option, ("width",), 1, 0.5)
            hint = "did you mean 'width'?" if near else "there is 'width'"
            raise ModelError(f"no option {option!r} for a served model; {hint}")
        width = value
    if not (width.isascii() and width.isdigit() and 1 <= int(width) <= 4096):
        raise ModelError(f"expected a width of 1 to 4096 completions in flight, found {width!r}")
    return int(width)
