"""What rows of a batch have in common."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reasoner.group import Group
from reasoner.row import Row, shared_start

prompts = st.lists(st.integers(0, 2), min_size=1, max_size=5).map(tuple)


def row(prompt: tuple[int, ...]) -> Row:
    return Row(Group(prompt, 1, 1, None, 1.0, 0, False), [0], prompt[-1], len(prompt) - 1)


@given(st.lists(prompts, min_size=16, max_size=20), prompts)
def test_shared_tokens_are_the_longest_common_beginning(
    ends: list[tuple[int, ...]], start: tuple[int, ...]
) -> None:
    rows = [row(start + end) for end in ends]
    count = shared_start(rows)
    texts = [row.group.prompt for row in rows]
    assert count >= len(start)
    assert len({text[:count] for text in texts}) == 1
    assert count == min(map(len, texts)) or len({text[: count + 1] for text in texts}) > 1


def test_a_few_rows_are_not_worth_it() -> None:
    assert shared_start([row((1, 2, 3))] * 15) == 0
    assert shared_start([row((1, 2, 3))] * 16) == 3
