"""Traces survive what disks and killed processes do to them."""

from __future__ import annotations

import asyncio
import resource
import threading
import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from reasoner.agent import Reasoner
from reasoner.catalog import Model
from reasoner.engine import Generation, Request
from reasoner.errors import RunError
from reasoner.recorder import replay, revive
from reasoner.records import BestAnswer, Growth, Stop
from reasoner.runs import Store
from reasoner.traces import TraceWriter, encode, lock, read_trace
from search import Chain, Job, Outcome, Proposal, Span, Thought, Tree
from tests.app.conftest import PUZZLE
from tests.app.toy import ToyEngine


@pytest.fixture
def reasoner() -> Reasoner:
    return Reasoner(Model("toy", ToyEngine()))


@pytest.fixture
def saved(reasoner: Reasoner) -> Path:
    answer = reasoner.ask(PUZZLE, think=5, stop_when="budget", max_nodes=60)
    assert answer.run_id is not None
    return reasoner.store.path(answer.run_id)


def shape(tree: Tree) -> object:
    """All that a search can see of a tree."""
    nodes, frontier = tree.nodes, tree.frontier
    return (
        nodes.key, nodes.children, list(nodes.q), list(nodes.visits), list(nodes.edge_visits),
        bytes(frontier.closed), bytes(frontier.solved), tree.answers.best(alternatives=99),
        tree.jobs, tree.lines,
    )  # fmt: skip


def test_a_replayed_tree_is_the_tree_that_was_saved(reasoner: Reasoner) -> None:
    thinking = reasoner.stream(PUZZLE, think=5, stop_when="budget", max_nodes=80)

    async def think() -> str | None:
        return (await thinking.result()).run_id

    run_id = asyncio.run(think())
    assert run_id is not None
    past = revive(reasoner.store.read(run_id))
    assert past.lost == 0
    assert shape(past.tree) == shape(thinking.tree)
    assert len(past.born_s) == len(past.tree)
    assert past.used.nodes == len(past.tree) - 1


class Renewed(ToyEngine):
    """Its weights change between the second token and the third of whatever it writes."""

    async def generate(self, request: Request) -> Generation:
        generation = await super().generate(request)
        found = (
            replace(c, weights=(Span("old", 0, 2), Span("new+lora", 2, c.tokens + 1)))
            for c in generation.completions
        )
        return Generation(tuple(found), generation.tokens)


def test_which_weights_wrote_what_is_read_back() -> None:
    reasoner = Reasoner(Model("toy", Renewed()))
    answer = reasoner.ask(PUZZLE, think=5, stop_when="budget", max_nodes=40)
    assert answer.run_id is not None
    grown = [r for r in reasoner.store.read(answer.run_id).records if isinstance(r, Growth)]
    chains = [chain for growth in grown for chain in growth.proposal.chains]
    assert chains
    for chain in chains:
        assert chain.weights is not None
        old, new = chain.weights
        assert (old, new.version, new.start) == (Span("old", 0, 2), "new+lora", 2)
        assert new.end > 2


def test_cut_at_every_byte_of_the_last_record(saved: Path) -> None:
    data = saved.read_bytes()
    last = data.rindex(b"\n", 0, -1) + 1
    whole = read_trace(saved)
    assert not whole.torn
    for cut in range(last + 1, len(data)):
        saved.write_bytes(data[:cut])
        trace = read_trace(saved)
        assert trace.torn, cut
        assert trace.corrupt == 0
        assert trace.good_bytes == last
        assert trace.records == whole.records[:-1]
    saved.write_bytes(data[:last])
    assert not read_trace(saved).torn


def test_a_flipped_byte_in_the_middle_is_counted_and_skipped(saved: Path) -> None:
    data = bytearray(saved.read_bytes())
    lines = bytes(data).splitlines(keepends=True)
    for victim in range(1, len(lines) - 1):
        at = sum(map(len, lines[:victim])) + len(lines[victim]) // 2
        spoiled = bytearray(data)
        spoiled[at] ^= 1
        saved.write_bytes(spoiled)
        trace = read_trace(saved)
        assert trace.corrupt == 1
        assert not trace.torn
        assert len(trace.records) == len(lines) - 2
        past = revive(trace)  # never raises, and what is used is used rightly
        assert past.tree.answers.best() is not None


def test_after_a_gap_only_sure_records_are_used(saved: Path) -> None:
    """What a damaged trace rebuilds is part of the whole tree: never a step in a wrong place."""

    def steps(tree: Tree) -> set[tuple[str, str, str]]:
        nodes = tree.nodes
        return {
            (nodes.key[parent], nodes.edge_text[edge], nodes.key[child])
            for parent in range(len(tree))
            for child, edge in nodes.children[parent].items()
        }

    growths = [r for r in read_trace(saved).records if isinstance(r, Growth)]
    whole = revive(read_trace(saved)).tree
    used_later = 0
    for gap in range(len(growths)):
        tree = Tree()
        used = [ok for _, ok in replay(tree, growths[:gap] + growths[gap + 1 :])]
        assert steps(tree) <= steps(whole)
        assert all(used[:gap])
        used_later += sum(used[gap:])
    assert used_later, "records that do not hang on the lost one are used"


def test_a_header_that_can_not_be_read_is_an_error_with_advice(saved: Path) -> None:
    data = bytearray(saved.read_bytes())
    data[20] ^= 1
    saved.write_bytes(data)
    with pytest.raises(RunError, match=r"no readable header.*runs rm"):
        read_trace(saved)


def test_a_trace_of_a_later_version_is_refused(saved: Path) -> None:
    body = saved.read_bytes().splitlines()[0][9:].replace(b'"schema":1', b'"schema":2')
    import zlib

    saved.write_bytes(b"%08x %s\n" % (zlib.crc32(body), body))
    with pytest.raises(RunError, match=r"schema 2.*upgrade"):
        read_trace(saved)


def test_text_of_any_kind_survives(tmp_path: Path, saved: Path) -> None:
    header = read_trace(saved).header
    path = tmp_path / "x.trace"
    nasty = "\x1b[31m \n\r\0 \ud800 </script> \u202e \U0001f600"
    writer = TraceWriter(path)
    writer.write(header, Stop(0.5, nasty, 1, 2))
    writer.close()
    (stop,) = read_trace(path).records
    assert isinstance(stop, Stop)
    assert stop.reason == nasty.replace("\ud800", "?")


def test_two_writers_are_refused(saved: Path) -> None:
    first = TraceWriter(saved, create=False)
    with pytest.raises(RunError, match="another process"):
        TraceWriter(saved, create=False)
    first.close()
    TraceWriter(saved, create=False).close()


def test_a_look_at_a_trace_does_not_turn_its_writer_away(saved: Path) -> None:
    looking = saved.open("rb")
    lock(looking.fileno(), saved)
    threading.Timer(0.02, looking.close).start()
    TraceWriter(saved, create=False).close()


def test_a_full_disk_is_one_warning_and_the_think_goes_on(reasoner: Reasoner) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, hard))
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            answer = reasoner.ask(PUZZLE, think=5)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert answer.verified
    assert [str(w.message) for w in caught if "no longer being saved" in str(w.message)]
    assert len(caught) == 1
    assert answer.run_id is not None
    trace = reasoner.store.read(answer.run_id)  # what fitted is sound
    assert trace.records


def test_a_disk_that_takes_no_header_leaves_no_run(reasoner: Reasoner) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for size in (0, 40):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                answer = reasoner.ask(PUZZLE, think=5)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert answer.verified
        assert answer.run_id is None
        assert [str(w.message).partition(" (")[0] for w in caught] == [
            "this run is not being saved"
        ]
        assert list(reasoner.store.folder.iterdir()) == []


def test_a_trace_has_a_bound(reasoner: Reasoner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reasoner.traces.MAX_BYTES", 3000)
    with pytest.warns(UserWarning, match="reached its bound"):
        answer = reasoner.ask(PUZZLE, think=5)
    assert answer.verified
    assert answer.run_id is not None
    assert reasoner.store.path(answer.run_id).stat().st_size <= 3000


def test_a_folder_that_can_not_be_made_is_one_warning(home: Path, reasoner: Reasoner) -> None:
    home.parent.mkdir(exist_ok=True)
    home.write_text("a file stands where the folder should")
    with pytest.warns(UserWarning, match="not being saved"):
        answer = reasoner.ask(PUZZLE, think=5)
    assert answer.verified
    assert answer.run_id is None


def test_old_runs_are_pruned_oldest_first(reasoner: Reasoner) -> None:
    ids = [reasoner.ask(PUZZLE, think=5).run_id for _ in range(4)]
    store = reasoner.store
    assert store.ids() == ids
    busy = TraceWriter(store.path(str(ids[0])), create=False)
    assert store.prune(max_runs=2) == 1
    busy.close()
    assert store.ids() == [ids[0], *ids[2:]]
    assert store.prune(keep=str(ids[3]), max_bytes=1) == 2
    assert store.ids() == [ids[3]]


def test_runs_are_found_by_unique_prefix(reasoner: Reasoner) -> None:
    store = Store()
    with pytest.raises(RunError, match="no runs are saved"):
        store.find("x")
    first, second = (str(reasoner.ask(PUZZLE, think=5).run_id) for _ in range(2))
    assert store.find(first) == first
    assert store.find("last") == second
    with pytest.raises(ValueError, match="2 runs start with"):
        store.find(first[:3])
    with pytest.raises(ValueError, match="no run starts with"):
        store.find("zzz")


def test_every_kind_of_proposal_survives(saved: Path, tmp_path: Path) -> None:
    """None where it means something (not allowed, not judged, no value) comes back as None."""
    unjudged = Thought("so", "k", None, Outcome("a", "g", None))
    growth = Growth(
        0.5,
        1,
        Job(0, (0,), 4, 0.0, True, 2**63 - 1),
        Proposal((Chain((Thought("bad", None),), 3), Chain((unjudged,))), 9),
    )
    failed = Growth(0.6, 1, Job(0, (0,), 4), Proposal((), error="out of order"))
    best = BestAnswer(0.7, "a", "g", 0.5, None)
    path = tmp_path / "x.trace"
    writer = TraceWriter(path)
    writer.write(read_trace(saved).header, growth, failed, best)
    writer.close()
    trace = read_trace(path)
    assert trace.records == (growth, failed, best)
    assert not trace.corrupt
    assert not trace.torn


def test_growth_is_written_compactly() -> None:
    assert encode(Stop(1.0, "time", 2, 3)).endswith(
        b' {"kind":"stop","t_s":1.0,"reason":"time","tokens":2,"nodes":3}\n'
    )
