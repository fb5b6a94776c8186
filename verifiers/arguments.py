"""What a verifier function asks for by the names of its parameters, and what it is given."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from inspect import Parameter
from typing import Any

from .judge import VerifierError
from .problem import Problem

FIELDS = ("question", "prompt", "domain", "level", "reference")
"""Of a problem; the keys of its ``data`` come after these, ``answer`` and ``problem`` before."""


@dataclass(frozen=True, slots=True)
class Want:
    """One parameter. ``needed``: it has no default."""

    name: str
    needed: bool


class Missing(LookupError):
    """The problem has not what a verifier needs: it can not judge this one."""


def wants(function: Callable[..., object], label: str) -> tuple[Want, ...]:
    """What ``function`` asks for. Raises :class:`VerifierError` when it can not be called so."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        raise VerifierError(
            f"expected a function with a readable signature, found {label!r}; "
            "wrap it: def check(answer): ..."
        ) from None
    for parameter in parameters:
        if parameter.kind not in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY):
            raise VerifierError(
                f"expected parameters that can be given by name, found {str(parameter)!r} in "
                f"{label!r}; name what it needs: answer, problem, {', '.join(FIELDS)} or a key of "
                "the problem's data"
            )
    found = tuple(Want(p.name, p.default is Parameter.empty) for p in parameters)
    if not any(want.name == "answer" for want in found):
        names = ", ".join(want.name for want in found) or "no parameter"
        raise VerifierError(
            f"expected a parameter named answer in {label!r}, found {names}; "
            "add it: it is the text to be judged"
        )
    return found


def arguments(
    wanted: tuple[Want, ...], problem: Problem, answer: str, given: Mapping[str, object]
) -> dict[str, Any]:
    """Values by parameter name; ``given`` goes before the problem's. Raises :class:`Missing`."""
    values: dict[str, Any] = {}
    for want in wanted:
        name = want.name
        if name in given:
            values[name] = given[name]
        elif name == "answer":
            values[name] = answer
        elif name == "problem":
            values[name] = problem
        elif name in FIELDS:
            value = getattr(problem, name)
            if value is not None:
                values[name] = value
            elif want.needed:
                raise Missing("no reference is at hand for this question")
        elif name in problem.data:
            values[name] = problem.data[name]
        elif want.needed:
            has = ", ".join(problem.data) or "none"
            raise Missing(f"expected a problem with the field {name!r}, found {has}")
    return values


def to_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Ready for ``json.dumps``: a problem as its fields."""
    return {name: _packed(value) for name, value in values.items()}


def _packed(value: Any) -> dict[str, Any]:
    if not isinstance(value, Problem):
        return {"value": value}
    parts = {field.name: getattr(value, field.name) for field in fields(Problem)}
    return {"problem": {**parts, "data": dict(value.data)}}


def from_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of :func:`to_json`; lists come back as the tuples they were."""
    result: dict[str, Any] = {}
    for name, packed in values.items():
        if "problem" in packed:
            parts = packed["problem"]
            result[name] = Problem(**{**parts, "data": frozen(parts["data"])})
        else:
            result[name] = frozen(packed["value"])
    return result


def frozen(value: Any) -> Any:
    """JSON with tuples for lists, as a problem's data holds it."""
    if isinstance(value, list):
        return tuple(map(frozen, value))
    if isinstance(value, dict):
        return {key: frozen(item) for key, item in value.items()}
    return value
