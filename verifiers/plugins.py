"""Verifiers and domains of other packages: the entry points of the group ``reasoner.verifiers``.

``REASONER_PLUGINS=`` (empty) loads none of them, ``REASONER_PLUGINS=a,b`` only those two.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeGuard

from .domain import Domain
from .door import as_verifier
from .judge import Verifier, VerifierError
from .source import Source
from .verdict import explain

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "reasoner.verifiers"
VARIABLE = "REASONER_PLUGINS"
_PARTS = sorted(name for name in vars(Domain) if not name.startswith("_"))


@dataclass(frozen=True, slots=True)
class Plugin:
    """``package``: the distribution that brought it."""

    name: str
    package: str
    verifier: Verifier


def plugins(taken: Collection[str] = ()) -> dict[str, Plugin]:
    """By name, loaded once; those that are broken, or whose name is ``taken``, are warned of."""
    return _load(os.environ.get(VARIABLE), tuple(taken))


@lru_cache(maxsize=8)
def _load(wanted: str | None, taken: tuple[str, ...]) -> dict[str, Plugin]:
    from importlib.metadata import entry_points

    allowed = None if wanted is None else {name.strip() for name in wanted.split(",")}
    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        same = found.setdefault(point.name, [])
        if point not in same:  # a folder that stands on sys.path twice
            same.append(point)
    loaded: dict[str, Plugin] = {}
    for name, points in sorted(found.items()):
        if allowed is not None and name not in allowed:
            continue
        if len(points) > 1:
            _warn(
                f"expected one verifier {name!r}, found one in each of {_packages(points)}; "
                f"neither is used: uninstall one of them"
            )
        elif name in taken:
            _warn(
                f"expected a new name, found a verifier {name!r} in {_packages(points)}; "
                "the built-in one is used: rename the other"
            )
        elif (plugin := _open(points[0])) is not None:
            loaded[name] = plugin
    return loaded


def _open(point: EntryPoint) -> Plugin | None:
    package = _packages([point])
    try:
        verifier = as_verifier(
            point.load(), Source("module", point.module, point.attr), name=point.name
        )
        if verifier.name != point.name:
            raise VerifierError(
                f"expected the name {point.name!r} of its entry point, found {verifier.name!r}; "
                "name both alike"
            )
        if hasattr(verifier, "recognise") and (missing := _missing(verifier)):
            raise VerifierError(f"expected a whole Domain, found none of {', '.join(missing)}")
    except (Exception, SystemExit) as error:  # a stranger's code: whatever it may raise
        said = str(error) if isinstance(error, VerifierError) else explain(error)
        _warn(f"the verifier {point.name!r} of {package} is skipped: {said}")
        return None
    return Plugin(point.name, package, verifier)


def is_domain(verifier: object) -> TypeGuard[Domain]:
    """Whether it is a whole task family, and not only a judge of answers."""
    return not _missing(verifier)


def _missing(verifier: object) -> list[str]:
    return [part for part in _PARTS if not hasattr(verifier, part)]


def _packages(points: Iterable[EntryPoint]) -> str:
    return " and ".join(
        sorted("a nameless package" if point.dist is None else point.dist.name for point in points)
    )


def _warn(message: str) -> None:
    with suppress(Warning):  # where warnings are errors, too, one plug-in must not stop us
        warnings.warn(message, stacklevel=3)
