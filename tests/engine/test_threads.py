"""The number of threads follows what passes take, with a fake clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reasoner.threads import ThreadChoice


class Machine:
    """A pass takes ``cost[threads]`` seconds a token, once ``late`` is used up."""

    def __init__(self, most: int, cost: dict[int, float]) -> None:
        self.cost, self.time, self.threads, self.used = cost, 0.0, 0, list[int]()
        self.late: Iterator[float] = iter(())
        self.choice = ThreadChoice(most, self.use, lambda: self.time)

    def use(self, threads: int) -> None:
        self.threads = threads

    def passes(self, count: int, rows: int = 64) -> list[int]:
        """Threads used by so many passes of one token a row."""
        self.used = []
        for _ in range(count):
            assert self.choice.run(rows, rows, lambda: self.work(rows)) == "done"
        return self.used

    def work(self, tokens: int) -> str:
        self.used.append(self.threads)
        self.time += next(self.late, tokens * self.cost[self.threads])
        return "done"


FASTER, SLOWER, ASLEEP = {1: 2e-4, 4: 1e-4}, {1: 2e-4, 4: 3e-4}, {1: 2e-4, 4: 2e-2}


def test_all_threads_are_used_where_they_are_faster_but_for_few_tokens() -> None:
    machine = Machine(4, FASTER)
    machine.passes(100)
    assert machine.passes(10) == [4] * 10
    assert machine.passes(100, rows=4) == [1] * 100


def test_one_thread_is_used_where_more_are_no_faster() -> None:
    machine = Machine(4, {1: 2e-4, 4: 2e-4})
    assert machine.passes(1_000).count(4) < 300  # tried again and again, which costs nothing


@pytest.mark.parametrize("cost", [FASTER, SLOWER, ASLEEP])
def test_trying_costs_little(cost: dict[int, float]) -> None:
    machine = Machine(4, cost)
    machine.passes(20_000)
    assert machine.time < 1.05 * 20_000 * 64 * min(cost.values())


@pytest.mark.parametrize("change", [(SLOWER, FASTER), (FASTER, SLOWER), (ASLEEP, FASTER)])
def test_a_change_of_the_machine_is_noticed(
    change: tuple[dict[int, float], dict[int, float]],
) -> None:
    machine = Machine(4, change[0])
    machine.passes(1_000)
    machine.cost = change[1]
    machine.passes(3_000)
    best = 4 if change[1] is FASTER else 1
    assert machine.passes(100).count(best) >= 90


def test_helpers_that_fall_asleep_cost_one_pass() -> None:
    machine = Machine(4, FASTER)
    machine.passes(500)
    machine.cost = ASLEEP
    assert machine.passes(10) == [4, *[1] * 9]


def test_helpers_that_wake_up_slowly_once_are_not_held_against_them() -> None:
    machine = Machine(4, FASTER)
    machine.passes(16)
    machine.late = iter([64 * 5e-4])
    machine.passes(4)
    assert machine.passes(10) == [4] * 10


def test_the_first_answer_never_waits_for_a_trial() -> None:
    assert Machine(4, ASLEEP).passes(16) == [1] * 16


def test_sizes_are_told_apart() -> None:
    machine = Machine(4, FASTER)
    machine.passes(100)
    machine.cost = SLOWER
    assert machine.passes(10, rows=300) == [1] * 10


def test_one_core_never_tries() -> None:
    assert Machine(1, FASTER | {1: 1.0}).passes(1_000) == [1] * 1_000


def test_an_error_of_a_pass_is_the_callers_and_harms_nothing() -> None:
    machine = Machine(4, FASTER)
    with pytest.raises(ZeroDivisionError):
        machine.choice.run(64, 64, lambda: 1 // 0)
    machine.passes(100)
    assert machine.threads == 4
