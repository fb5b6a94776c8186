"""Plays, shards, targets: what is kept of a search and what it teaches."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from pathlib import Path

import pytest

from reasoner.catalog import Model
from reasoner.errors import EngineError
from reasoner.scripted import ScriptedEngine
from search import Chain, Job, Outcome, Proposal, Thought, Tree
from selfplay.admission import Admission
from selfplay.folder import Folder
from selfplay.ledger import Ledger
from selfplay.play import EngineFailed, Order, Play, play, rejudged
from selfplay.rescore import rescore
from selfplay.rollouts import Rollout
from selfplay.settings import Settings
from selfplay.shards import Shard
from selfplay.targets import LOST, Pair, teach
from selfplay.window import read, write
from tests.app.toy import ToyEngine
from tests.selfplay.crew import ExpertEngine
from tests.selfplay.room import room_for
from verifiers import domain, fingerprint, recognise, suite
from verifiers.arithmetic import Arithmetic
from verifiers.countdown import Countdown
from verifiers.verdict import wrong

PUZZLE = recognise("Use 1 2 3 4 to make 24")


def searched(tokens: int = 400, seed: int = 3, problem=PUZZLE, engine=None) -> Play:
    order = Order("a", 1, problem, "toy", seed, tokens)
    return asyncio.run(play(order, Model("toy", engine or ExpertEngine(0.7))))


@pytest.fixture(scope="module")
def one() -> Play:
    return searched()


def test_the_same_order_is_the_same_play(one: Play) -> None:
    again = searched()
    assert replace(again, seconds=one.seconds) == one
    assert searched(seed=4).growth != one.growth


def test_a_play_without_search_draws_lines_from_the_start_alone() -> None:
    order = Order("a", 1, PUZZLE, "toy", 3, 400, plan="sample")
    drawn = asyncio.run(play(order, Model("toy", ExpertEngine(0.7))))
    assert {(job.node, job.to_end) for job, _ in drawn.growth} == {(0, True)}
    assert {job.node for job, _ in searched().growth} > {0}


def test_the_search_never_sees_the_reference() -> None:
    problem = replace(PUZZLE, reference="the secret")
    engine = ToyEngine()
    searched(problem=problem, engine=engine)
    assert not any("secret" in request.prompt for request in engine.requests)


def test_an_engine_that_only_fails_is_a_failure() -> None:
    def broken(prompt: str) -> Exception:
        return EngineError("out of order")

    with pytest.raises(EngineFailed, match="out of order"):
        searched(engine=ScriptedEngine(broken))


# --- shards


def test_plays_come_back_from_a_shard(tmp_path: Path, one: Play) -> None:
    shard = Shard(tmp_path, 1)
    two = replace(one, id="b")
    places = [shard.append(one), shard.append(two)]
    assert list(shard.read(places)) == [one, two]
    assert list(shard.read(places[::-1])) == [two, one]


def test_a_shard_cut_anywhere_loses_its_last_play_alone(tmp_path: Path) -> None:
    one = replace(searched(tokens=40), growth=())
    shard = Shard(tmp_path, 1)
    first, second = shard.append(one), shard.append(one)
    whole = shard.path.read_bytes()
    for cut in range(second.start + 1, second.end - 1):
        shard.path.write_bytes(whole[:cut])
        assert list(shard.read([first, second])) == [one, None]
        third = shard.append(one)  # and what is written after the damage is sound
        assert list(shard.read([first, second, third])) == [one, None, one]


def test_a_flipped_byte_spoils_its_play_alone(tmp_path: Path) -> None:
    one = searched(tokens=40)
    shard = Shard(tmp_path, 1)
    places = [shard.append(one) for _ in range(3)]
    data = bytearray(shard.path.read_bytes())
    data[(places[1].start + places[1].end) // 2] ^= 1
    shard.path.write_bytes(data)
    assert list(shard.read(places)) == [one, None, one]


def test_a_shard_that_is_gone_reads_as_damage(tmp_path: Path, one: Play) -> None:
    shard = Shard(tmp_path, 1)
    place = shard.append(one)
    shard.remove()
    assert list(shard.read([place])) == [None]


def test_a_full_disk_leaves_the_shard_as_it_was(tmp_path: Path, one: Play) -> None:
    shard = Shard(tmp_path, 1)
    first = shard.append(one)
    with room_for(first.end + 50), pytest.raises(OSError):  # noqa: PT011
        shard.append(one)
    assert shard.size == first.end
    assert list(shard.read([first, shard.append(one)])) == [one, one]


# --- targets


def test_what_is_taught_is_verified(one: Play) -> None:
    taught = teach(one)
    family = domain("countdown")
    answer = family.answer(PUZZLE, taught.line)
    assert answer is not None
    assert family.verify(PUZZLE, answer).passed
    right = sum(r.count for r in taught.rollouts if r.right)
    drawn = sum(j.samples for j, _ in one.growth if j.to_end and j.node == 0 and j.temperature)
    assert 0 < right < sum(r.count for r in taught.rollouts) == drawn


def built(*lines: tuple[tuple[str, ...], int, float | None]) -> Play:
    """A play of lines drawn from the root: (steps, count, score of its end)."""
    chains = []
    for steps, count, score in lines:
        *before, last = steps
        end = Outcome(" ".join(steps), " ".join(steps), score)
        thoughts = [Thought(text, "/".join(steps[: i + 1])) for i, text in enumerate(before)]
        chains.append(Chain((*thoughts, Thought(last, "/".join(steps), None, end)), count))
    job = Job(0, (0,), sum(count for _, count, _ in lines), 1.0, True, 1)
    growth = ((job, Proposal(tuple(chains))),)
    return Play("a", 1, PUZZLE, "", "", 0, 9, "tokens", 9, 0.1, None, False, True, growth)


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are judged as the play says."""
    monkeypatch.setattr("selfplay.targets.rejudged", lambda play: play)


@pytest.mark.usefixtures("trusting")
def test_of_two_ways_the_one_that_is_easier_to_finish_is_taught() -> None:
    taught = teach(
        built(
            (("hard", "won"), 1, 1.0), (("hard", "lost"), 5, 0.0), (("hard", "lost too"), 4, 0.0),
            (("easy", "won"), 8, 1.0), (("easy", "lost"), 2, 0.0),
        )
    )  # fmt: skip
    assert taught.line == ("easy", "won")


@pytest.mark.usefixtures("trusting")
def test_a_right_answer_that_came_by_mistakes_is_not_to_be_learned() -> None:
    problem = recognise("Solve 7x - 24 = 32")
    good = ("7x=32+24 32+24 2+4=6 3+2=5 7x=56", "x=56/7 56/7=8 x=8")
    lucky = ("7x=32-24 32-24 2-4=8 3-2=1 7x=8", "x=56/7 56/7=8 x=8")
    play = replace(built((good, 1, 1.0), (lucky, 9, 1.0)), problem=problem)
    taught = teach(play)
    assert taught.line == good
    (choice,) = taught.choices
    assert choice.policy[choice.options.index(good[0])] > 0.3, "one sample in ten"
    assert all(rollout.right for rollout in taught.rollouts), "the answer is, whoever asks for it"
    assert teach(replace(built((lucky, 9, 1.0)), problem=problem)).line == ()


@pytest.mark.usefixtures("trusting")
def test_what_fails_loses_its_share() -> None:
    """Of lines that were only seen to fail in passing, too."""
    taught = teach(
        built((("good", "won"), 2, 1.0), (("bad", "lost"), 4, 0.0), (("worse", "lost"), 9, 0.0))
    )
    (choice,) = taught.choices
    policy = dict(zip(choice.options, choice.policy, strict=True))
    assert choice.steps == ()
    assert policy["good"] > policy["worse"] > policy["bad"], "drawn nine times, four times"
    assert sum(choice.policy) == pytest.approx(1.0)
    rate = (2 + 0.5) / (15 + 1)
    scale = 0.1 * (50 + 9)
    odds = {"good": (2, 2), "bad": (4, 0), "worse": (9, 0)}
    raw = {k: n * math.exp(scale * (w + 4 * rate) / (n + 4)) for k, (n, w) in odds.items()}
    assert policy == pytest.approx({k: v / sum(raw.values()) for k, v in raw.items()})


@pytest.mark.usefixtures("trusting")
def test_where_all_steps_end_alike_there_is_nothing_to_choose() -> None:
    assert teach(built((("a", "won"), 2, 1.0), (("b", "won"), 4, 1.0))).choices == ()
    assert teach(built((("a", "lost"), 2, 0.0), (("b", "lost"), 4, 0.0))).choices == ()


def test_dead_ends_are_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selfplay.targets.rejudged", lambda play: play)
    play = built((("good", "won"), 1, 1.0))
    ((job, proposal),) = play.growth
    stuck = Chain((Thought("stuck", "stuck"), Thought("not allowed", None)), 3)
    both = ((job, Proposal((*proposal.chains, stuck))),)
    (choice,) = teach(replace(play, growth=both)).choices
    assert choice.options == ("stuck", "good")
    assert choice.policy[1] > 0.25, "more than the share of its samples"


@pytest.mark.usefixtures("trusting")
def test_a_winning_step_is_compared_to_one_searched_in_vain() -> None:
    vain = [(("vain", f"lost {i}"), 1, 0.0) for i in range(LOST)]
    taught = teach(built((("good", "won"), 1, 1.0), (("once", "lost"), 9, 0.0), *vain))
    assert taught.pairs == (Pair((), "good", "vain"),)
    assert teach(built(*vain)).pairs == (), "nothing is better where nothing was found"


@pytest.mark.usefixtures("trusting")
def test_nothing_solved_teaches_the_value_alone() -> None:
    taught = teach(built((("a", "lost"), 3, 0.0), (("b", "lost"), 1, 0.0)))
    assert taught.line == ()
    assert [r.right for r in taught.rollouts] == [False, False]


@pytest.mark.usefixtures("trusting")
def test_of_equal_ways_the_likeliest_is_taught() -> None:
    taught = teach(built((("a", "won"), 6, 1.0), (("b", "won"), 2, 1.0)))
    assert taught.line == ("a", "won")


@pytest.mark.usefixtures("trusting")
def test_what_nobody_judged_teaches_nothing() -> None:
    taught = teach(built((("a", "end"), 3, None)))
    assert taught.line == ()
    assert taught.rollouts == ()


def test_answers_are_judged_by_the_reference_and_todays_verifier(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The search of a sum knew no verdict; what it teaches does. A repaired verifier counts."""
    from random import Random

    family = domain("arithmetic")
    problem = family.generate(Random(1), 1)
    steps = tuple(s.text for s in family.demonstrate(problem, Random(0)))
    engine = ScriptedEngine(lambda prompt: "\n".join(steps) if prompt == problem.prompt else "")
    found = searched(problem=problem, engine=engine, tokens=60)
    outcomes = [c.thoughts[-1].outcome for _, p in found.growth for c in p.chains]
    assert {o.score for o in outcomes if o} == {None}
    assert found.right is True
    assert teach(found).line == steps
    monkeypatch.setattr(
        Arithmetic, "verify", lambda self, problem, answer: 1 / 0
    )  # an error is not a wrong answer
    assert teach(found).line == ()
    assert teach(found).rollouts == ()


def test_a_rejudged_play_is_the_same_search(one: Play) -> None:
    trees = []
    for growth in (one.growth, rejudged(one).growth):
        tree = Tree()
        for job, proposal in growth:
            tree.apply(job, proposal)
        trees.append((tree.nodes.key, list(tree.nodes.visits), tree.nodes.edge_text))
    assert trees[0] == trees[1]


def test_lessons_come_back_from_disk(tmp_path: Path, one: Play) -> None:
    taught = teach(one)
    write([taught, taught], tmp_path / "l.jsonl")
    assert list(read(tmp_path / "l.jsonl")) == [taught, taught]
    assert isinstance(taught.rollouts[0], Rollout)


# --- admission


def test_evaluation_problems_are_never_admitted(one: Play) -> None:
    gate = Admission(lambda form: False)
    for name in ("game24", "arithmetic", "word_problems"):
        planted = suite(name)[0]
        assert gate.problem(planted) == "an evaluation problem"
        assert gate.play(replace(one, problem=planted)) == "an evaluation problem"
    # the same puzzle in other clothes
    numbers = suite("game24")[0].data["numbers"]
    assert isinstance(numbers, tuple)
    turned = recognise(f"Make 24 from {' '.join(map(str, reversed(numbers)))}")
    assert gate.problem(turned) == "an evaluation problem"


def test_what_else_is_refused(one: Play) -> None:
    assert Admission(lambda form: True).problem(PUZZLE) in ("played before", "kept for calibration")
    gate = Admission(lambda form: False)
    assert gate.play(one) is None
    assert gate.play(replace(one, right=None)) == "not judged"


def test_a_repaired_verifier_judges_old_plays_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(model="tiny", domains=("countdown",))
    one = searched()
    ledger, shard = Ledger(tmp_path, settings), Shard(tmp_path / "shards", 1)
    form = fingerprint(domain("countdown"), PUZZLE)
    ledger.begin(1, "base", {}, [(one.id, form, PUZZLE)])
    ledger.lease(1, 1, 0)
    ledger.finish(one, shard.append(one))
    assert [change.changed for change in rescore(ledger, Folder(tmp_path))] == [0]
    monkeypatch.setattr(Countdown, "verify", lambda self, p, answer: wrong("countdown@2", "strict"))
    monkeypatch.setattr(Countdown, "version", "2")
    assert [change.changed for change in rescore(ledger, Folder(tmp_path))] == [1]
    assert [row["solved"] for row in ledger.results(1)] == [0]
    ledger.close()
