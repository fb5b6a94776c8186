"""Workers on Ray, with the real engine: they play, die, hang, and are replaced."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from reasoner.catalog import BUNDLED
from reasoner.errors import ReasonerError
from selfplay.play import Order
from selfplay.workers import IN_FLIGHT, LocalWorker, RayWorkers, WorkerLost, workers
from verifiers import domain, recognise

TINY = str(BUNDLED / "tiny")


def order(name: str = "a", tokens: int = 200, model: str = TINY) -> Order:
    return Order(name, 1, recognise("Use 4 5 6 10 to make 24"), model, 5, tokens)


def test_without_ray_there_is_one_worker_and_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selfplay.workers.find_spec", lambda name: None)
    with pytest.raises(ReasonerError, match=r"system2-reasoner\[ray\]"):
        workers(2, 60.0)
    assert isinstance(workers(0, 60.0), LocalWorker)


def test_many_plays_at_once_in_this_process() -> None:
    one = LocalWorker(60.0)

    async def all_of_them():
        return await asyncio.gather(*(one.play(order(str(i))) for i in range(IN_FLIGHT)))

    plays = asyncio.run(all_of_them())
    one.close()
    assert {play.verifier for play in plays} == {f"countdown@{domain('countdown').version}"}
    assert all(play.tokens >= 200 or play.stop == "exhausted" for play in plays)
    assert len({play.policy for play in plays}) == 1


def test_an_engine_that_hangs_is_not_waited_for() -> None:
    one = LocalWorker(0.05)

    async def hang(order: Order) -> None:
        await asyncio.Event().wait()

    one._player.play = hang  # type: ignore[assignment,method-assign]
    with pytest.raises(TimeoutError):
        asyncio.run(one.play(order()))
    one.close()


@pytest.fixture(scope="module")
def team() -> Iterator[RayWorkers]:
    pytest.importorskip("ray")
    team = RayWorkers(2, 60.0)
    yield team
    team.close()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.timeout(300)
def test_ray_workers_play_and_die_and_are_replaced(team: RayWorkers) -> None:
    async def story() -> None:
        plays = await asyncio.gather(*(team.play(order(str(i))) for i in range(8)))
        assert all(play.problem == order().problem for play in plays)
        pids = await team.pids()
        assert len(set(pids)) == 2
        slow = [asyncio.ensure_future(team.play(order(str(i), 200_000))) for i in range(2)]
        await asyncio.sleep(0.5)
        os.kill(pids[0], signal.SIGKILL)
        ends = await asyncio.wait(slow, return_when=asyncio.FIRST_COMPLETED, timeout=60)
        (lost,) = ends[0]
        with pytest.raises(WorkerLost, match="died"):
            lost.result()
        for task in slow:
            task.cancel()
        assert (await team.play(order())).tokens >= 200, "another one took its place"
        assert pids[0] not in await team.pids()
        with pytest.raises(
            Exception, match="expected a tokenizer"
        ):  # of the problem, not of the worker
            await team.play(order(model="/nowhere"))

    asyncio.run(story())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.timeout(300)
def test_a_ray_worker_that_hangs_is_replaced(team: RayWorkers) -> None:
    async def story() -> None:
        before = set(await team.pids())
        team.lease_s = 1.0
        with pytest.raises(WorkerLost, match="no answer in 1 s"):
            await team.play(order(tokens=10_000_000))
        team.lease_s = 60.0
        assert (await team.play(order())).tokens >= 200
        assert len(before & set(await team.pids())) == 1

    asyncio.run(story())
