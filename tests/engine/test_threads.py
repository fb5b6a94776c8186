"""The number of threads follows what was measured, with a fake clock."""

from __future__ import annotations

from reasoner.threads import ThreadChoice


class Machine:
    """A pass of ``tokens`` tokens takes ``cost[threads]`` seconds a token."""

    def __init__(self, most: int, cost: dict[int, float]) -> None:
        self.cost, self.time, self.threads = cost, 0.0, 0
        self.used: list[int] = []
        self.choice = ThreadChoice(most, self.use, lambda: self.time)

    def use(self, threads: int) -> None:
        self.threads = threads

    def passes(self, count: int, tokens: int = 64) -> list[int]:
        self.used.clear()
        for _ in range(count):
            with self.choice.measured(tokens):
                self.time += self.cost[self.threads] * tokens
            self.used.append(self.threads)
        return self.used


def test_the_first_guess_is_one_thread_for_few_tokens_only() -> None:
    assert Machine(4, {1: 1.0, 4: 1.0}).passes(1, tokens=2) == [1]
    assert Machine(4, {1: 1.0, 4: 1.0}).passes(1, tokens=64) == [4]


def test_a_busy_machine_is_noticed_and_costs_little() -> None:
    machine = Machine(2, {1: 1.0, 2: 100.0})
    machine.passes(60)
    before, passes = machine.time, 20_000
    assert machine.passes(passes).count(2) >= 2  # it looks again
    assert machine.time - before < passes * 64 * 1.1


def test_an_idle_machine_is_noticed_again() -> None:
    machine = Machine(2, {1: 1.0, 2: 100.0})
    machine.passes(3000)
    machine.cost[2] = 0.5
    machine.passes(30_000)
    assert machine.passes(100).count(2) > 90


def test_one_core_never_tries_more() -> None:
    assert {*Machine(1, {1: 1.0}).passes(500)} == {1}
