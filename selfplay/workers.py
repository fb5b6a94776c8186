"""Workers: whoever plays an order, in this process or on a Ray cluster."""

from __future__ import annotations

import asyncio
import logging
from importlib.util import find_spec
from typing import Any, Protocol

from reasoner.errors import ReasonerError

from .play import Order, Play, Player

IN_FLIGHT = 48  # problems a worker plays at once: enough to keep its engine busy


class WorkerLost(RuntimeError):
    """The worker died or did not answer in time; another one has taken its place."""


class Workers(Protocol):
    @property
    def capacity(self) -> int:
        """Orders in flight that keep everybody busy."""
        ...

    async def play(self, order: Order) -> Play:
        """Raises :class:`WorkerLost`, ``TimeoutError``, or what went wrong with this problem."""
        ...

    def close(self) -> None: ...


class LocalWorker:
    """One worker, this process: nothing to install, but code that hangs can not be stopped."""

    capacity = IN_FLIGHT

    def __init__(self, lease_s: float) -> None:
        self._player = Player()
        self._lease_s = lease_s

    async def play(self, order: Order) -> Play:
        return await asyncio.wait_for(self._player.play(order), self._lease_s)

    def close(self) -> None:
        self._player.close()


class RayWorkers:
    """Ray actors, one engine each. One that dies or hangs is replaced; what it had in hand fails.

    A problem that kills workers so fails twice; the loop then leaves it alone.
    """

    def __init__(self, count: int, lease_s: float, address: str | None = None) -> None:
        """``address``: of a cluster ("auto": the one this machine belongs to); None starts one
        here. Raises :class:`ReasonerError` when Ray is not installed or can not be reached."""
        if find_spec("ray") is None:
            raise ReasonerError(
                "expected ray for --workers, found none; run: pip install 'system2-reasoner[ray]', "
                "or use --workers 0 to play in this process"
            )
        import ray

        self._ray, self.lease_s, self._count = ray, lease_s, count
        self._own = not ray.is_initialized()
        if self._own:
            local: dict[str, Any] = {}
            if address is None:
                local = {"num_cpus": count, "object_store_memory": 128 << 20}
            try:
                ray.init(
                    address=address, include_dashboard=False, log_to_driver=False,
                    logging_level=logging.ERROR, **local,
                )  # fmt: skip
            except (ConnectionError, RuntimeError, ValueError) as error:
                raise ReasonerError(f"expected a Ray cluster at {address!r}: {error}") from None
        self._actors = [self._hire() for _ in range(count)]
        self._loads = [0] * count

    @property
    def capacity(self) -> int:
        return IN_FLIGHT * self._count

    def _hire(self) -> Any:
        # Each takes one thread: the cores are shared out among the workers.
        actor = self._ray.remote(Player)
        return actor.options(num_cpus=1, max_concurrency=2 * IN_FLIGHT).remote(threads=1)

    async def play(self, order: Order) -> Play:
        seat = min(range(self._count), key=self._loads.__getitem__)
        actor = self._actors[seat]
        self._loads[seat] += 1
        try:
            ref = actor.play.remote(order)
            play: Play = await asyncio.wait_for(asyncio.wrap_future(ref.future()), self.lease_s)
            return play
        except asyncio.CancelledError:
            self._ray.cancel(ref)
            raise
        except TimeoutError:
            self._replace(seat, actor)
            raise WorkerLost(f"no answer in {self.lease_s:g} s; the worker was replaced") from None
        except self._ray.exceptions.RayActorError:
            self._replace(seat, actor)
            raise WorkerLost("the worker died and was replaced") from None
        except self._ray.exceptions.RayTaskError as error:
            raise error.cause or error from None
        finally:
            self._loads[seat] -= 1

    async def pids(self) -> list[int]:
        """Process ids of the workers, in the order of their seats."""
        refs = [actor.pid.remote() for actor in self._actors]
        return [await asyncio.wrap_future(ref.future()) for ref in refs]

    def _replace(self, seat: int, actor: Any) -> None:
        """Once for each actor, however many of its orders fail."""
        if self._actors[seat] is actor:
            self._ray.kill(actor)
            self._actors[seat] = self._hire()

    def close(self) -> None:
        for actor in self._actors:
            self._ray.kill(actor)
        if self._own:
            self._ray.shutdown()


def workers(count: int, lease_s: float, address: str | None = None) -> Workers:
    """``count`` Ray workers; 0: this process."""
    return RayWorkers(count, lease_s, address) if count else LocalWorker(lease_s)
