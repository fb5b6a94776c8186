"""What counts as inside the network and inside the model."""

from __future__ import annotations

import inspect
import re
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import occupancy
from benchmarks.occupancy import MATHS, MOVES, Gauge, Stopwatch
from reasoner.stats import Stats


class Hands:
    """Clocks that are moved by hand: of the wall, and of this thread's processor time."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    def perf_counter(self) -> float:
        return self.wall

    def thread_time(self) -> float:
        return self.cpu


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    hands = Hands()
    monkeypatch.setattr(occupancy, "time", hands)
    return hands


def model_of(hands: Hands) -> Any:
    """Every method takes 2 s, one of them waiting, and returns its arguments."""

    def work(*args: int) -> tuple[int, ...]:
        hands.wall += 2
        hands.cpu += 1
        return args

    return SimpleNamespace(**dict.fromkeys(MATHS, work))


def test_shares_of_a_stretch_of_time(hands: Hands) -> None:
    model, engine = model_of(hands), SimpleNamespace(stats=Stats(tokens=5, busy_s=1.0))
    cache = SimpleNamespace(store=model.forward)
    maths, moves = Stopwatch(MATHS, model), Stopwatch(MOVES, cache)
    model.forward()  # before the stretch: not of it
    gauge = Gauge(engine, maths, moves)  # type: ignore[arg-type]
    for name in MATHS:
        assert getattr(model, name)(1, 2) == (1, 2)
    cache.store()
    hands.wall += 10  # the decoder's Python, the search, idle: 20 s in all
    engine.stats = Stats(tokens=205, busy_s=15.0)
    assert gauge.read() == (10.0, 0.7, 0.5, 0.4, 0.2)


def test_a_call_that_fails_counts(hands: Hands) -> None:
    model = model_of(hands)

    def fail() -> None:
        hands.wall += 3
        raise RuntimeError

    model.forward = fail
    watch = Stopwatch(MATHS, model)
    with pytest.raises(RuntimeError):
        model.forward()
    assert watch.wall_s == 3


def test_nothing_that_the_decoder_asks_of_its_model_is_missed() -> None:
    from reasoner.decoder import Decoder
    from reasoner.kv_cache import PrefixCache
    from reasoner.llama import Llama

    called = set(re.findall(r"self\._model\.(\w+)\(", inspect.getsource(Decoder)))
    assert called == set(MATHS)
    moves = {
        name: owner for owner in (Decoder, PrefixCache) for name in MOVES if name in vars(owner)
    }
    assert moves.keys() == set(MOVES)
    for name, owner in (dict.fromkeys(MATHS, Llama) | moves).items():
        inner = re.findall(r"self\.(\w+)\(", inspect.getsource(getattr(owner, name)))
        assert not set(inner) & {*MATHS, *MOVES}  # a method within another would count twice
