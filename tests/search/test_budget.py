import math

import pytest

from search import Budget, FakeClock, Meter, Spent, StopReason, SystemClock, parse_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("500ms", 0.5),
        ("1m500ms", 60.5),
        ("1.5m", 90),
        (".5s", 0.5),
        ("45", 45),
        (" 2S ", 2),
        (45, 45),
        (0.05, 0.05),
        ("1e9", 1e9),
    ],
)
def test_times_people_type(text, seconds):
    assert parse_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    ["10 minuts", "", "s", "0", 0, "-3s", -1, "nan", math.nan, "inf", math.inf, "1e10",
     "30s1h", "5m5m", "1h-30m", "5 5", "1.2.3s", "ten"],
)  # fmt: skip
def test_what_is_no_time_says_so(text):
    with pytest.raises(ValueError, match=r"expected a time.*got.*90s"):
        parse_seconds(text)


@pytest.mark.parametrize(
    "limit", [{"seconds": 0}, {"tokens": -1}, {"nodes": 0}, {"dollars": math.nan}]
)
def test_a_limit_must_be_above_nothing(limit):
    with pytest.raises(ValueError, match=f"{next(iter(limit))} budget above 0"):
        Budget(**limit)


@pytest.mark.parametrize(
    ("budget", "reason"),
    [
        (Budget(seconds=10), StopReason.TIME),
        (Budget(tokens=100), StopReason.TOKENS),
        (Budget(nodes=10), StopReason.NODES),
        (Budget(dollars=0.01), StopReason.DOLLARS),
    ],
)
def test_every_limit_ends_a_search_exactly_when_used_up(budget, reason):
    clock = FakeClock(1000.0)
    meter = Meter(budget, clock)
    clock.advance(9.99)
    meter.add(tokens=99, nodes=9, dollars=0.0099)
    assert meter.exhausted() is None
    clock.advance(0.01)
    meter.add(tokens=1, nodes=1, dollars=0.0002)
    assert meter.exhausted() is reason


def test_no_limit_never_ends():
    meter = Meter(Budget(), SystemClock())
    meter.add(tokens=10**9, nodes=10**9)
    assert (meter.exhausted(), meter.seconds_left) == (None, None)


def test_a_resumed_meter_goes_on_from_what_was_spent():
    clock = FakeClock()
    first = Meter(Budget(seconds=5), clock)
    clock.advance(5)
    first.add(tokens=70, nodes=3)
    clock.advance(1000)  # between the sittings
    again = Meter(Budget(seconds=8), clock, already=Spent(5, 70, 3))
    clock.advance(1)
    assert again.spent == Spent(6, 70, 3)
    assert again.seconds_left == 2


def test_a_fake_clock_does_not_go_back():
    with pytest.raises(ValueError, match="0 seconds or more"):
        FakeClock().advance(-1)
