"""JSON by a schema: what the standard says, and what the library alone would let pass."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.verifiers.extra import as_deserved, needs, verdict
from verifiers import Problem, Status, VerifierError
from verifiers.card import examine
from verifiers.function import Function
from verifiers.schema import EXAMPLES, MAX_DEPTH, schema

pytestmark = needs("schema")


@pytest.fixture(scope="module")
def by_schema() -> Iterator[Function]:
    made = schema()
    yield made
    made.close()


def asked(rules: object) -> dict[str, str]:
    return {"question": "Write it.", "schema": json.dumps(rules)}


@pytest.mark.parametrize(("problem", "answer", "score"), EXAMPLES)
def test_an_example(by_schema: Function, problem: Any, answer: str, score: float) -> None:
    assert as_deserved(by_schema, problem, answer, score)


@pytest.mark.parametrize(
    ("rules", "answer", "passed"),
    [
        ({"pattern": r"^\d+$"}, '"24"', True),
        ({"pattern": r"^\d+$"}, '"24\\n"', False),
        ({"pattern": r"^\d+$"}, '"\\u0662\\u0664"', False),
        ({"pattern": r"^[$]\$$"}, '"$$"', True),
        ({"patternProperties": {r"^\w+$": {"type": "null"}}}, '{"a\\n": 1}', True),
        ({"properties": {"pattern": {"const": 1}}}, '{"pattern": 1}', True),
        ({"const": {"pattern": "a$"}}, '{"pattern": "a$"}', True),
        ({"multipleOf": 0.01}, "1.15", True),
        ({"multipleOf": 0.01}, "1.155", False),
        ({"type": "integer"}, "3.0", True),
        ({"type": "integer"}, "1e400", True),
        ({"type": "integer"}, "1e401", False),
        ({"type": "number"}, "Infinity", False),
        ({"const": 1}, "true", False),
        ({"format": "date"}, '"2026-02-29"', False),
        ({"format": "date"}, '"2024-02-29"', True),
        ({"format": "date"}, '"20240229"', False),
        ({"format": "email"}, '"a.b+c@d-e.org"', True),
        ({"format": "email"}, '"@"', False),
        ({"format": "email"}, '"a..b@c.com"', False),
        ({"format": "email"}, '"a@b@c.com"', False),
        ({"format": "email"}, '"a@-b.com"', False),
        ({"format": "email"}, '"a@b.com\\n"', False),
        ({"format": "email"}, "5", True),
        ({"format": "hostname"}, '"a.b-c"', True),
        ({"format": "hostname"}, '"a_b"', False),
        ({"format": "hostname"}, json.dumps("a" * 64), False),
        ({"format": "time"}, '"12:00:00Z"', True),
        ({"format": "time"}, '"12:00:00.5-03:30"', True),
        ({"format": "time"}, '"12:00:00"', False),
        ({"format": "time"}, '"24:00:00Z"', False),
        ({"format": "time"}, '"23:59:60Z"', True),
        ({"format": "time"}, '"01:29:60+01:30"', True),
        ({"format": "time"}, '"12:59:60Z"', False),
        ({"format": "date-time"}, '"2026-02-28t12:00:00z"', True),
        ({"format": "date-time"}, '"2026-02-29T12:00:00Z"', False),
        ({"format": "date-time"}, '"2026-02-28 12:00:00Z"', False),
        ({"format": "uuid"}, '"2EB8AA08-aa98-11ea-b4aa-73b441d16380"', True),
        ({"format": "uuid"}, '"2eb8aa08-aa98-11ea-b4aa-73b441d163-80"', False),
        ({"format": "ipv4"}, '"1.2.3.04"', False),
        ({"pattern": "^.*$"}, '"a\\rb"', False),
        ({"pattern": r"^[.]\.$"}, '".."', True),
        ({"pattern": r"^\s[\s]$"}, '"\\u00a0\\ufeff"', True),
        ({"pattern": r"^\S+$"}, '"a\\u00a0b"', False),
        ({"pattern": r"^\\s$"}, r'"\\s"', True),
        (True, "{} {}", False),
        (True, '{"a": 1, "a": 2}', False),
        (True, "[" * MAX_DEPTH + "]" * MAX_DEPTH, True),
        (True, "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), False),
        (True, "[" * 100_000, False),
        (True, "```json\n[1]\n```", True),
        (True, "Here it is: [1]", False),
        (False, "1", False),
    ],
)
def test_what_is_valid(by_schema: Function, rules: object, answer: str, passed: bool) -> None:
    found = verdict(by_schema, asked(rules), answer)
    assert found.passed is passed, found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("moon-phase", "full"),
        ("idn-email", "@"),
        ("regex", r"\Z"),  # a pattern of Python's, not of JSON Schema's
        ("email", '"a b"@c.com'),
        ("hostname", "xn--X"),
    ],
)
def test_a_format_that_nothing_checks_is_not_judged(
    by_schema: Function, name: str, text: str
) -> None:
    found = verdict(by_schema, asked({"format": name}), json.dumps(text))
    assert found.status is Status.UNJUDGED
    assert "can be checked" in found.reason


def test_a_field_may_hold_the_schema_itself(by_schema: Function) -> None:
    problem = {"question": "Write it.", "schema": {"enum": [1, 2], "multipleOf": 0.1}}
    assert verdict(by_schema, problem, "2.0").passed is True
    assert verdict(by_schema, problem, "3").passed is False


def test_nothing_is_fetched(by_schema: Function) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.0)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/schema.json"
        found = verdict(by_schema, asked({"$ref": address}), "1")
        assert found.status is Status.ERROR
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_pattern_that_never_ends_is_killed(by_schema: Function) -> None:
    found = verdict(by_schema, asked({"pattern": "^(a+)+$"}), json.dumps("a" * 40 + "b"))
    assert found.status is Status.TIMEOUT


def test_a_schema_that_is_none_is_an_error(by_schema: Function) -> None:
    assert verdict(by_schema, asked({"type": "moon"}), "1").status is Status.ERROR
    assert verdict(by_schema, asked({"$ref": "#"}), "1").status is Status.ERROR
    with pytest.raises(VerifierError, match="expected a JSON Schema as text"):
        schema("{")


def test_one_schema_for_every_problem() -> None:
    made = schema('{"type": "null"}')
    assert made.verify(Problem("general", "", "?"), "null").passed is True
    assert made.version != schema('{"type": "string"}').version
    made.close()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_card() -> None:
    card = asyncio.run(examine(schema()))
    assert [check for check in card.checks if not check.passed] == []
