import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search import Chain, Job, Outcome, Proposal, Thought, Tree, strategy, to_networkx
from tests.search.toy import drive, maze, snapshot

RIGHT, WRONG, UNJUDGED = (Outcome("x", "x", score) for score in (1.0, 0.0, None))
OTHER = Outcome("y", "y", 0.0)


def step(tree, path, *thoughts, samples=None, temperature=1.0, to_end=False):
    """Apply one job at the end of ``path``; a tuple of thoughts is one chain."""
    chains = tuple(Chain(each if isinstance(each, tuple) else (each,)) for each in thoughts)
    job = Job(path[-1], path, samples or len(chains), temperature, to_end)
    return tree.apply(job, Proposal(chains, tokens=len(chains)))


def thought(key, value=None, outcome=None):
    return Thought(f"to {key}", key, value, outcome)


def dry_up(tree, path):
    """Sample a node until it is clear that nothing new comes from it."""
    for _ in range(2):
        tree.apply(Job(path[-1], path, 8, tree.temperature), Proposal(()))


worlds = st.builds(maze, st.integers(0, 10**6), st.integers(2, 9), st.booleans(), st.booleans())
names = st.sampled_from(["sample", "best-of-n", "beam", "mcts", "puct", "auto"])


@settings(max_examples=25, deadline=None)
@given(world=worlds, name=names, width=st.integers(1, 5))
def test_invariants_of_every_tree(world, name, width):
    tree = Tree()
    drive(tree, strategy(name), world, 60, width)
    nodes, frontier = tree.nodes, tree.frontier
    incoming = [0] * len(nodes)
    for node in range(len(nodes)):
        assert -1.0 <= nodes.q[node] <= 1.0
        assert nodes.q[node] >= 0.0 or nodes.q[node] == -1.0
        edges = nodes.children[node].values()
        assert sum(nodes.prior(node, edge) for edge in edges) <= 1.0 + 1e-9
        assert sum(nodes.edge_visits[edge] for edge in edges) <= nodes.visits[node]
        for child, edge in nodes.children[node].items():
            incoming[child] += nodes.edge_visits[edge]
            assert nodes.edge_flying[edge] == 0
            assert node in nodes.parents(child)
            assert not frontier.solved[child] or frontier.solved[node]
        open_below = any(tree.open(child) for child in nodes.children[node])
        if node not in nodes.outcome:
            assert tree.open(node) or not open_below
            assert tree.open(node) == (open_below or not frontier.saturated(node))
    assert incoming[1:] == nodes.visits.tolist()[1:]  # what flows in is what was counted


@settings(max_examples=25, deadline=None)
@given(world=worlds, name=names, width=st.integers(1, 5))
def test_no_job_is_asked_of_a_closed_node(world, name, width):
    tree, plan = Tree(), strategy(name)

    class Watched:
        rank = plan.rank

        def select(self, tree, seed):
            job = plan.select(tree, seed)
            if job is not None:
                assert all(tree.open(node) for node in job.path)
            return job

    drive(tree, Watched(), world, 80, width)


@settings(max_examples=25, deadline=None)
@given(world=worlds, name=names, width=st.integers(1, 5), cut=st.integers(0, 40))
def test_replaying_the_events_gives_the_same_tree_and_future(world, name, width, cut):
    tree = Tree()
    events = drive(tree, strategy(name), world, 40, width)
    again = Tree()
    for job, proposal in events:
        again.apply(job, proposal)
    assert snapshot(again) == snapshot(tree)
    other = strategy("mcts" if cut % 2 else "sample")  # another strategy can go on from here
    assert drive(again, other, world, 20, seed=1) == drive(tree, other, world, 20, seed=1)
    assert snapshot(again) == snapshot(tree)


@settings(max_examples=25, deadline=None)
@given(world=worlds, width=st.integers(1, 5))
def test_the_graph_has_no_cycle(world, width):
    import networkx as nx

    tree = Tree()
    drive(tree, strategy("sample"), world, 60, width)
    graph = to_networkx(tree)
    assert nx.is_directed_acyclic_graph(graph)
    assert len(graph) == len(tree)
    json.dumps(nx.node_link_data(graph, edges="links"))


def test_equal_keys_share_a_node_and_both_parents_learn():
    tree = Tree()
    step(tree, (0,), thought("a", 0.2), thought("b", 0.2))
    step(tree, (0, 1), thought("same", 0.5))
    before = len(tree)
    assert step(tree, (0, 2), thought("same", 0.5)).new_nodes == ()
    assert len(tree) == before
    assert tree.nodes.parents(3) == [1, 2]
    step(tree, (0, 1, 3), thought("win", 1.0, RIGHT))
    assert all(tree.frontier.solved[node] for node in (0, 1, 2, 3))
    assert tree.nodes.q[2] == 1.0


def test_finished_and_unfinished_states_of_one_key_are_two():
    tree = Tree()
    step(
        tree,
        (0,),
        thought("24"),
        thought("24", 0.9, RIGHT),
        thought("24", 0.9, WRONG.__class__("y", "y", 0.0)),
    )
    assert len(tree) == 4


def test_what_leads_back_is_a_dead_end_and_no_edge():
    tree = Tree()
    step(tree, (0,), thought("a", 0.5))
    step(tree, (0, 1), thought("b", 0.5))
    applied = step(tree, (0, 1, 2), thought("a"), thought("b"), samples=2)
    assert applied.new_nodes == ()
    assert tree.dead_ends == 2
    assert tree.nodes.children[2] == {}
    dry_up(tree, (0, 1, 2))
    assert not tree.open(2)
    assert not tree.frontier.dead[2]  # going in circles proves nothing
    assert tree.nodes.q[2] > 0.0


def test_a_longer_way_to_a_known_state_is_an_edge_unless_it_closes_a_circle():
    tree = Tree()
    step(tree, (0,), thought("short"), thought("a"))
    step(tree, (0, 1), thought("below"))
    step(tree, (0, 2), thought("b"))
    step(tree, (0, 2, 4), thought("short"))  # three steps to what one step reaches
    assert 1 in tree.nodes.children[4]
    step(tree, (0, 1, 3), thought("a"))  # short > below > a > b > short
    assert tree.nodes.children[3] == {}


def test_a_terminal_is_closed_and_a_dead_subtree_closes_through_all_parents():
    tree = Tree()
    step(tree, (0,), thought("a", 0.5), thought("b", 0.5))
    step(tree, (0, 1), thought("c", 0.5))
    step(tree, (0, 2), thought("c", 0.5))
    step(tree, (0, 1, 3), thought("lost", 0.9, WRONG))
    assert not tree.open(4)
    for path in ((0, 1), (0, 2)):
        dry_up(tree, path)
        assert tree.open(path[-1])  # dry, but a child is open
    dry_up(tree, (0, 1, 3))
    assert [tree.open(node) for node in (0, 1, 2, 3)] == [True, False, False, False]
    assert [tree.nodes.q[node] for node in (1, 2, 3)] == [0.0, 0.0, 0.0]


def test_greedy_samples_prove_nothing_about_what_else_there_is():
    tree = Tree()
    for _ in range(20):
        step(tree, (0,), Thought("?", None), samples=8, temperature=0.0)
    assert tree.open(0)


def test_an_explored_tree_is_reopened_hotter_then_with_more_patience_and_then_exhausted():
    tree, drawn = Tree(), []
    while not tree.exhausted:
        drawn.append(tree.temperature)
        dry_up(tree, (0,))  # 16 samples
    assert drawn == [1.0, 1.5, 2.0] + [2.0] * (64 // 16) + [2.0] * (256 // 16)


def test_a_late_proposal_reopens_what_was_closed_above_it():
    tree = Tree()
    step(tree, (0,), thought("a"))
    step(tree, (0, 1), thought("b"))
    late = Job(2, (0, 1, 2), 1)
    dry_up(tree, (0, 1))
    dry_up(tree, (0, 1, 2))
    assert not tree.open(1)
    tree.apply(late, Proposal((Chain((thought("c", 0.7),)),)))
    assert tree.open(1)
    assert tree.open(2)
    assert tree.nodes.q[1] > 0.0


def test_unjudged_answers_are_not_dead():
    tree = Tree()
    step(tree, (0,), thought("a", 0.7, UNJUDGED))
    dry_up(tree, (0,))
    assert tree.temperature > 1.0
    assert tree.nodes.q[0] > 0.5


def test_lines_that_fail_do_not_condemn_what_they_passed():
    tree = Tree()
    step(tree, (0,), (thought("a"), thought("lost", 0.1, WRONG)), to_end=True)
    assert tree.nodes.q[1] == -1.0  # unknown


def test_a_failed_proposal_changes_nothing_but_the_count_of_errors():
    tree = Tree()
    step(tree, (0,), thought("a", 0.5))
    before = snapshot(tree)
    applied = tree.apply(Job(1, (0, 1), 4), Proposal((), error="out of memory"))
    assert applied.error == "out of memory"
    assert (snapshot(tree), tree.errors, tree.jobs) == (before, 1, 1)


@pytest.mark.parametrize("path", [(1,), (0, 2), (0, 1, 1), (0, 99), (), (-1,)])
def test_a_path_of_another_tree_is_refused(path):
    tree = Tree()
    step(tree, (0,), thought("a"))
    with pytest.raises(ValueError, match="path of this tree"):
        tree.apply(Job(0, path, 1), Proposal(()))


def test_values_that_are_no_probabilities_do_no_harm():
    tree = Tree()
    step(tree, (0,), thought("a", float("nan")), thought("b", 7.0), thought("c", -3.0))
    assert [tree.nodes.value[node] for node in (1, 2, 3)] == [-1.0, 1.0, 0.0]
    assert 0.0 <= tree.nodes.q[0] <= 1.0


def test_in_flight_marks_count_and_are_taken_back():
    tree = Tree()
    step(tree, (0,), thought("a"))
    job = Job(1, (0, 1), 4, seed=7)
    tree.begin(job)
    assert (tree.nodes.edge_flying[0], tree.flying_samples(1)) == (1, 4)
    with pytest.raises(ValueError, match="new seed"):
        tree.begin(job)
    tree.release(job)
    assert (tree.nodes.edge_flying[0], tree.flying_samples(1), tree.flying) == (0, 0, {})


def test_lines_from_inside_count_as_much_as_the_policy_would_begin_so():
    """Else the search would vote for whatever it looked into most."""
    tree = Tree()
    end = thought("z", 0.5, UNJUDGED)
    common, rare = Chain((thought("a"), end), 3), Chain((thought("b"), end), 1)
    tree.apply(Job(0, (0,), 4, to_end=True), Proposal((common, rare)))
    assert tree.answers.votes == 4
    tree.apply(Job(1, (0, 1), 8, to_end=True), Proposal((Chain((end,), 8),)))
    assert tree.answers.votes == 4 + 3 / 4
    tree.apply(Job(3, (0, 3), 8, to_end=True), Proposal((Chain((end,), 4),)))
    assert tree.answers.votes == 4 + 3 / 4 + 1 / 8, "half of its samples came to an answer"


def test_a_line_of_20000_steps_needs_no_recursion():
    depth = 20_000
    line = (*(thought(f"s{i}") for i in range(depth - 1)), thought("end", 1.0, RIGHT))
    tree = Tree()
    step(tree, (0,), line, to_end=True)
    assert tree.deepest == depth
    assert tree.frontier.solved[0]
    assert len(tree.principal()) == depth + 1
    assert len(tree.steps(tree.answers.best().path)) == depth
    other = Tree()
    step(other, (0,), (*line[:-1], thought("end", 0.0, WRONG)), to_end=True)
    for node in range(depth - 1, -1, -1):
        if node > depth - 3 or node < 2:  # a few are enough to see it close and stay open
            dry_up(other, other.nodes.path(node))
    assert not other.open(depth - 1)
    assert other.open(0)
