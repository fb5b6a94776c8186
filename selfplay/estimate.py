"""What a run will take, measured on a few problems and a few steps."""

from __future__ import annotations

import asyncio
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from reasoner.traces import encode

from . import network as networks
from .adapters import adapt
from .admission import Admission
from .corpus import specials
from .draw import lot, order_seed
from .learner import Recipe, train
from .play import Order, Play, Player
from .settings import Settings
from .targets import Taught, teach
from .window import Window, reach

PROBLEMS, STEPS = 48, 3
# A duel takes as long as so many plays, reckoned from the first that was promoted in docs/log.md:
# 1,152 bouts of 1,000 tokens, 768 of 250 and 1,440 of System 1, two plays each, most end early.
ARENA = 3200
ALL_BUT_A_BIT = 0.9  # of the time: a verdict that comes too late is none
LEAST = 0.2  # of a generation's usual size: two that are smaller teach less than one


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds and bytes of one problem (played, then made into lessons) and of one step of
    training, on this machine."""

    problem_s: float
    step_s: float
    arena_s: float
    trace_bytes: float
    lesson_bytes: float

    def playing_s(self, settings: Settings) -> float:
        return settings.problems * self.problem_s

    def learning_s(self, settings: Settings) -> float:
        return settings.steps * self.step_s

    def generation_s(self, settings: Settings) -> float:
        return self.playing_s(settings) + self.learning_s(settings) + self.arena_s

    def share(self, settings: Settings, seconds: float) -> float:
        """How large generations may be, in parts of ``settings``, for two to fit into so many
        seconds; or one, where two would be too small. The arena is as long for any."""
        sizes = self.playing_s(settings) + self.learning_s(settings)
        share = (seconds / 2 - self.arena_s) / sizes
        if share < LEAST:
            share = min(2 * LEAST, (ALL_BUT_A_BIT * seconds - self.arena_s) / sizes)
        return min(1.0, max(LEAST, share))


def measure(settings: Settings, base: Path) -> Cost:
    """Plays and learns a little, and keeps nothing; takes about half a minute."""
    some = settings.model_copy(update={"problems": PROBLEMS})
    problems = lot(some, 1, {}, Admission(lambda form: False))
    player = Player()
    player.model(str(base))

    async def play() -> list[Play]:
        orders = [
            Order(name, 1, problem, str(base), order_seed(name), some.tokens, some.think_s)
            for name, _, problem in problems
        ]
        return await asyncio.gather(*map(player.play, orders))

    began = time.monotonic()
    plays = asyncio.run(play())
    play_s = (time.monotonic() - began) / len(plays)
    player.close()
    began = time.monotonic()
    taught = [teach(play) for play in plays]
    teach_s = (time.monotonic() - began) / len(plays)
    return Cost(
        play_s + teach_s,
        _seconds_a_step(settings, base, taught),
        ARENA * play_s,
        sum(len(encode(play)) for play in plays) / len(plays),
        sum(len(encode(one)) for one in taught) / len(plays),
    )


def estimate(settings: Settings, cost: Cost, seconds: float | None) -> list[str]:
    """Lines for people: time, disk and memory of a run with these settings."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    kept = reach(1_000_000, settings.window)
    size = cost.trace_bytes + cost.lesson_bytes
    lines = [
        f"one problem: {cost.problem_s:.2f} s, {cost.trace_bytes / 1024:.0f} kB of plays and "
        f"{cost.lesson_bytes / 1024:.0f} kB of lessons; one step of training: {cost.step_s:.1f} s",
        f"a generation: {settings.problems} problems {cost.playing_s(settings) / 60:.0f} min, "
        f"{settings.steps} steps {cost.learning_s(settings) / 60:.0f} min at most, "
        f"arena about {cost.arena_s / 60:.0f} min",
        f"disk: {settings.problems * size / 2**20:.0f} MB a generation; "
        f"{kept * size / 2**30:.1f} GB after a million plays, of which "
        f"the newest {kept:,} are kept",
        f"memory: {peak:.1f} GB at most while measuring",
    ]
    if seconds is not None:
        many = seconds / cost.generation_s(settings)
        lines.append(f"in {seconds / 60:.0f} min: about {many:.1f} generations")
    return lines


def _seconds_a_step(settings: Settings, base: Path, taught: Sequence[Taught]) -> float:
    window = Window.holding(taught)
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    special = specials(tokenizer)
    network, times = networks.load(base), [time.monotonic()]
    if settings.lora:
        adapt(network, settings.lora, settings.seed)
    with tempfile.TemporaryDirectory() as folder:
        train(
            network,
            lambda start: window.batches(
                tokenizer, "estimate", start, settings.rows, settings.length, settings.expert
            ),
            Recipe(STEPS, kl=settings.kl),
            good=special.good,
            bad=special.bad,
            checkpoint=Path(folder) / "c.pt",
            report=lambda _: times.append(time.monotonic()),
            reference=networks.load(base).eval(),
        )
    return (times[-1] - times[1]) / (len(times) - 2)  # the first one warms up
