"""JSON documents, judged by a JSON Schema: the extra ``[schema]``.

The library alone would fetch a schema's remote references, let ``^[0-9]+$`` and ``\\d`` pass a
trailing newline and digits of other scripts, and find ``0.3`` no multiple of ``0.1``.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any, NoReturn

from .formats import Formats, Unchecked
from .function import Function
from .judge import VerifierError
from .phrasing import unfenced
from .source import Source
from .verdict import Verdict, explain, right, unjudged, wrong

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_DEPTH = 64  # arrays and objects inside each other
MAX_EXPONENT = 400  # of a number, in powers of ten
_PRECISION = 2_000  # digits: dividing any two numbers of this size leaves an exact remainder
_MANY = frozenset(
    ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies")
)
_DATA = frozenset(("const", "enum", "default", "examples"))
_SPACES = r"\s\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_ECMA = {
    "$": r"\Z",
    ".": r"[^\n\r\u2028\u2029]",
    r"\s": f"[{_SPACES}]",
    r"\S": f"[^{_SPACES}]",
}


class _Unreadable(ValueError):
    """Not JSON as the standard has it. The message says what was found."""


def schema(expected: str | None = None) -> Function:
    """Passes JSON that is valid by the problem's public field ``schema``, or by ``expected``.

    The answer is the document alone, with or without a Markdown fence around it. Both are JSON
    text; the field may also hold the schema itself. Draft 2020-12 unless ``$schema`` says
    otherwise; formats are checked, and one that can not be gives no verdict. Raises
    :class:`VerifierError` for an ``expected`` that is not JSON.
    """
    if expected is not None:
        try:
            _read(expected)
        except _Unreadable as error:
            raise VerifierError(f"expected a JSON Schema as text, found {error}") from error
    return Function(
        judged,
        "schema",
        timeout=2.0,
        version="2",
        examples=EXAMPLES,
        source=Source("module", __name__, judged.__name__, _warm.__name__),
        given={"schema": expected},
    )


def _warm() -> None:
    import jsonschema  # noqa: F401


def judged(answer: str, schema: object) -> Verdict:
    """``schema``: JSON text, or what it says. Needs jsonschema, and a process that can be killed:
    a pattern may run for ever."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match
    from jsonschema.validators import validator_for
    from jsonschema_specifications import REGISTRY

    rules = _as_ecma(_read(schema if isinstance(schema, str) else json.dumps(schema)))
    try:
        document = _read(unfenced(answer))
    except _Unreadable as error:
        return wrong("", f"expected JSON, found {error}")
    kind = validator_for(rules, default=Draft202012Validator)
    kind.check_schema(rules)
    # This registry fetches nothing: a reference to elsewhere is an error, not a download.
    validator = kind(rules, registry=REGISTRY, format_checker=Formats())
    with localcontext() as context:
        context.prec = _PRECISION
        try:
            fault = best_match(validator.iter_errors(document))
        except Unchecked as unknown:
            return unjudged("", str(unknown))
    if fault is None:
        return right("")
    return wrong("", f"{fault.json_path}: {fault.message}"[:300])


def _read(text: str) -> Any:
    """JSON with exact numbers, each name once, of bounded depth."""
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_float=_number, parse_constant=_refused
        )
    except _Unreadable:
        raise
    except RecursionError:
        raise _Unreadable(f"more than {MAX_DEPTH} levels") from None
    except ValueError as error:  # also whole numbers of more digits than Python reads
        raise _Unreadable(explain(error, 100)) from None
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [child for item in level for child in _children(item)]
        if not level:
            return value
    raise _Unreadable(f"more than {MAX_DEPTH} levels")


def _children(item: object) -> Iterable[Any]:
    if isinstance(item, dict):
        return item.values()
    return item if isinstance(item, list) else ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):  # which of the two was judged would be anybody's guess
        raise _Unreadable("an object that says a name twice")
    return found


def _number(text: str) -> int | Decimal:
    """Exact; whole where it is (``1.0`` is an integer to JSON Schema)."""
    number = Decimal(text)
    if abs(number.adjusted()) > MAX_EXPONENT or len(text) > MAX_EXPONENT:
        raise _Unreadable(f"a number beyond 10 to the power of {MAX_EXPONENT}")
    return int(number) if number == number.to_integral_value() else number


def _refused(text: str) -> NoReturn:
    raise _Unreadable(f"{text}, which JSON has not")


def _as_ecma(rules: Any) -> Any:
    """Its patterns as JSON Schema means them: ``$`` is the very end, a dot no line's end, and
    only blanks have a class beyond ASCII."""
    if isinstance(rules, list):
        return [_as_ecma(rule) for rule in rules]
    if not isinstance(rules, dict):
        return rules
    found: dict[str, Any] = {}
    for key, value in rules.items():
        if key in _DATA:
            found[key] = value
        elif key == "pattern" and isinstance(value, str):
            found[key] = _pattern(value)
        elif key in _MANY and isinstance(value, dict):
            found[key] = {
                _pattern(name) if key == "patternProperties" else name: _as_ecma(rule)
                for name, rule in value.items()
            }
        else:
            found[key] = _as_ecma(value)
    return found


def _pattern(text: str) -> str:
    parts, inside = list[str](), False
    for part in re.findall(r"\\?.", text, re.DOTALL):
        if part in ("[", "]"):
            inside = part == "["
        elif part == r"\s" and inside:
            part = _SPACES
        elif not inside:
            part = _ECMA.get(part, part)
        parts.append(part)
    return f"(?a:{''.join(parts)})"


def _asked(rules: str) -> dict[str, str]:
    return {
        "question": "Write the record as JSON.",
        "prompt": f"record {len(rules)}\n",
        "domain": "general",
        "schema": rules,
    }


_PERSON = _asked(
    '{"type": "object", "additionalProperties": false, "required": ["name", "age"], "properties": '
    '{"name": {"type": "string", "pattern": "^[A-Z][a-z]+$"}, '
    '"age": {"type": "integer", "minimum": 18, "maximum": 120}}}'
)
_PRICES = _asked(
    '{"type": "array", "minItems": 2, "uniqueItems": true, "items": '
    '{"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.1}}'
)
EXAMPLES: Any = (
    (_PERSON, '{"name": "Ada", "age": 36}', True),
    (_PERSON, '```json\n{"age": 36.0, "name": "Ada"}\n```', True),
    (_PERSON, '{"name": "Ada", "age": "36"}', False),
    (_PERSON, '{"name": "Ada", "age": 17}', False),
    (_PERSON, '{"name": "Ada", "age": 36.5}', False),
    (_PERSON, '{"name": "Ada\\n", "age": 36}', False),
    (_PERSON, '{"name": "Ada", "age": 36, "admin": true}', False),
    (_PERSON, '{"name": "Ada", "age": 17, "age": 36}', False),
    (_PERSON, '{"name": "Ada"}', False),
    (_PERSON, '{"name": "Ada", "age": 36', False),
    (_PRICES, "[0.3, 1.1, 2]", True),
    (_PRICES, "[0.3, 0.30]", False),
    (_PRICES, "[0.3, 0.35]", False),
    (_PRICES, "[0.3, NaN]", False),
    (_PRICES, "[0.3, 1e999999999]", False),
)
