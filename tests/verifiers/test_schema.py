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


def test_a_format_that_nothing_checks_is_not_judged(by_schema: Function) -> None:
    found = verdict(by_schema, asked({"format": "moon-phase"}), '"full"')
    assert found.status is Status.UNJUDGED
    assert "moon-phase" in found.reason


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
