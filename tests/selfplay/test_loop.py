"""The whole loop: it improves, it is not fooled, and it goes on after anything."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from itertools import count
from pathlib import Path
from random import Random

import pytest
import torch
from torch.nn.utils import parameters_to_vector

from reasoner.cards import save
from reasoner.catalog import BUNDLED
from reasoner.errors import ModelError, ReasonerError, RunError, UsageError
from selfplay import challenger, draw, learner
from selfplay import network as networks
from selfplay.admission import Admission
from selfplay.challenger import train_challenger
from selfplay.entries import Generation
from selfplay.folder import CHAMPIONS, Folder, claim
from selfplay.ledger import Ledger
from selfplay.loop import Loop, improve
from selfplay.playing import play_all
from selfplay.rescore import rescore
from selfplay.settings import Settings
from selfplay.shards import Shard
from selfplay.sitting import Sitting, Stopped
from selfplay.status import describe, ratings, status_lines
from selfplay.targets import Taught
from selfplay.window import Window
from tests.app.toy import ToyEngine
from tests.selfplay.crew import Crew, Poisoned, Quiet
from tests.selfplay.improve_cli import GENERATIONS, SETTINGS, crew, main
from tests.selfplay.room import room_for
from verifiers import domain, recognise, suite
from verifiers.card import Check, ScoreCard, digest
from verifiers.countdown import Countdown
from verifiers.verdict import wrong

TINY = BUNDLED / "tiny"
ROOT = Path(__file__).parents[2]
SAME = {
    "generation": "number, champion, stage, skills, verdict, note, trained",
    "problem": "id, generation, number, family, level, form, body, state, failures, greedy, "
    "solved, tokens",
    "duel": "generation, arm, number, family, level, champion, challenger, tokens",
}


def contents(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """All of a ledger that does not depend on the clock."""
    with sqlite3.connect(folder / "ledger.sqlite") as db:
        return {
            table: db.execute(f"SELECT {columns} FROM {table} ORDER BY 1, 2, 3").fetchall()
            for table, columns in SAME.items()
        }


def run(folder: Path, *kill: str) -> int:
    command = [sys.executable, "-m", "tests.selfplay.improve_cli", str(folder), *kill]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    main(str(folder))
    return folder


def generations(folder: Path) -> list[Generation]:
    ledger = Ledger(folder)
    try:
        return ledger.generations()
    finally:
        ledger.close()


def test_a_better_challenger_takes_over_and_a_worse_one_does_not(undisturbed: Path) -> None:
    placed, first, second = generations(undisturbed)
    assert (placed.champion, placed.verdict) == ("base", None)
    assert (first.champion, first.verdict) == ("base", "promoted")
    assert (second.champion, second.verdict) == ("g0001", "rejected")
    assert sorted(p.name for p in (undisturbed / "models").iterdir()) == ["base", "g0001"]
    assert first.trained["solved"] > 0
    ledger = Ledger(undisturbed)
    assert status_lines(ledger, undisturbed)[-1].endswith("models/g0001")
    assert "search" not in describe(ledger, 0, ratings(ledger)), "nothing was searched yet"
    assert "search" in describe(ledger, 1, ratings(ledger))
    ledger.close()


def test_nothing_is_left_over(undisturbed: Path) -> None:
    """Checkpoints go when training ends; shards when the window has passed them."""
    assert list((undisturbed / "work").iterdir()) == []
    assert not list(undisturbed.rglob("*.part"))


def test_the_run_says_how_problems_are_played(tmp_path: Path) -> None:
    gang = Crew()
    settings = SETTINGS.model_copy(update={"plan": "sample"})
    ledger = Ledger(tmp_path, settings)
    ledger.begin(1, "base", {}, draw.lot(settings, 1, {}, Admission(ledger.has_form)))
    play = play_all(
        1, "base", settings, ledger, Shard(tmp_path, 1), gang, Sitting(ledger, Quiet()), 0.0
    )
    asyncio.run(play)
    ledger.close()
    assert {order.plan for order in gang.orders} == {"sample"}


def test_workers_are_told_where_a_model_is_wherever_they_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    gang = Crew()
    asked: list[bool] = []
    improve(
        Path("run"), TINY, SETTINGS, lambda: gang, Quiet(lambda *_: asked.append(True)),
        generations=1, interrupted=lambda: bool(asked),
    )  # fmt: skip
    assert {order.model for order in gang.orders} == {str(tmp_path / "run/models/base")}


def test_only_the_newest_champions_are_kept(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    names = [f"g{i:04}" for i in range(1, CHAMPIONS + 3)]
    for name in ("base", *names, "g0001.part", "g0099"):  # killed while writing, and rejected
        folder.model(name).mkdir(parents=True)
    folder.retire(names)
    assert sorted(p.name for p in folder.models.iterdir()) == ["base", *names[2:]]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_killed_at_every_stage_it_ends_as_if_nothing_had_happened(
    undisturbed: Path, tmp_path: Path
) -> None:
    for part, number in (
        ("generation 1: play", "4"),
        ("generation 1: training", "2"),
        ("generation 1: calibration", "5"),
        ("generation 1: arena", "20"),
    ):
        assert run(tmp_path, part, number) == -signal.SIGKILL, (part, number)
    assert run(tmp_path) == 0
    assert contents(tmp_path) == contents(undisturbed)
    weights = [f / "models/g0001/model.safetensors" for f in (tmp_path, undisturbed)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_anywhere_twenty_times_it_ends_as_if_nothing_had_happened(
    undisturbed: Path, tmp_path: Path
) -> None:
    """At moments that nobody chose: within a transaction, a checkpoint, a rename."""
    rng, kills = Random(4), 0
    for attempt in count():
        folder = tmp_path / str(attempt)
        while kills < 20 and (end := run(folder, "anywhere", str(rng.uniform(0.0, 3.0)))) != 0:
            assert end == -signal.SIGKILL
            kills += 1
        assert run(folder) == 0
        assert contents(folder) == contents(undisturbed)
        if kills == 20:
            return


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_driver_workers_and_ray_killed_at_once(tmp_path: Path) -> None:
    """Whatever was in flight is played again, and nothing else. What an engine of floating-point
    numbers says in another batch may differ in a last digit, so outcomes are not compared."""
    pytest.importorskip("ray")
    ended = {}
    for name, kills in (("killed", ("generation 1: play", "generation 1: arena")), ("whole", ())):
        folder = tmp_path / name
        for part in kills:
            assert run(folder, part, "5", "ray") == -signal.SIGKILL
            assert not processes(str(folder)), "nothing outlives it"
        assert run(folder, "", "0", "ray") == 0
        ended[name] = [row[:9] for row in contents(folder)["problem"]]
        assert {row[7:9] for row in ended[name]} == {("done", 0)}
        ledger = Ledger(folder)
        places = ledger.places(1)
        plays = Shard(Folder(folder).shards, 1).read(places)
        kept = [play.id for play in plays if play]
        assert kept == [row["id"] for row in ledger.results(1)]
        assert len(kept) == sum(row[1] == 1 for row in ended[name])
        ledger.close()
    assert ended["killed"] == ended["whole"]


def processes(word: str) -> list[int]:
    """Those whose command line or environment holds a word."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            texts = [(folder / name).read_bytes() for name in ("cmdline", "environ")]
        except OSError:
            continue
        if int(folder.name) != os.getpid() and any(word.encode() in text for text in texts):
            found.append(int(folder.name))
    return found


def test_a_verifier_that_fails_its_test_teaches_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REASONER_HOME", str(tmp_path / "home"))
    family = domain("countdown")
    fooled = Check("what is wrong fails", 3, 1)
    save(ScoreCard(family.name, family.version, digest(family), (fooled,)))
    with pytest.raises(UsageError, match=r"countdown@.* fails"):
        improve(tmp_path / "run", TINY, SETTINGS, crew, Quiet(), generations=1)
    assert not (tmp_path / "run").exists()


def test_a_finished_run_has_nothing_to_do(undisturbed: Path) -> None:
    before = contents(undisturbed)
    audience = Quiet()
    assert improve(undisturbed, TINY, SETTINGS, crew, audience, generations=GENERATIONS)
    assert audience.parts == []
    assert contents(undisturbed) == before


def test_an_interruption_is_clean_and_the_same_command_goes_on(
    undisturbed: Path, tmp_path: Path
) -> None:
    asked: list[bool] = []

    def stop(part: str, done: int) -> None:
        if part == "generation 1: play" and done >= 2:
            asked.append(True)

    again = lambda audience, wish: improve(  # noqa: E731
        tmp_path, TINY, SETTINGS, crew, audience, generations=1, interrupted=wish
    )
    assert not again(Quiet(stop), lambda: bool(asked))
    assert generations(tmp_path)[-1].stage == "play"
    assert again(Quiet(), lambda: False)
    first = [row for row in contents(undisturbed)["problem"] if row[1] == 1]
    # all but the bodies, which the longer run has dropped by now
    played = [row for row in contents(tmp_path)["problem"] if row[1] == 1]
    assert [row[:6] + row[7:] for row in played] == [row[:6] + row[7:] for row in first]


def test_plays_that_were_judged_again_teach_again(tmp_path: Path) -> None:
    """Rescoring removes what all of them taught, not only the last generation's."""
    assert improve(tmp_path, TINY, SETTINGS, crew, Quiet(), generations=1)
    ledger = Ledger(tmp_path)
    assert [change.generation for change in rescore(ledger, Folder(tmp_path))] == [1]
    ledger.close()
    assert not Folder(tmp_path).lesson_file(1).exists()
    assert improve(tmp_path, TINY, SETTINGS, crew, Quiet(), generations=2)
    assert Folder(tmp_path).lesson_file(1).exists()


def test_a_verifier_of_another_version_judges_all_plays_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lessons = Folder(tmp_path).lesson_file(1)
    assert improve(tmp_path, TINY, SETTINGS, crew, Quiet(), generations=1)
    assert improve(tmp_path, TINY, SETTINGS, crew, Quiet(), generations=1)
    assert lessons.exists(), "the same verifier has nothing to say"
    monkeypatch.setattr("selfplay.loop.licensed", lambda domains: None)  # of this very version
    monkeypatch.setattr(Countdown, "version", "99")
    monkeypatch.setattr(Countdown, "verify", lambda self, p, answer: wrong("countdown@99", "no"))
    assert improve(tmp_path, TINY, SETTINGS, crew, Quiet(), generations=1)
    assert not lessons.exists()
    ledger = Ledger(tmp_path)
    assert ledger.fact("verifiers") == "countdown@99"
    assert not any(row["solved"] for row in ledger.results(1))
    ledger.close()


def test_a_training_whose_lessons_changed_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one whose lessons did not goes on; both are as long."""
    monkeypatch.setattr(challenger, "CHECKPOINT_EVERY", 2)
    settings = SETTINGS.model_copy(update={"steps": 4, "epochs": 100.0})
    puzzle = recognise("Use 4 5 6 10 to make 24")
    line = ("10 - 4 = 6 left 5 6 6", "6 * 5 = 30 left 6 30", "30 - 6 = 24")
    marked = [Taught(puzzle, line, ())] * 30
    began: list[int] = []
    for lessons in ([], [], marked):
        asked: list[int] = []

        def stop(part: str, done: int, asked: list[int] = asked) -> None:
            asked.extend([done] * (part == "generation 1: training" and done >= 3))

        audience = Quiet(stop)
        assert not improve(
            tmp_path, TINY, settings, crew, audience, generations=1,
            interrupted=lambda asked=asked: bool(asked), feedback=lambda lessons=lessons: lessons,
        )  # fmt: skip
        began.append(min(done for part, done in audience.parts if part.endswith("training")))
    assert began == [1, 3, 1]
    assert improve(tmp_path, TINY, settings, crew, Quiet(), generations=1, feedback=lambda: marked)
    assert list((tmp_path / "work").iterdir()) == []


def test_a_challenger_lies_between_the_champion_and_what_training_made_of_it(
    tmp_path: Path,
) -> None:
    line = ("10 - 4 = 6 left 5 6 6", "6 * 5 = 30 left 6 30", "30 - 6 = 24")
    lessons = Window([Taught(recognise("Use 4 5 6 10 to make 24"), line, ())], [])
    made: dict[float, torch.Tensor] = {}
    weights = lambda path: parameters_to_vector(networks.load(path).parameters())  # noqa: E731
    for share in (0.5, 1.0):
        settings = SETTINGS.model_copy(update={"blend": share, "rate": 1e-2, "steps": 1})
        out = tmp_path / str(share)
        train_challenger(TINY, out, lessons, settings, 1, tmp_path / "work", lambda *_: None)
        made[share] = weights(out) - weights(TINY)
    whole, half = made[1.0], made[0.5]
    assert whole.norm() > 1.0, "something was learned"
    assert (half @ whole / whole.norm() ** 2).item() == pytest.approx(0.5, abs=0.02)
    assert (half - whole / 2).norm() < 0.2 * whole.norm(), "but for rounding"


def test_a_checkpoint_does_not_outlive_its_training(tmp_path: Path) -> None:
    """Killed after the model was placed and before its checkpoint was removed."""
    out, work = tmp_path / "g0001", tmp_path / "work"
    for path in (out, work):
        path.mkdir()
    (out / "training.json").write_text('{"steps": 3}')
    for name in ("g0001-3.pt", "g0001-3.before"):
        (work / name).touch()
    known = train_challenger(TINY, out, Window([], []), SETTINGS, 1, work, lambda *_: None)
    assert known == {"steps": 3}
    assert list(work.iterdir()) == []


def test_only_families_that_make_problems_meet_in_the_arena(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Mute(Countdown):
        name = "mute"

        def generate(self, rng, level):
            raise NotImplementedError

    asked: list[str] = []

    async def duel(generation, champion, challenger, families, *rest):
        asked.extend(families)
        raise Stopped

    monkeypatch.setattr("selfplay.loop.domains", lambda: (Countdown(), Mute(), domain("general")))
    monkeypatch.setattr("selfplay.loop.duel", duel)
    ledger, sitting, _ = sitting_for(tmp_path)
    loop = Loop(Folder(tmp_path), ledger, sitting, tuple)
    with pytest.raises(Stopped):
        loop._duel(ledger.generations()[0], Crew())
    ledger.close()
    assert asked == ["countdown"]


def test_two_processes_do_not_share_a_folder(tmp_path: Path) -> None:
    with claim(tmp_path), pytest.raises(RunError, match="in use"):
        improve(tmp_path, TINY, SETTINGS, crew, Quiet(), generations=1)
    assert not (tmp_path / "ledger.sqlite").exists()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [({"seed": 5}, "seed 0"), ({"domains": ("equations",)}, "countdown"), ({"think_s": 1}, "None")],
)
def test_another_run_in_the_same_folder_is_refused(
    undisturbed: Path, change: dict[str, object], complaint: str
) -> None:
    other = SETTINGS.model_copy(update=change)
    with pytest.raises(UsageError, match=complaint):
        improve(undisturbed, TINY, other, crew, Quiet(), generations=1)


def test_another_model_is_refused(undisturbed: Path) -> None:
    with pytest.raises(UsageError, match="is not the one"):
        improve(undisturbed, undisturbed / "models/g0001", SETTINGS, crew, Quiet(), generations=1)


def test_planted_evaluation_problems_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = suite("game24")
    monkeypatch.setattr(draw, "fresh_problem", lambda rng, *_, **__: rng.choice(planted))
    gang = Crew()
    with pytest.raises(ReasonerError, match="no problem is left"):
        improve(tmp_path, TINY, SETTINGS, lambda: gang, Quiet(), generations=1)
    assert gang.orders == []


def test_a_generation_that_solved_nothing_changes_nothing(tmp_path: Path) -> None:
    class Hopeless(ToyEngine):
        def _line(self, request, rng):
            _, finish = super()._line(request, rng)
            return "1 + 1 = 3 left 3\n", finish

    audience = Quiet()
    assert improve(
        tmp_path, TINY, SETTINGS, lambda: Crew(lambda _: Hopeless()), audience, generations=2
    )
    assert [g.verdict for g in generations(tmp_path)] == [None, "rejected", "rejected"]
    assert "nothing was solved" in audience.lines[-1]


def test_training_that_fails_again_and_again_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learner._State, "is_bad", _strike)
    with pytest.raises(ReasonerError, match="training failed 3 times"):
        improve(tmp_path, TINY, SETTINGS, crew, Quiet(), generations=9)
    assert [g.verdict for g in generations(tmp_path)] == [None, "failed", "failed", "failed"]
    assert [p.name for p in (tmp_path / "models").iterdir()] == ["base"]


def _strike(state: learner._State, loss: dict[str, float]) -> bool:
    state.strikes = learner.STRIKES
    return True


def test_a_full_disk_stops_the_run_and_space_lets_it_go_on(
    undisturbed: Path, tmp_path: Path
) -> None:
    room = Shard(undisturbed / "shards", 2).size // 2
    with pytest.MonkeyPatch.context() as patch:
        real = Shard.append

        def tight(self: Shard, play):
            with room_for(room):
                return real(self, play)

        patch.setattr(Shard, "append", tight)
        with pytest.raises(ReasonerError, match="the same command goes on"):
            improve(tmp_path, TINY, SETTINGS, crew, Quiet(), generations=1)
    assert improve(tmp_path, TINY, SETTINGS, crew, Quiet(), generations=1)
    states = {row[7] for row in contents(tmp_path)["problem"]}
    assert states == {"done"}


# --- playing


def sitting_for(folder: Path, count: int = 6) -> tuple[Ledger, Sitting, Settings]:
    settings = SETTINGS.model_copy(update={"problems": count})
    ledger = Ledger(folder, settings)
    ledger.begin(1, "base", {}, draw.lot(settings, 1, {}, Admission(ledger.has_form)))
    return ledger, Sitting(ledger, Quiet()), settings


def play_with(folder: Path, gang: Crew, reserve_s: float = 0.0) -> tuple[dict[str, int], Crew]:
    ledger, sitting, settings = sitting_for(folder)
    try:
        asyncio.run(
            play_all(1, "base", settings, ledger, Shard(folder, 1), gang, sitting, reserve_s)
        )
        return ledger.states(1), gang
    finally:
        ledger.close()


@pytest.mark.parametrize("hang", [False, True])
def test_a_poisoned_problem_is_left_alone_after_two_failures(tmp_path: Path, hang: bool) -> None:
    seen: list[str] = []

    def bad(order) -> bool:
        seen.append(order.id)
        return order.id == seen[0]

    states, gang = play_with(tmp_path, Poisoned(bad, hang))
    assert states == {"done": 5, "quarantined": 1}
    assert [order.id for order in gang.orders].count(seen[0]) == 2
    assert gang.orders[-1].id == seen[0], "the second time it plays alone, after all others"


def test_when_nothing_can_be_played_the_run_says_so_and_goes_on_later(tmp_path: Path) -> None:
    ledger, sitting, settings = sitting_for(tmp_path)
    play = lambda gang: asyncio.run(  # noqa: E731
        play_all(1, "base", settings, ledger, Shard(tmp_path, 1), gang, sitting, 0.0)
    )
    with pytest.raises(ReasonerError, match=r"not one of 6 problems.*poison"):
        play(Poisoned(lambda order: True))
    play(Crew())
    assert ledger.states(1) == {"done": 5, "quarantined": 1}
    ledger.close()


def test_a_worker_that_dies_once_costs_nobody_a_problem(tmp_path: Path) -> None:
    died: list[str] = []

    def bad(order) -> bool:
        died.append(order.id)
        return len(died) <= 4  # all that were in flight

    states, _ = play_with(tmp_path, Poisoned(bad))
    assert states == {"done": 6}


def test_no_generation_is_begun_that_has_no_time_to_play(tmp_path: Path) -> None:
    """What comes after the plays takes most of it."""
    ledger, _, _ = sitting_for(tmp_path)
    ledger.advance(1, "done", verdict="rejected")
    for stage, seconds in (("play", 600.0), ("train", 1700.0), ("duel", 300.0)):
        ledger.spend(1, stage, seconds)
    for left, wanted in ((1900, False), (2200, False), (2400, True)):
        sitting = Sitting(ledger, Quiet(), 2600.0 + left, clock=lambda: 0.0)
        assert Loop(Folder(tmp_path), ledger, sitting, tuple).wants_more(None) is wanted
    ledger.close()


def test_a_model_that_can_not_be_loaded_poisons_no_problem(tmp_path: Path) -> None:
    class Weightless(Crew):
        async def play(self, order):
            raise ModelError("no weights")

    ledger, sitting, settings = sitting_for(tmp_path)
    with pytest.raises(ModelError, match="no weights"):
        asyncio.run(
            play_all(1, "base", settings, ledger, Shard(tmp_path, 1), Weightless(), sitting, 0.0)
        )
    assert len(ledger.lease(1, 9, 0)) == 6, "nothing is held against them"
    ledger.close()


def test_time_is_kept_for_what_comes_after(tmp_path: Path) -> None:
    ledger, _, settings = sitting_for(tmp_path)
    now = [0.0]
    sitting = Sitting(ledger, Quiet(), 100.0, clock=lambda: now[0])

    class Slow(Crew):
        capacity = 1

        async def play(self, order):
            now[0] += 15.0
            return await super().play(order)

    asyncio.run(play_all(1, "base", settings, ledger, Shard(tmp_path, 1), Slow(), sitting, 60.0))
    assert ledger.states(1) == {"done": 3, "skipped": 3}
    now[0] += 200
    with pytest.raises(Stopped):
        sitting.check()
    assert sum(ledger.seconds().values()) == pytest.approx(now[0])
    ledger.close()
