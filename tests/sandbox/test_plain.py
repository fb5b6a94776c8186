"""Values across the border, honest ones and lies; and when two of them agree."""

from __future__ import annotations

import json
import math
from collections import Counter, OrderedDict, defaultdict, namedtuple
from contextlib import suppress
from enum import IntEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifiers.agree import agree
from verifiers.code import lines
from verifiers.sandbox.inside.plain import KEYS, NotPlain, decode, encode

KEY = (
    st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.floats(allow_nan=False)
)
HASHABLE = st.recursive(KEY, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=5)
VALUE = st.recursive(
    KEY | st.complex_numbers(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(HASHABLE, inner, max_size=4)
        | st.sets(HASHABLE, max_size=4)
        | st.frozensets(HASHABLE, max_size=4)
    ),
    max_leaves=15,
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from("itsfzdbcx"), inner, max_size=2)
    ),
    max_leaves=15,
)


@given(VALUE)
def test_values_come_back_as_they_went(value: Any) -> None:
    sent = json.loads(json.dumps(encode(value), allow_nan=False))
    got = decode(sent)
    assert repr_of(got) == repr_of(value)
    assert agree(encode(value), sent)


def repr_of(value: Any) -> object:
    """With types, and sets in order."""
    if isinstance(value, set | frozenset):
        return type(value), sorted(map(repr, value))
    if isinstance(value, dict):
        return sorted((repr(k), repr(repr_of(v))) for k, v in value.items())
    if isinstance(value, list | tuple):
        return type(value), [repr_of(item) for item in value]
    return repr(value)


@given(ANY_JSON, VALUE)
def test_no_lie_raises_anything_else(data: Any, value: Any) -> None:
    with suppress(NotPlain):
        decode(data)
    assert agree(encode(value), data) in (True, False)
    assert agree(data, data) in (True, False)


class Equal:
    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


class EqualStr(str):
    def __eq__(self, other: object) -> bool:
        return True

    def __str__(self) -> str:
        return "right"

    __hash__ = str.__hash__


class EqualFloat(float):
    def __repr__(self) -> str:
        return "1.0"

    __float__ = None  # type: ignore[assignment]


class EqualList(list):  # type: ignore[type-arg]
    def __iter__(self) -> Any:
        return iter([1, 2, 3])


Colour = IntEnum("Colour", "RED")
Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    "value", [Equal(), object(), len, range(3), iter([]), [Equal()], {1: Equal()}]
)
def test_what_is_not_plain_does_not_cross(value: Any) -> None:
    with pytest.raises(NotPlain, match="expected plain data, got"):
        encode(value)


@pytest.mark.parametrize(
    ("value", "held"),
    [
        (EqualStr("wrong"), "wrong"),
        (EqualFloat(7.5), 7.5),
        (EqualList([9]), [9]),
        (Colour.RED, 1),
        (Point(1, 2), (1, 2)),
        (defaultdict(list, {1: [2]}), {1: [2]}),
        (Counter("aab"), {"a": 2, "b": 1}),
        (OrderedDict(a=1), {"a": 1}),
    ],
)
def test_subclasses_cross_as_what_they_hold(value: Any, held: Any) -> None:
    sent = json.dumps(encode(value))
    assert sent == json.dumps(encode(held))
    assert type(decode(json.loads(sent))) is type(held)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"t": 1},
        {"t": [1], "s": [2]},
        {"x": []},
        {"i": "zz"},
        {"i": 5},
        {"f": "0x1"},
        {"b": "zz"},
        {"c": [1]},
        {"c": ["a", "b"]},
        {"d": [[1]]},
        {"d": [[[1], 2]]},
        {"s": [[1]]},
        {"s": {"t": []}},
    ],
)
def test_lies_are_refused(data: Any) -> None:
    with pytest.raises(NotPlain):
        decode(data)
    assert not agree(1, data)


def test_colliding_hashes_stay_cheap() -> None:
    prime = (1 << 61) - 1  # integers equal modulo this have equal hashes
    members = [{"i": hex(prime * n)} for n in range(1, KEYS + 2)]
    with pytest.raises(NotPlain):
        decode({"s": members})
    assert agree({"s": members}, {"s": members})


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (2, 2.0),
        (0.1 + 0.2, 0.3),
        (1e300, 1e300 * (1 + 1e-12)),
        ([1, 2], (1, 2)),
        ({1, 2}, frozenset({2, 1})),
        ({1.0, 2}, {1, 2.0}),
        ({"a": [1], "b": 2}, {"b": 2.0, "a": (1,)}),
        ({(1, 2): 3}, {(1, 2): 3}),
        (2**100, 2**100),
        (float("inf"), float("inf")),
        (1j, 1j),
        ({frozenset({1, 2})}, {frozenset({2, 1})}),
        (-0.0, 0),
    ],
)
def test_alike(a: Any, b: Any) -> None:
    assert agree(encode(a), encode(b))
    assert agree(encode(b), encode(a))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (True, 1),
        (False, 0),
        (None, 0),
        (None, False),
        ("1", 1),
        (b"a", "a"),
        (math.nan, math.nan),
        (2**100, 2**100 + 1),
        (2**2000, 1.0),
        (float("inf"), -float("inf")),
        ([1], [1, 1]),
        ([], {}),
        ([], set()),
        ([1], {1}),
        ({True}, {1}),
        ({1: 2}, {1: 3}),
        ({1: 2}, {1: 2, 3: 4}),
        ({"1": 2}, {1: 2}),
        ("a", "b"),
    ],
)
def test_not_alike(a: Any, b: Any) -> None:
    assert not agree(encode(a), encode(b))
    assert not agree(encode(b), encode(a))


def test_deep_lies_agree_with_nothing() -> None:
    deep: Any = []
    for _ in range(10_000):
        deep = [deep]
    assert not agree(deep, deep)


def test_near_is_near_what_was_expected() -> None:
    for expected, got in ((2, 2.0000000001), (0.3, 0.1 + 0.2), (0.0, 1e-16), (2.5, 2.5)):
        assert agree(encode(expected), encode(got))
    strangers = ((0.0, 1e-10), (1e-10, 0.0), (10**12, 10.0**12 + 1), (2**60 + 1, float(2**60)))
    for expected, got in strangers:
        assert not agree(encode(expected), encode(got))


def test_only_a_newline_ends_a_line_of_output() -> None:
    assert lines("a \r\nb\n\n") == ["a", "b"]
    for other in "\f\v\x1c\x85\u2028":
        assert lines(f"a{other}b\n") == [f"a{other}b"]
