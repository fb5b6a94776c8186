"""The window: batches follow from their number, experts keep their share, plays age."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice, pairwise
from random import Random

import pytest
import torch
from tokenizers import Tokenizer

from reasoner.catalog import BUNDLED
from reasoner.policy import AGAIN
from selfplay import window
from selfplay.choice import Choice
from selfplay.corpus import encoder, expert_lesson, specials
from selfplay.lesson import IGNORE
from selfplay.rollouts import Rollout
from selfplay.targets import Pair, Taught
from selfplay.window import Window, reach
from verifiers import recognise

PUZZLE = recognise("Use 4 5 6 10 to make 24")
STEPS = ("10 - 4 = 6 left 5 6 6", "6 * 5 = 30 left 6 30", "30 - 6 = 24")
LOST = ("10 + 4 = 14 left 5 6 14",)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(BUNDLED / "tiny" / "tokenizer.json"))


def view(lines: bool = True, rollouts: bool = True) -> Window:
    won = STEPS if lines else ()
    drawn = (Rollout(PUZZLE, LOST, False, False, 3),) if rollouts else ()
    one = Taught(PUZZLE, won, drawn)
    return Window([one] if lines else [], [one] if rollouts else [])


def batches(tokenizer: Tokenizer, expert: float, start: int = 0, count: int = 2, **kinds: bool):
    made = view(**kinds).batches(tokenizer, "s", start, 4, 256, expert)
    return list(islice(made, count))


def test_a_batch_follows_from_its_number(tokenizer: Tokenizer) -> None:
    whole = batches(tokenizer, 0.3, count=4)
    later = batches(tokenizer, 0.3, start=2)
    for a, b in zip(whole[2:], later, strict=True):
        assert torch.equal(a.ids, b.ids)
        assert torch.equal(a.labels, b.labels)


def test_without_experts_there_is_only_the_window(tokenizer: Tokenizer) -> None:
    (batch,) = batches(tokenizer, 0.0, count=1)
    text = tokenizer.decode([i for i in batch.ids[0].tolist() if i])
    assert set(text.split("countdown ")[1:2][0].split(" to ")[0].split()) == {"4", "5", "6", "10"}
    special = {tokenizer.token_to_id(f"<{name}>") for name in ("good", "bad")}
    labels = {label for label in batch.labels.flatten().tolist() if label != IGNORE}
    assert labels & special == {tokenizer.token_to_id("<bad>")}, "lost lines teach the value"


def test_experts_keep_their_share(tokenizer: Tokenizer) -> None:
    """In every batch: three of four rows, where 0.6 are asked for, and never all of them."""
    head = tokenizer.encode(PUZZLE.prompt, add_special_tokens=False).ids
    for expert, rows in ((0.0, 0), (0.5, 2), (0.6, 3), (1.0, 3)):
        for batch in batches(tokenizer, expert, count=3):
            played = [head == ids[: len(head)] for ids in batch.ids.tolist()]
            assert played == [False] * rows + [True] * (4 - rows)


def test_choices_are_learned_from(tokenizer: Tokenizer) -> None:
    choice = Choice((), (STEPS[0], LOST[0]), (0.9, 0.1))
    one = Taught(PUZZLE, STEPS, (), (), (choice,))
    (batch,) = islice(Window([one], []).batches(tokenizer, "s", 0, 4, 256, 0.0), 1)
    assert len(batch.weights) > 4
    shares = {round(share, 4) for share in batch.weights.tolist()}
    assert {0.9, 0.1} <= shares <= {1.0, 0.9, 0.1}
    assert (batch.labels != IGNORE).any(), "lines as well"
    long = replace(
        one, choices=(Choice((), tuple(f"1 + {i} = 2" for i in range(400)), (1 / 400,) * 400),)
    )
    (batch,) = islice(Window([long], []).batches(tokenizer, "s", 0, 4, 256, 0.0), 1)
    assert not len(batch.weights), "too long for a row: the line alone"


def test_lines_that_failed_are_to_be_taken_back(tokenizer: Tokenizer) -> None:
    """The policy's own wrong ends, and after them the line that search found."""
    wrong = (*LOST, "14 - 6 = 8 left 5 8", "8 * 5 = 40")
    one = Taught(PUZZLE, STEPS, (Rollout(PUZZLE, wrong, True, False, 3),))
    (batch,) = islice(Window([one], []).batches(tokenizer, "s", 0, 4, 256, 0.0), 1)
    texts = [tokenizer.decode(ids) for ids in batch.ids.tolist()]
    whole = PUZZLE.prompt + "\n".join(wrong) + AGAIN + PUZZLE.prompt + "\n".join(STEPS)
    assert any(whole in text.replace("<end>", "") for text in texts)
    ends = tokenizer.encode("8 * 5 = 40", add_special_tokens=False).ids
    end = tokenizer.token_to_id("<end>")
    for ids, labels in zip(batch.ids.tolist(), batch.labels.tolist(), strict=True):
        for at in range(len(ids) - len(ends)):
            if ids[at : at + len(ends)] == ends:
                after = at + len(ends) - 1
                assert tokenizer.decode([labels[after], labels[after + 1]]) == "\nor"
                assert labels[at] == IGNORE, "the mistake itself is not learned"
    assert end in batch.labels, "what is right ends"


@pytest.mark.parametrize(("done", "right"), [(False, False), (True, True)])
def test_only_wrong_ends_are_taken_back(tokenizer: Tokenizer, done: bool, right: bool) -> None:
    one = Taught(PUZZLE, STEPS, (Rollout(PUZZLE, LOST, done, right, 3),))
    (batch,) = islice(Window([one], []).batches(tokenizer, "s", 0, 4, 256, 0.0), 1)
    assert not any(AGAIN in tokenizer.decode(ids) for ids in batch.ids.tolist())


def test_what_does_not_look_wrong_is_not_taken_back(tokenizer: Tokenizer) -> None:
    """A wrong sum looks like a right one: who learns to take it back takes back the right one."""
    problem = recognise("What is 12 + 15?")
    wrong = Rollout(problem, ("12+15 2+5=7 1+1=3 =37",), True, False, 3)
    one = Taught(problem, ("12+15 2+5=7 1+1=2 =27",), (wrong,))
    (batch,) = islice(Window([one], []).batches(tokenizer, "s", 0, 4, 256, 0.0), 1)
    assert not any(AGAIN in tokenizer.decode(ids) for ids in batch.ids.tolist())


def test_experts_end_on_the_target_alone(tokenizer: Tokenizer) -> None:
    """A line that ends wrong is to be taken back, never to be left at that."""
    special, encode = specials(tokenizer), encoder(tokenizer)
    rng, ends = Random(0), 0
    for _ in range(400):
        one = expert_lesson(rng, encode, special, 400, choices=0.0)
        if special.end not in one.labels:
            continue
        steps = tokenizer.decode(one.ids).split("\n")
        if steps[0].startswith("countdown"):
            ends += 1
            assert steps[-1].split(" = ")[1] == steps[0].split(" to ")[1]
    assert ends > 30


def test_siblings_are_compared(tokenizer: Tokenizer) -> None:
    one = Taught(PUZZLE, (), view().tried[0].rollouts, (Pair((), STEPS[0], LOST[0]),))
    made = list(islice(Window([], [one]).batches(tokenizer, "s", 0, 4, 256, 0.0), 2))
    assert all(len(batch.pairs) > 4 for batch in made)
    assert not len(batches(tokenizer, 0.0)[0].pairs)


@pytest.mark.parametrize(("lines", "rollouts"), [(True, False), (False, True), (False, False)])
def test_a_window_may_lack_anything(tokenizer: Tokenizer, lines: bool, rollouts: bool) -> None:
    assert len(batches(tokenizer, 0.2, lines=lines, rollouts=rollouts)) == 2


def test_its_size_in_tokens(tokenizer: Tokenizer) -> None:
    assert 30 < view().tokens(tokenizer, 256) < 60
    assert Window([], []).tokens(tokenizer, 256) == 0


def test_the_window_grows_as_a_power_law() -> None:
    assert reach(500, 1000) == 500
    assert reach(1000, 1000) == 1000
    sizes = [reach(n, 1000) for n in range(1000, 100_000, 1000)]
    assert all(a < b for a, b in pairwise(sizes))
    assert sizes[-1] < 20_000


def test_damaged_lessons_are_left_out(tmp_path) -> None:
    one = view().solved[0]
    path = tmp_path / "l.jsonl"
    window.write([one, one, one], path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert list(window.read(path)) == [one, one]
