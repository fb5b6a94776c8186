"""The number of threads follows what the machine does, with a fake clock."""

from __future__ import annotations

import pytest

from reasoner.threads import ThreadChoice


class Machine:
    """The probe takes ``cost[threads]`` seconds."""

    def __init__(self, most: int, cost: dict[int, float]) -> None:
        self.cost, self.time, self.threads, self.probes = cost, 0.0, 0, 0
        self.start(most)

    def start(self, most: int, after_s: float = 1.0) -> None:
        """A new choice, ``after_s`` after its first pass."""
        self.choice = ThreadChoice(most, self.use, self.probe, lambda: self.time)
        self.choice.use_for(64)
        self.time += after_s

    def use(self, threads: int) -> None:
        self.threads = threads

    def probe(self) -> None:
        self.probes += 1
        self.time += self.cost[self.threads]

    def threads_for(self, tokens: int, after_s: float = 0.0) -> int:
        self.time += after_s
        self.choice.use_for(tokens)
        return self.threads


QUIET, BUSY = {1: 2e-4, 4: 1e-4}, {1: 2e-4, 4: 0.05}


def test_a_quiet_machine_uses_all_but_for_few_tokens() -> None:
    machine = Machine(4, QUIET)
    assert [machine.threads_for(tokens) for tokens in (1, 64, 2, 5)] == [1, 4, 1, 4]


def test_a_busy_machine_uses_one_and_is_noticed_both_ways() -> None:
    machine = Machine(4, BUSY)
    assert machine.threads_for(64) == 1
    machine.cost = QUIET
    assert machine.threads_for(64, after_s=0.1) == 1  # too soon to look
    assert machine.threads_for(64, after_s=10) == 4
    machine.cost = BUSY
    assert machine.threads_for(64, after_s=0.6) == 1


@pytest.mark.parametrize("cost", [QUIET, BUSY])
def test_looking_costs_little(cost: dict[int, float]) -> None:
    machine = Machine(4, cost)
    for _ in range(100_000):
        machine.threads_for(64, after_s=0.001)
    assert machine.probes > 30
    assert machine.time < 1 + 100 * 1.05  # it started at 1


def test_helpers_that_wake_up_slowly_once_are_not_held_against_them() -> None:
    machine = Machine(4, QUIET)
    slow = iter([0.05])
    machine.probe = lambda: setattr(  # type: ignore[method-assign]
        machine, "time", machine.time + (next(slow, 1e-4) if machine.threads == 4 else 2e-4)
    )
    machine.start(4)
    assert machine.threads_for(64) == 4


def test_one_core_never_looks() -> None:
    machine = Machine(1, {1: 1.0})
    assert machine.threads_for(64) == 1
    assert machine.probes == 0


def test_the_first_answer_never_waits_for_a_look() -> None:
    machine = Machine(4, {1: 2e-4, 4: 5.0})  # so starved that helpers take seconds to wake
    machine.start(4, after_s=0.1)
    assert machine.threads_for(64) == 1
    assert machine.probes == 0
