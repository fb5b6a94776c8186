"""What a server says it serves: most mistakes in an address show before the clock starts."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any
from urllib.parse import urljoin

import httpx2

from ..errors import ModelError
from .address import KEY_VARIABLE, Address

_WAIT_S = 1.5  # a server that does not say by then is taken at its word


def served(address: Address, headers: dict[str, str]) -> int | None:
    """The model's context in tokens, or None when the server does not tell.

    Raises :class:`ModelError` when no server is there, when it wants another key, when the path
    is wrong or when it serves other models only.
    """
    try:
        response = _get(address.base, headers)
        if response.status_code == 404:
            for other in (f"{address.base}/v1", urljoin(address.base, "/v1")):
                if _get(other, headers).is_success:
                    raise ModelError(f"nothing at {address.base}; did you mean {other}?")
    except httpx2.TimeoutException:
        return None
    except httpx2.HTTPError as error:
        raise ModelError(
            f"no server at {address.base} ({address.redact(str(error))}); start it, or correct "
            "the address"
        ) from None
    if response.status_code in (401, 403):
        found = "the key in" if address.key else "no key in"
        raise ModelError(
            f"{address.base} wants a valid key (HTTP {response.status_code}), found {found} "
            f"the environment variable {KEY_VARIABLE}"
        )
    return _context(response, address)


def _get(base: str, headers: dict[str, str]) -> httpx2.Response:
    return httpx2.get(base + "/models", headers=headers, timeout=_WAIT_S)


def _context(response: httpx2.Response, address: Address) -> int | None:
    models = _models(response)
    names = sorted(models)
    for name in names:
        if address.model in (name, name.removesuffix(":latest")):
            length = models[name].get("max_model_len")
            return length if isinstance(length, int) else None
    if names:
        near = get_close_matches(address.model, names, 1, 0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"it serves {', '.join(names[:9])}"
        raise ModelError(f"{address.base} serves no model {address.model!r}; {hint}")
    return None


def _models(response: httpx2.Response) -> dict[str, dict[str, Any]]:
    """By name; nothing from a server whose list makes no sense."""
    try:
        listed = response.json()["data"]
        return {model["id"]: model for model in listed if isinstance(model["id"], str)}
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
