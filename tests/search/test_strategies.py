import math
import os
import sys
from fractions import Fraction
from itertools import product

import pytest

from search import (
    STRATEGIES,
    Auto,
    Beam,
    BestOfN,
    Chain,
    Job,
    Mcts,
    Outcome,
    Proposal,
    Sample,
    Thought,
    Tree,
    Widening,
    strategy,
)  # fmt: skip
from search.improved import advantages, completed_q, softmax
from search.mcts import gumbel, halving
from tests.search.toy import Option, Script, drive, game24, maze, solvable

PUZZLES = [(4, 5, 6, 10), (1, 5, 5, 5), (3, 3, 8, 8), (1, 3, 4, 6), (4, 4, 10, 10), (2, 3, 5, 12)]


def test_every_name_finds_its_strategy():
    for name in STRATEGIES:
        assert strategy(name) == strategy(name)
        hash(strategy(name))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("mtcs", "mcts"), ("Beam ", "beam"), ("best_of_n", "best-of-n"), ("bestofn", "best-of-n")],
)
def test_a_misspelt_name_brings_the_near_one(typed, meant):
    with pytest.raises(ValueError, match=f'did you mean "{meant}"'):
        strategy(typed)


def test_a_name_like_no_other_brings_the_list():
    with pytest.raises(ValueError, match=r"choose one of these \(auto, greedy"):
        strategy("zzzzzz")


def test_greedy_asks_once_unless_it_failed():
    tree, greedy = Tree(), strategy("greedy")
    job = greedy.select(tree, 1)
    assert (job.temperature, job.samples, job.to_end) == (0.0, 1, True)
    tree.begin(job)
    assert greedy.select(tree, 2) is None
    tree.release(job)
    tree.apply(job, Proposal((), error="hiccup"))
    assert greedy.select(tree, 3) is not None
    drive(tree, greedy, maze(1), 9)
    assert tree.greedy == 1


def test_best_of_n_draws_n_and_no_more():
    world = game24((4, 5, 6, 10), judged=False)
    drive(Tree(), BestOfN(n=19, batch=8), world, 99, width=4)
    assert [job.samples for job in world.jobs] == [8, 8, 3]


@pytest.mark.parametrize("name", ["sample", "best-of-n", "beam", "mcts", "puct", "auto"])
@pytest.mark.parametrize("width", [1, 4])
def test_more_budget_buys_new_work_until_everything_is_explored(name, width):
    world = maze(3, states=6, solvable=False)
    tree = Tree()
    drive(tree, strategy(name), world, 5000, width)
    assert tree.exhausted, "an unsolvable small world must be explored to its end"
    asked = [(job.node, job.seed) for job in world.jobs]
    assert len(set(asked)) == len(asked) > 10
    reached = {0, *(child for below in tree.nodes.children for child in below)}
    assert len(reached) == len(tree)
    for jobs in (10, len(asked) // 2):
        partly = maze(3, states=6, solvable=False)
        drive(Tree(), strategy(name), partly, jobs, width)
        assert len(partly.jobs) == jobs


def test_rare_steps_are_found_by_sampling_hotter():
    table = {
        "": [Option("usual", "a", 1.0, 0.9), Option("rare", "b", 1e-3, 0.1)],
        "a": [Option("fail", "x", 1.0, 0.5, Outcome("no", "no", 0.0))],
        "b": [Option("win", "y", 1.0, 0.5, Outcome("yes", "yes", 1.0))],
    }
    solved = 0
    for seed in range(10):
        tree = Tree()
        drive(tree, Mcts(), Script(table), 400, seed=seed)
        solved += tree.answers.verified
        assert tree.temperature > 1.0
    assert solved >= 7


def test_beam_keeps_the_best_and_then_looks_wider():
    def options(state):
        if len(state) == 3:
            right = state == "cab"
            return [Option("end", f"{state}!", 1.0, 0.5, Outcome(state, state, float(right)))]
        values = {"a": 0.8, "b": 0.7, "c": 0.1}
        return [Option(f"{state}{c}", f"{state}{c}", 1.0, v) for c, v in values.items()]

    tree, world = Tree(), Script(options)
    events = drive(tree, Beam(width=2, samples=16), world, 200)
    level = [tree.nodes.key[job.node] for job, _ in events]
    assert sorted(level[1:3]) == ["a", "b"]
    assert not any(state.startswith("c") for state in level[: level.index("")] + level[1:6])
    assert any(state.startswith("c") for state in level)
    assert tree.answers.verified


def test_auto_answers_then_looks_around_then_searches():
    tree, auto = Tree(), Auto()
    events = drive(tree, auto, game24((3, 3, 8, 8), skill=-2.0, sight=0.0), 40)
    kinds = [(job.to_end, job.temperature > 0) for job, _ in events]
    assert kinds[0] == (True, False)
    around = -(-auto.lines // auto.batch)
    assert kinds[1 : 1 + around] == [(True, True)] * around
    assert any(job.path != (0,) for job, _ in events[1 + around :])


def test_a_patient_auto_lets_system_1_speak_alone():
    tree, auto = Tree(), Auto(patient=True)
    first = auto.select(tree, 0)
    assert first is not None
    assert first.temperature == 0.0
    tree.begin(first)
    assert auto.select(tree, 1) is None
    assert Auto().select(tree, 1) is not None
    tree.release(first)
    events = drive(tree, auto, game24((3, 3, 8, 8), judged=False), 20, width=3)
    assert len(events) == 20


def test_a_patient_auto_does_not_wait_for_a_system_1_that_fails():
    tree, auto = Tree(), Auto(patient=True)
    first = auto.select(tree, 0)
    tree.apply(first, Proposal((), error="out of order"))
    tree.begin(auto.select(tree, 1))
    other = auto.select(tree, 2)
    assert other is not None
    assert other.temperature > 0


def test_auto_keeps_drawing_lines_where_nothing_is_judged():
    tree = Tree()
    events = drive(tree, Auto(), game24((3, 3, 8, 8), judged=False), 60, width=3)
    lines = sum(job.samples for job, _ in events)
    from_root = sum(job.samples for job, _ in events if job.path == (0,))
    assert lines / 2 < from_root < lines
    assert lines / 3 < tree.answers.votes < lines, "lines from inside count less than one each"


def test_virtual_loss_spreads_jobs_in_flight():
    tree = Tree()
    children = tuple(Chain((Thought(f"{i}", f"{i}", 0.5),), 4) for i in range(4))
    tree.apply(Job(0, (0,), 16), Proposal(children))
    nodes = []
    for seed in range(4):
        job = Mcts(considered=4).select(tree, seed)
        tree.begin(job)
        nodes.append(job.node)
    assert len(set(nodes)) == 4


def test_a_node_whose_samples_are_in_flight_is_played_out_or_left_to_wait():
    tree = Tree()
    steps = Mcts(lines=(0, 0))
    tree.begin(steps.select(tree, 0))
    assert steps.select(tree, 1) is None
    job = Mcts().select(tree, 1)
    assert (job.path, job.to_end, job.samples) == ((0,), True, 4)


def test_playouts_grow_with_the_jobs_in_flight():
    tree, sizes = Tree(), []
    for seed in range(30):
        tree.begin(job := Mcts(lines=(4, 16)).select(tree, seed))
        sizes.append(job.samples)
    assert sizes[1:4] == [4] * 3
    assert sizes[8] == 12
    assert sizes[-1] == 16


def test_widening_asks_for_more_samples_as_visits_grow():
    tree = Tree()
    tree.apply(Job(0, (0,), 8), Proposal((Chain((Thought("a", "a", 0.5),), 8),)))
    widening = Widening(samples=8, root_samples=8, patience=4, growth=0.5)
    asked = []
    for visits in range(1, 40):
        tree.nodes.visits[0] = visits
        if widening.wants(tree, 0):
            asked.append(visits)
            tree.nodes.drawn[0] += 8
    assert asked == [5, 17, 37]


def test_halving_rounds_grow_and_narrow_down_to_two():
    seen = [halving(visits, 4) for visits in range(8 + 24 + 64)]
    assert [seen.count((0, keep)) for keep in (4, 2)] == [4, 4]
    assert [seen.count((1, keep)) for keep in (8, 4, 2)] == [8, 8, 8]
    assert [seen.count((2, keep)) for keep in (16, 8, 4, 2)] == [16, 16, 16, 16]
    assert halving(10**9, 4)[0] > 20


def test_gumbel_noise_has_the_moments_of_gumbel_noise():
    draws = [gumbel(seed, 0, f"step {i}") for seed, i in product(range(20), range(100))]
    mean = sum(draws) / len(draws)
    assert mean == pytest.approx(0.5772, abs=0.1)
    assert sum((x - mean) ** 2 for x in draws) / len(draws) == pytest.approx(
        math.pi**2 / 6, abs=0.25
    )
    assert gumbel(1, 0, "a") == gumbel(1, 0, "a") != gumbel(1, 1, "a")


def test_noise_at_the_root_changes_what_is_tried():
    def first_steps(noise_seed):
        tree = Tree()
        events = drive(
            tree,
            Mcts(noise=1.0, noise_seed=noise_seed, lines=(0, 0)),
            game24((3, 3, 8, 8), sight=0.0),
            12,
        )
        return [tree.nodes.key[job.path[1]] for job, _ in events if len(job.path) > 1]

    assert len({tuple(first_steps(seed)) for seed in range(4)}) > 1


def test_unknown_values_are_completed_by_the_mix_of_what_is_known():
    tree = Tree(0.4)
    chains = [Chain((Thought("a", "a", 0.8),), 3), Chain((Thought("b", "b"),), 1)]
    tree.apply(Job(0, (0,), 4), Proposal(tuple(chains)))
    assert completed_q(tree, 0, [1, 2]) == [0.8, 0.4]  # nothing visited: the node's own value
    tree.nodes.edge_visits[0] = 3
    assert completed_q(tree, 0, [1, 2]) == pytest.approx([0.8, (0.4 + 3 * 0.8) / 4])


def test_the_improved_policy_weighs_prior_and_value():
    tree = Tree()
    chains = [Chain((Thought(t, t, v),), n) for t, v, n in (("a", 0.5, 6), ("b", 0.5, 2))]
    tree.apply(Job(0, (0,), 8), Proposal(tuple(chains)))
    assert softmax(advantages(tree, 0, [1, 2])) == pytest.approx([0.75, 0.25])
    tree.nodes.q[2] = 1.0
    assert softmax(advantages(tree, 0, [1, 2]))[1] > 0.75


def test_mcts_needs_far_fewer_tokens_than_best_of_n():
    def tokens(plan, seed):
        used = 0
        for puzzle in PUZZLES:
            assert solvable(tuple(sorted(map(Fraction, puzzle))))
            tree, world = Tree(), game24(puzzle, skill=0.5, sight=3.0)
            for turn in range(40):
                events = drive(tree, plan, world, 1, seed=100 * seed + turn)
                used += sum(proposal.tokens for _, proposal in events)
                if tree.answers.verified:
                    break
        return used

    assert 2 * sum(tokens(Mcts(), s) for s in (0, 1)) < sum(tokens(BestOfN(), s) for s in (0, 1))


def endless(state):
    return [
        Option(f"{state}{i}", f"{state}{i}", 1.0 + i % 3, (int(state or 1) * 7 + i) % 97 / 97)
        for i in range(6)
    ]


class AllDifferent(Script):
    """No two lines begin alike, as with free text."""

    def answer(self, steps, job):
        self.jobs.append(job)
        lines = [
            tuple(Thought("step", f"{job.seed}/{i}/{k}", 0.5) for k in range(3))
            for i in range(job.samples)
        ]
        return Proposal(tuple(Chain(line[: 3 if job.to_end else 1]) for line in lines))


@pytest.mark.parametrize(
    ("plan", "world"),
    [
        (Mcts(), Script(endless)),
        (Mcts(), AllDifferent({})),
        (Sample(), AllDifferent({})),
    ],
)
def test_the_cost_of_a_node_does_not_grow_with_the_tree(plan, world):
    """Counts the lines of code that run, not time."""
    tree, lines = Tree(), 0

    def count(frame, event, argument):
        nonlocal lines
        if f"{os.sep}search{os.sep}" not in frame.f_code.co_filename:
            return None
        lines += event == "line"
        return count

    def cost(jobs, seed):
        nonlocal lines
        before, lines = len(tree), 0
        sys.settrace(count)
        try:
            drive(tree, plan, world, jobs, seed=seed)
        finally:
            sys.settrace(None)
        return lines / max(1, len(tree) - before)

    early = cost(30, 1)
    drive(tree, plan, world, 600, seed=2)
    assert len(tree) > 800
    assert cost(30, 3) < 4 * early
