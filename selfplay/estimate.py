"""What a run will take, measured on a few problems and a few steps."""

from __future__ import annotations

import asyncio
import resource
import tempfile
import time
from pathlib import Path

from tokenizers import Tokenizer

from reasoner.traces import encode

from . import network as networks
from .admission import Admission
from .corpus import specials
from .draw import lot, order_seed
from .learner import Recipe, train
from .play import Order, Play, Player
from .settings import Settings
from .targets import teach
from .window import Window, reach

PROBLEMS, STEPS = 48, 3


def estimate(settings: Settings, base: Path, seconds: float | None) -> list[str]:
    """Lines for people: time, disk and memory of a run with these settings."""
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
    trace_bytes = sum(len(encode(play)) for play in plays) / len(plays)
    began = time.monotonic()
    taught = [teach(play) for play in plays]
    teach_s = (time.monotonic() - began) / len(plays)
    lesson_bytes = sum(len(encode(one)) for one in taught) / len(plays)
    step_s = _seconds_a_step(
        settings, base, Window([t for t in taught if t.line], [t for t in taught if t.rollouts])
    )
    play_min, learn_min = (
        settings.problems * (play_s + teach_s) / 60,
        settings.steps * step_s / 60,
    )
    arena_min = 4 * 2 * settings.duel_search * 2 * play_s / 60
    whole_min = play_min + learn_min + arena_min
    kept = reach(1_000_000, settings.window)
    lines = [
        f"one problem: {play_s:.2f} s, {trace_bytes / 1024:.0f} kB of plays and "
        f"{lesson_bytes / 1024:.0f} kB of lessons; one step of training: {step_s:.1f} s",
        f"a generation, at most: {settings.problems} problems {play_min:.0f} min, "
        f"{settings.steps} steps {learn_min:.0f} min, arena {arena_min:.0f} min",
        f"disk: {settings.problems * (trace_bytes + lesson_bytes) / 2**20:.0f} MB a generation; "
        f"{kept * (trace_bytes + lesson_bytes) / 2**30:.1f} GB after a million plays, of which "
        f"the newest {kept:,} are kept",
        f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GB so far",
    ]
    if seconds is not None:
        lines.append(f"in {seconds / 60:.0f} min: about {seconds / 60 / whole_min:.1f} generations")
    return lines


def _seconds_a_step(settings: Settings, base: Path, window: Window) -> float:
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    special = specials(tokenizer)
    times = [time.monotonic()]
    with tempfile.TemporaryDirectory() as folder:
        train(
            networks.load(base),
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
