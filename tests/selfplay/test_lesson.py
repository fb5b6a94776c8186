"""Lessons: what each position learns, and that neighbours in a row stay strangers."""

from itertools import islice
from random import Random

import pytest
import torch
from tokenizers import Tokenizer

from reasoner.policy import AGAIN
from selfplay.choice import Choice
from selfplay.corpus import (
    demonstrations,
    draw_choices,
    draw_demonstration,
    expert_lesson,
    specials,
    vocabulary_texts,
)
from selfplay.lesson import IGNORE, choosing, comparison, fill_rows, lesson, pack
from selfplay.losses import losses
from selfplay.network import Network, Shape
from selfplay.vocabulary import build
from verifiers import Step, domain, recognise


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory) -> Tokenizer:
    return build(vocabulary_texts(0, 3_000), tmp_path_factory.mktemp("tokenizer") / "t.json")


@pytest.fixture(scope="module")
def network(tokenizer) -> Network:
    torch.manual_seed(0)
    return Network(Shape(tokenizer.get_vocab_size(), 64, 128, 2, 2, 1)).eval()


def encoder(tokenizer):
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids


def taught(one, tokenizer):
    """What a lesson teaches, position by position, as text."""
    return [tokenizer.id_to_token(label) for label in one.labels if label != IGNORE]


def test_policy_labels_spell_the_steps_and_the_end(tokenizer):
    problem = recognise("Use 4 5 6 10 to make 24")
    steps = [Step("10 - 4 = 6 left 5 6 6"), Step("6 * 5 = 30 left 6 30"), Step("30 - 6 = 24")]
    one = lesson(problem, steps, True, encoder(tokenizer), specials(tokenizer))
    special = specials(tokenizer)
    words = [x for x in one.labels if x not in (IGNORE, special.good, special.bad, special.end)]
    assert tokenizer.decode(words) == "\n".join(step.text for step in steps)
    assert one.labels.count(special.end) == 1
    assert one.labels.count(special.good) == 3
    assert one.ids.count(special.value) == 3


def test_a_probe_shares_its_position_with_the_next_token(tokenizer):
    problem = recognise("Use 4 5 6 10 to make 24")
    steps = [Step("10 - 4 = 6 left 5 6 6"), Step("6 * 5 = 30 left 6 30")]
    one = lesson(problem, steps, False, encoder(tokenizer), specials(tokenizer))
    value = specials(tokenizer).value
    text = [p for p, token in zip(one.positions, one.ids, strict=True) if token != value]
    assert text == list(range(len(text))), "the text reads as if no probe were there"
    first = one.ids.index(value)
    assert one.positions[first] == one.positions[first + 1]


def test_slips_teach_the_value_and_never_the_policy(tokenizer):
    problem = recognise("Use 4 5 6 10 to make 24")
    slip = [Step("5 + 4 = 9 left 6 9 10", teach=False, good=False)]
    one = lesson(problem, slip, False, encoder(tokenizer), specials(tokenizer))
    assert taught(one, tokenizer) == ["<bad>"]


def test_neighbours_and_probes_are_invisible(tokenizer, network):
    """A lesson's hidden states are the same alone and packed; probes change nothing after them."""
    rng, special = Random(1), specials(tokenizer)
    lessons = [lesson(*draw_demonstration(rng), encoder(tokenizer), special) for _ in range(3)]
    length = sum(len(one.ids) for one in lessons)
    together = pack([lessons], length, special.pad)
    with torch.inference_mode():
        packed = network(together.ids, together.positions, together.mask)[0]
        start = 0
        for one in lessons:
            text = [i for i, token in enumerate(one.ids) if token != special.value]
            ids = torch.tensor([[one.ids[i] for i in text]])
            positions = torch.arange(len(text))[None]
            causal = torch.ones(1, 1, len(text), len(text), dtype=torch.bool).tril()
            plain = network(ids, positions, causal)[0]
            assert torch.allclose(packed[start : start + len(one.ids)][text], plain, atol=1e-5)
            start += len(one.ids)


def test_a_comparison_points_at_two_probes_and_teaches_nothing_else(tokenizer):
    problem, special = recognise("Use 4 5 6 10 to make 24"), specials(tokenizer)
    better, worse = "10 - 4 = 6 left 5 6 6", "10 + 4 = 14 left 5 6 14"
    one = comparison(problem, (), better, worse, encoder(tokenizer), special)
    plain = lesson(problem, [Step(better)], False, encoder(tokenizer), special)
    rows = fill_rows(iter([plain, one, plain, one, *[plain] * 99]).__next__, 2, 160)
    batch = pack(rows, 160, special.pad)
    assert len(batch.pairs) == 2
    for places in batch.pairs.tolist():
        texts = []
        for place in places:
            row, at = divmod(place, 160)
            assert batch.ids[row, at] == special.value
            sees = batch.mask[row, 0, at].nonzero()[:, 0].tolist()
            assert all(batch.labels[row, i] == IGNORE for i in sees)
            assert batch.positions[row, sees].tolist() == list(range(len(sees)))
            texts.append(tokenizer.decode([int(batch.ids[row, i]) for i in sees[:-1]]))
        assert texts == [problem.prompt + better + "\n", problem.prompt + worse + "\n"]


def test_a_choice_is_learned_as_if_each_option_was_imitated_as_often_as_its_share(
    tokenizer, network
):
    problem, special, encode = (
        recognise("Use 1 3 4 6 to make 24"),
        specials(tokenizer),
        encoder(tokenizer),
    )
    first = "4 - 3 = 1 left 1 1 6"
    choices = (
        Choice((), (first, "4 * 3 = 12 left 1 6 12", "6 + 1 = 7 left 3 4 7"), (0.2, 0.3, 0.5)),
        Choice((first,), ("6 * 1 = 6 left 1 6", "6 + 1 = 7 left 1 7"), (1.0, 0.0)),
    )  # fmt: skip
    one = choosing(problem, choices, encode, special, 256)
    line = lesson(problem, [Step(first)], False, encode, special)
    batch = pack([[line, one], [one]], 200, special.pad)
    expected = 0.0
    for choice in choices:
        before = encode(problem.prompt) + [t for step in choice.steps for t in encode(f"{step}\n")]
        likely = []
        for option in choice.options:
            spelled = encode(option)
            cut = next(n for n in range(1, len(spelled) + 1) if sum(
                encode(other)[:n] == spelled[:n] for other in choice.options) == 1)  # fmt: skip
            ids = torch.tensor([before + spelled[:cut]])
            causal = torch.ones(1, 1, ids.shape[1], ids.shape[1], dtype=torch.bool).tril()
            with torch.inference_mode():
                hidden = network(ids, torch.arange(ids.shape[1])[None], causal)[0]
                logs = network.logits(hidden).log_softmax(-1)
            at = range(len(before) - 1, ids.shape[1] - 1)
            likely.append(sum(logs[i, ids[0, i + 1]] for i in at))
        expected -= (torch.tensor(choice.policy) * torch.stack(likely)).sum() / len(choices)
    with torch.inference_mode():
        found = losses(network, batch, special.good, special.bad)
    assert found.choice == pytest.approx(float(expected), abs=1e-4)
    assert batch.choices == 4, "two choices, twice"
    alone = pack([[one]], 200, special.pad)
    assert (alone.labels == IGNORE).all()


def test_an_option_that_begins_another_is_told_apart_by_how_it_ends(tokenizer):
    problem, special, encode = recognise("Solve 7 x = 84"), specials(tokenizer), encoder(tokenizer)
    longer = "x=12+0"
    one = choosing(
        problem, [Choice((), ("x=12", longer), (0.5, 0.5))], encode, special, 256
    )  # fmt: skip
    (first, _), (second, _) = ((spelled[-1][1], w) for w, spelled in one.choices[0])
    assert first == special.end
    assert second != special.end
    assert one.choices[0][0][1][-1][0] == one.choices[0][1][1][-1][0], "told apart at one place"


def test_experts_try_in_vain_before(tokenizer):
    """Whole lines with wrong ends; each is taken back, and only the last one may end."""
    rng, special, seen = Random(5), specials(tokenizer), 0
    while seen < 20:
        one = expert_lesson(rng, encoder(tokenizer), special, 400, review=False, choices=0.0)
        text = tokenizer.decode([i for i in one.ids if i != special.value])
        prompt, *lines = text.split("\n")
        if "or" not in lines:
            continue
        seen += 1
        *failed, last = text.split(AGAIN)
        target = prompt.split(" to ")[1]
        assert len(one.ids) <= 400 or len(failed) == 1
        assert all(each.startswith(prompt + "\n") for each in (*failed, last))
        assert not any(each.endswith(f" = {target}") for each in failed)
        assert last.endswith(f" = {target}")
        assert one.labels.count(special.end) == 1
        assert one.labels.count(tokenizer.token_to_id("or")) == len(failed)


def test_what_was_tried_in_vain_is_known_when_choosing(tokenizer):
    rng, seen = Random(6), 0
    while seen < 5:
        problem, choices = draw_choices(rng, "countdown", 4)
        if not choices or "or" not in (steps := choices[0].steps):
            continue
        seen += 1
        assert steps[-2:] == ("or", problem.prompt.strip())
        failed = [line.strip().split("\n") for line in "\n".join(steps).split(f"or\n{steps[-1]}")]
        family = domain("countdown")
        for line in failed[:-1]:
            answer = family.answer(problem, tuple(line))
            assert answer is not None
            assert family.verify(problem, answer).passed is False
        assert failed[-1] == [""]


def test_what_does_not_fit_is_left_out(tokenizer):
    problem, special, encode = (
        recognise("Use 1 3 4 6 to make 24"),
        specials(tokenizer),
        encoder(tokenizer),
    )
    choice = Choice((), ("4 - 3 = 1 left 1 1 6", "4 * 3 = 12 left 1 6 12"), (1.0, 0.0))
    assert choosing(problem, [choice], encode, special, 256).choices
    assert not choosing(problem, [choice], encode, special, 8).ids


def test_experts_advise_on_every_move(tokenizer):
    rng = Random(3)
    for _ in range(20):
        problem, choices = draw_choices(rng, "countdown", rng.randint(3, 6))
        family = domain(problem.domain)
        assert choices
        for choice in choices:
            assert sum(choice.policy) == pytest.approx(1.0)
            assert 0.0 in choice.policy
            anew = () if "or" in choice.steps else choice.steps
            for option in choice.options:
                assert family.state_key(problem, (*anew, option)) is not None


def test_batches_follow_from_seed_and_number_alone(tokenizer):
    whole = demonstrations(tokenizer, 5, 0, 4, 256)
    resumed = demonstrations(tokenizer, 5, 2, 4, 256)
    batches = [batch for batch, _ in zip(whole, range(3), strict=False)]
    again = next(resumed)
    assert torch.equal(batches[2].ids, again.ids)
    assert torch.equal(batches[2].labels, again.labels)
    assert not torch.equal(batches[1].ids, again.ids)


def test_choices_come_once_a_model_writes(tokenizer):
    found = islice(demonstrations(tokenizer, 5, 0, 8, 400, lines=2), 4)
    assert [batch.choices > 0 for batch in found] == [False, False, True, True]


def test_rows_are_full_and_hold_whole_lessons(tokenizer):
    rng, special = Random(2), specials(tokenizer)
    rows = fill_rows(lambda: lesson(*draw_demonstration(rng), encoder(tokenizer), special), 8, 256)
    sizes = [sum(len(one.ids) for one in row) for row in rows]
    assert max(sizes) <= 256
    assert sum(sizes) > 0.9 * 8 * 256


@pytest.mark.parametrize(
    "text",
    [
        "",
        "héllo \U0001f600 wörld",
        "\x00\x1b[31m",
        "日本語",
        "a  b\n\n\tc ",
        "<end><value>",
        "10 100 299 300 1000",
    ],
)
def test_any_text_round_trips(tokenizer, text):
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    assert tokenizer.decode(ids, skip_special_tokens=False) == text


def test_numbers_between_spaces_are_one_token_and_glued_digits_are_not(tokenizer):
    encode = encoder(tokenizer)
    assert len(encode("countdown 4 5 6 10 to 299")) == 7
    assert [tokenizer.id_to_token(i) for i in encode("347+5")] == list("347+5")


def test_the_words_of_a_family_are_one_token_each(tokenizer):
    """A step costs what the budget arithmetic assumes. Only made-up names are spelled out."""
    rng, encode = Random(4), encoder(tokenizer)
    spelled = words = 0
    for _ in range(300):
        family = domain(rng.choice(("countdown", "equations", "word_problems")))
        for word in family.generate(rng, rng.choice(family.levels)).prompt.split():
            if word.isalpha():
                words += 1
                spelled += len(encode(" " + word)) > 1 and family.name == "word_problems"
    assert spelled < 0.1 * words
    assert spelled, "made-up names must not have become words"


def test_digits_that_columns_work_on_stay_apart(tokenizer):
    prompt = recognise("Tom has 120 apples and buys 45. How many has he?").prompt
    assert prompt.startswith("question tom has #120 apples and buys #45 .")
    tokens = [tokenizer.id_to_token(i) for i in encoder(tokenizer)(prompt)]
    assert tokens[tokens.index("Ġ#") + 1 :][:3] == ["1", "2", "0"]
