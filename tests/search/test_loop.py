import asyncio
import json
import warnings
from types import SimpleNamespace

import pytest

from search import (
    Auto,
    Budget,
    Chain,
    FakeClock,
    Greedy,
    Job,
    Mcts,
    Meter,
    Outcome,
    Proposal,
    Sample,
    StopReason,
    StopWhen,
    Thought,
    Tree,
    search,
)  # fmt: skip
from tests.search.toy import Option, Script, game24, maze, snapshot

ENDLESS = {"": [Option("on", "", 1.0)]}


def think(proposer, strategy=None, budget=None, clock=None, tree=None, **options):
    """Run a search to its end and give (result, tree, meter)."""
    tree = Tree() if tree is None else tree
    meter = Meter(budget or Budget(nodes=200), clock or FakeClock())
    strategy = strategy or Mcts()
    stop = asyncio.run(search(tree, strategy, proposer, meter, **options))
    return SimpleNamespace(stop=stop, best=tree.answers.best(strategy.rank)), tree, meter


class Timed:
    """A script whose every job takes a second of a fake clock."""

    def __init__(self, script, clock):
        self.script, self.clock = script, clock

    async def propose(self, steps, job):
        self.clock.advance(1.0)
        return await self.script.propose(steps, job)


class Failing:
    """Fails whenever ``fails(number of the call)`` says so."""

    def __init__(self, script, fails):
        self.script, self.fails, self.calls = script, fails, 0

    async def propose(self, steps, job):
        self.calls += 1
        if self.fails(self.calls):
            raise OSError("the cable is out")
        return await self.script.propose(steps, job)


def hopeless():
    return game24((3, 5, 11, 13))


def test_a_verified_answer_ends_the_search():
    result, tree, meter = think(game24((4, 5, 6, 10)))
    assert result.stop is StopReason.VERIFIED
    assert (result.best.verified, result.best.confidence) == (True, 1.0)
    assert meter.nodes == len(tree) - 1
    assert meter.tokens > 0


def test_asked_for_the_whole_budget_it_goes_on():
    result, _, meter = think(game24((4, 5, 6, 10)), stop_when=StopWhen.BUDGET)
    assert result.stop in (StopReason.NODES, StopReason.EXHAUSTED)
    assert result.best.verified
    assert meter.nodes > 100


@pytest.mark.parametrize(
    ("budget", "reason"),
    [
        (Budget(nodes=40), StopReason.NODES),
        (Budget(tokens=300), StopReason.TOKENS),
        (Budget(seconds=5), StopReason.TIME),
    ],
)
def test_budgets_end_a_search(budget, reason):
    clock = FakeClock()
    result, _, meter = think(Timed(hopeless(), clock), budget=budget, clock=clock, width=2)
    assert result.stop is reason
    assert meter.elapsed <= 5 + 2 or budget.seconds is None
    assert result.best is None or result.best.verified is False


def test_a_world_without_end_still_ends_on_budget():
    result, tree, _ = think(Script(ENDLESS), budget=Budget(tokens=200))
    assert result.stop in (StopReason.TOKENS, StopReason.EXHAUSTED)
    assert len(tree) <= 2


def test_a_finished_tree_needs_no_proposer():
    tree = Tree()
    think(game24((4, 5, 6, 10)), tree=tree)
    result, _, _ = think(None, tree=tree)
    assert result.stop is StopReason.VERIFIED


def test_an_explored_world_is_exhausted_and_says_so_at_once_when_resumed():
    world = maze(3, states=6, solvable=False)
    result, tree, _ = think(world, budget=Budget(nodes=10**6))
    assert result.stop is StopReason.EXHAUSTED
    assert think(None, tree=tree)[0].stop is StopReason.EXHAUSTED


def test_unjudged_answers_that_agree_end_a_search_that_may_be_confident():
    world = game24((4, 5, 6, 10), skill=9.0, judged=False)
    result, tree, _ = think(world, Auto(), stop_when=StopWhen.CONFIDENT)
    assert result.stop is StopReason.CONFIDENT
    assert result.best.group == "24"
    assert result.best.verified is None
    assert tree.answers.votes < 100
    patient, _, _ = think(world, Auto(), stop_when=StopWhen.VERIFIED)
    assert patient.stop in (StopReason.NODES, StopReason.EXHAUSTED)


def test_agreement_ends_nothing_while_verdicts_are_on_their_way():
    world = game24((4, 5, 6, 10), skill=9.0, judged=False)
    options = {"stop_when": StopWhen.CONFIDENT, "budget": Budget(nodes=200)}
    patient, _, _ = think(world, Auto(), judging=lambda: True, **options)
    assert patient.stop in (StopReason.NODES, StopReason.EXHAUSTED)
    told, _, _ = think(world, Auto(), judging=lambda: False, **options)
    assert told.stop is StopReason.CONFIDENT


def test_a_strategy_that_is_done_ends_the_search():
    result, tree, _ = think(hopeless(), Greedy())
    assert result.stop is StopReason.EXHAUSTED
    assert tree.greedy == 1
    assert result.best.verified is False


def test_width_jobs_are_in_flight_and_no_more():
    class Crowd(Script):
        now = most = 0

        async def propose(self, steps, job):
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0.001)
            self.now -= 1
            return self.answer(steps, job)

    world = Crowd({"": [Option(str(i), None) for i in range(9)]})
    think(world, Sample(), budget=Budget(tokens=500), width=5)
    assert world.most == 5
    with pytest.raises(ValueError, match="width of 1 job"):
        think(world, width=0)


def test_a_slow_job_holds_nobody_up():
    class OneSlow(Script):
        slow_done = False

        async def propose(self, steps, job):
            first = not self.jobs
            proposal = self.answer(steps, job)
            if first:
                await asyncio.sleep(30)
                self.slow_done = True
            return proposal

    world = OneSlow(hopeless()._options)
    result, tree, _ = think(world, Sample(), budget=Budget(tokens=2000), width=2)
    assert result.stop is StopReason.TOKENS
    assert tree.jobs > 10
    assert not world.slow_done


def test_a_proposer_that_hangs_and_swallows_cancellation_is_left_behind():
    freed = False

    class Stubborn:
        async def propose(self, steps, job):
            while not freed:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    if freed:
                        raise
            return Proposal(())

    async def run():
        nonlocal freed
        tree, loop = Tree(), asyncio.get_running_loop()
        meter = Meter(Budget(seconds=0.05))
        result = await asyncio.wait_for(
            search(tree, Sample(), Stubborn(), meter, width=3), timeout=20
        )
        left = [task for task in asyncio.all_tasks(loop) if task is not asyncio.current_task()]
        freed = True
        return result, tree, len(left)

    result, tree, left = asyncio.run(run())
    assert result is StopReason.TIME
    assert tree.answers.best() is None
    assert left == 3
    assert tree.flying == {}
    assert not any(tree.nodes.edge_flying)


def test_failures_are_data_and_siblings_live_on():
    told = []
    proposer = Failing(game24((4, 5, 6, 10)), lambda call: call % 2)
    result, tree, _ = think(proposer, on_event=lambda job, proposal: told.append(proposal.error))
    assert result.stop is StopReason.VERIFIED
    assert tree.errors == sum(error is not None for error in told) > 0
    assert "OSError: the cable is out" in told
    assert tree.flying == {}


def test_reported_errors_and_self_cancelled_jobs_are_failures_too():
    class Odd(Script):
        async def propose(self, steps, job):
            proposal = self.answer(steps, job)
            if len(self.jobs) == 1:
                return Proposal((), error="full")
            if len(self.jobs) == 2:
                raise asyncio.CancelledError
            return proposal

    result, tree, _ = think(Odd(game24((4, 5, 6, 10))._options))
    assert (result.stop, tree.errors) == (StopReason.VERIFIED, 2)


@pytest.mark.parametrize("width", [1, 8])
def test_an_engine_that_is_gone_for_good_ends_the_search(width):
    proposer = Failing(None, lambda call: True)
    result, tree, _ = think(proposer, Sample(), width=width)
    assert (result.stop, result.best) == (StopReason.ENGINE, None)
    assert 8 <= tree.errors <= 8 * width


def test_one_hiccup_of_all_jobs_in_flight_is_one_failure():
    proposer = Failing(game24((4, 5, 6, 10)), lambda call: call <= 16)
    result, _, _ = think(proposer, Sample(), width=16)
    assert result.stop is StopReason.VERIFIED


@pytest.mark.parametrize("lines", [(0, 0), (4, 16)])
def test_a_node_that_always_fails_is_left_alone(lines):
    class Allergic(Script):
        """Fails after the step "bad", like an engine that can not take that text."""

        fails = 0

        async def propose(self, steps, job):
            if "bad" in steps:
                self.fails += 1
                return Proposal((), error="too long")
            return self.answer(steps, job)

    def options(state):
        if not state:
            return [Option("bad", "b", 9.0, 0.99), Option("good", "g", 1.0, 0.2)]
        return [Option(f"on {i}", f"{state}{i}", 1.0, 0.2) for i in range(3)]

    world, events = Allergic(options), []
    result, tree, _ = think(world, Mcts(lines=lines), on_event=lambda *event: events.append(event))
    assert result.stop is StopReason.NODES  # on it went, elsewhere
    assert world.fails <= 4
    bad = next(c for c, e in tree.nodes.children[0].items() if tree.nodes.edge_text[e] == "bad")
    assert lines[1] or not tree.open(bad)  # lines from the root may have found ways on from there
    assert not tree.frontier.dead[bad]  # nobody knows what lies there
    again = Tree()
    for job, proposal in events:
        again.apply(job, proposal)
    assert snapshot(again) == snapshot(tree)


def test_backing_off_does_not_outlast_the_deadline():
    clock = FakeClock()

    class Gone:
        async def propose(self, steps, job):
            clock.advance(3.0)
            raise OSError("gone")

    result, tree, _ = think(Gone(), Sample(), budget=Budget(seconds=4), clock=clock, width=1)
    assert (result.stop, tree.errors) == (StopReason.TIME, 2)


def test_an_interrupt_ends_the_search_with_the_best_so_far():
    seen = []
    result, tree, _ = think(
        hopeless(),
        Auto(),
        interrupted=lambda: len(seen) >= 1,
        on_event=lambda job, proposal: seen.append(job),
    )
    assert result.stop is StopReason.INTERRUPTED
    assert result.best is not None
    assert tree.flying == {}


def test_an_interrupt_is_seen_while_nothing_comes_home():
    class Silent:
        async def propose(self, steps, job):
            await asyncio.sleep(3600)

    polls = iter([False] * 5 + [True] * 99)
    result, _, _ = think(Silent(), Sample(), interrupted=lambda: next(polls))
    assert result.stop is StopReason.INTERRUPTED


def test_a_listener_that_fails_warns_once_and_the_search_goes_on():
    def full_disk(job, proposal):
        raise OSError("no space left on device")

    with pytest.warns(RuntimeWarning, match="no space left") as caught:
        result, _, _ = think(game24((4, 5, 6, 10)), on_event=full_disk)
    assert result.stop is StopReason.VERIFIED
    assert len(caught) == 1


def test_a_listener_that_fails_does_not_end_the_search_when_warnings_are_errors():
    def broken(job, proposal):
        raise RuntimeError("broken")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result, _, _ = think(game24((4, 5, 6, 10)), on_event=broken)
    assert result.stop is StopReason.VERIFIED


def test_cancelling_the_search_cancels_its_jobs():
    cancelled = []

    class Silent:
        async def propose(self, steps, job):
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                cancelled.append(job)
                raise

    async def run():
        tree = Tree()
        task = asyncio.create_task(search(tree, Sample(), Silent(), Meter(Budget()), width=3))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)
        return tree

    assert asyncio.run(run()).flying == {}
    assert len(cancelled) == 3


def test_other_tasks_get_their_turn():
    async def run():
        ticks = 0

        async def ticking():
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        other = asyncio.create_task(ticking())
        tree = Tree()
        await search(tree, Mcts(), hopeless(), Meter(Budget(nodes=100)))
        other.cancel()
        return ticks, tree.jobs

    ticks, jobs = asyncio.run(run())
    assert ticks >= jobs / 8


def test_the_same_seed_gives_the_same_search_and_resuming_gives_new_samples():
    first, second, other = (snapshot(think(hopeless(), seed=seed)[1]) for seed in (5, 5, 6))
    assert first == second != other
    tree, seeds = Tree(), []
    for nodes in (30, 40):
        think(
            hopeless(),
            tree=tree,
            budget=Budget(nodes=nodes),
            on_event=lambda job, *_: seeds.append(job.seed),
            seed=5,
        )
    assert len(set(seeds)) == len(seeds)


def test_saved_events_rebuild_the_tree():
    events = []
    _, tree, _ = think(
        Failing(hopeless(), lambda call: call % 5 == 0),
        Auto(),
        on_event=lambda job, proposal: events.append((job, proposal)),
    )
    again = Tree()
    for job, proposal in events:
        again.apply(job, proposal)
    assert json.dumps(snapshot(again)) == json.dumps(snapshot(tree))
    assert (again.errors, again.jobs) == (tree.errors, tree.jobs)


def test_the_public_contract_can_be_built_by_hand():
    job = Job(0, (0,), 2, to_end=True)
    end = Thought("b", "b", 0.9, Outcome("it is b", "b", 1.0))
    tree = Tree()
    applied = tree.apply(job, Proposal((Chain((Thought("a", "a"), end), 2),), tokens=4))
    assert applied.new_nodes == (1, 2)
    assert tree.steps(tree.answers.best().path) == ("a", "b")
