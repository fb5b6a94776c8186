"""The loop: play, learn, duel, promote; again and again, and from where it stopped.

    curriculum -> workers -> shards -> admission -> targets -> window -> challenger -> arena

A generation is a row in the ledger with a stage. Each stage reads files and rows that the stages
before it finished, and ends with one transaction; so a process killed at any moment goes on with
the stage it was in, and what a stage did twice it did the same way.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from reasoner.catalog import fingerprint
from reasoner.errors import ReasonerError, UsageError
from verifiers import domain, domains

from . import window
from .admission import Admission, licensed
from .challenger import train_challenger
from .curriculum import Cell, Skill
from .draw import curriculum, lot, placement
from .dueling import duel
from .entrance import judges_itself
from .entries import Generation
from .folder import BASE, Folder, challenger, claim
from .learner import Diverged
from .ledger import Ledger
from .playing import play_all
from .proposer import Proposer
from .release import RELEASED
from .rescore import rescore
from .rollback import mend
from .settings import Settings
from .shards import Shard
from .sitting import Audience, Sitting, Stopped
from .status import champion, describe, ratings, reason
from .targets import Taught, teach
from .workers import Workers

MAX_FAILED = 3  # trainings in a row that came to nothing
_UNPLAYED = 0.6  # of a generation's time is for its training and its duel, as long as none is known


def improve(
    path: Path,
    base: Path,
    settings: Settings,
    workers: Callable[[], Workers],
    audience: Audience,
    *,
    generations: int | None = None,
    seconds: float | None = None,
    interrupted: Callable[[], bool] = lambda: False,
    feedback: Callable[[], Iterable[Taught]] = tuple,
) -> bool:
    """Improve the model in ``base`` within ``path``; True when all that was asked for is done.

    ``generations``, ``seconds``: in all, earlier sittings included; None: no limit.
    ``feedback``: lessons from elsewhere, asked for before each training.
    Raises ``UsageError`` when a verifier fails its own test, ``RunError`` when another process
    works in ``path``, ``ReasonerError`` when the disk is full or training fails again and again.
    """
    licensed(settings.domains)
    folder = Folder(path.resolve())  # workers of a cluster may run elsewhere
    with claim(path):
        ledger = Ledger(path, settings)
        crew: Workers | None = None
        try:
            same_run(folder, ledger, base, settings)
            mend(folder, ledger, audience.say)
            sitting = Sitting(ledger, audience, seconds, interrupted)
            loop = Loop(folder, ledger, sitting, feedback)
            while loop.wants_more(generations):
                crew = crew or workers()
                loop.turn(crew)
            return True
        except Stopped:
            return False
        except (OSError, sqlite3.OperationalError) as error:
            raise ReasonerError(
                f"the run in {path} stopped: {error}; nothing that was finished is lost, "
                "the same command goes on when the cause is gone"
            ) from None
        finally:
            if crew is not None:
                crew.close()
            ledger.close()


def same_run(folder: Folder, ledger: Ledger, base: Path, settings: Settings) -> None:
    """Make sure that what is found is what was asked for, and note today's verifiers.

    Raises :class:`UsageError` when model, families, seed or thinking time are others, and where
    there is no run, but what was released from one.
    """
    if ledger.fact(RELEASED) is not None:
        raise UsageError(
            f"expected a run in {folder.path}, found a model that was exported from one, with its "
            "evidence; give another --out folder, and this one as --model"
        )
    for name in ("domains", "seed", "think_s", "lora"):
        asked, found = getattr(settings, name), getattr(ledger.settings, name)
        if asked != found:
            raise UsageError(
                f"expected {name} {found} as this run in {folder.path} was begun, found {asked}; "
                "give the same, or --resume, or another --out folder"
            )
    folder.adopt(base)
    if fingerprint(base) != fingerprint(folder.model(BASE)):
        raise UsageError(
            f"the model in {base} is not the one that the run in {folder.path} began from; "
            "--resume goes on with the copy it keeps, another --out folder begins anew"
        )
    _note_verifiers(folder, ledger)


def _note_verifiers(folder: Folder, ledger: Ledger) -> None:
    """A verifier that changed since the last sitting judges all plays again: what they teach
    follows the verifiers of the day."""
    names = ledger.settings.domains
    today = ", ".join(f"{name}@{domain(name).version}" for name in names)
    if ledger.fact("verifiers") not in (None, today):
        for _ in rescore(ledger, folder):
            pass
    ledger.note("verifiers", today)


class Loop:
    def __init__(
        self,
        folder: Folder,
        ledger: Ledger,
        sitting: Sitting,
        feedback: Callable[[], Iterable[Taught]],
    ) -> None:
        self.folder, self.ledger, self.sitting = folder, ledger, sitting
        self.feedback = feedback
        self.settings = ledger.settings
        self.admission = Admission(ledger.has_form)

    def wants_more(self, generations: int | None) -> bool:
        """Whether there is a generation to finish, or to begin and time for it."""
        known = self.ledger.generations()
        if not known or known[-1].stage != "done":
            return True
        if generations is not None and known[-1].number >= generations:
            return False
        left, last = self.sitting.left, known[-1].number
        if left is not None and last > 0:  # for half a lot, and all that comes after it
            return left > 0.5 * self._duration(last, ("play",)) + self._reserve(last)
        return left is None or left > 0

    def turn(self, crew: Workers) -> None:
        """The next stage of the current generation, or a new generation's first."""
        self.sitting.check()
        known = self.ledger.generations()
        if not known or known[-1].stage == "done":
            self._begin(known[-1] if known else None)
            return
        now = known[-1]
        self.sitting.enter(now.number, now.stage)
        {"play": self._play, "train": self._train, "duel": self._duel}[now.stage](now, crew)
        self.sitting.tick(force=True)

    def _begin(self, last: Generation | None) -> None:
        if last is None:
            self.ledger.begin(0, BASE, {}, placement(self.settings, self.admission))
            return
        skills = self._skills(last)
        number = last.number + 1
        lessons = self.folder.lesson_file(last.number)
        proposer = Proposer.of(window.read(lessons)) if lessons.exists() else None
        problems = lot(self.settings, number, skills, self.admission, proposer)
        if not problems:
            raise ReasonerError(
                "no problem is left that was not played before; add domains to --domains"
            )
        self.ledger.begin(number, champion(self.ledger), skills, problems)

    def _skills(self, last: Generation) -> dict[Cell, Skill]:
        counts: dict[Cell, list[int]] = {}
        for row in self.ledger.results(last.number):
            if row["greedy"] is not None:
                counts.setdefault((row["family"], row["level"]), [0, 0])[1 - row["greedy"]] += 1
        results = {cell: (solved, failed) for cell, (solved, failed) in counts.items()}
        return dict(curriculum(self.settings, last.skills).after(results).skills)

    def _play(self, now: Generation, crew: Workers) -> None:
        reserve = 0.0
        if now.number and self.sitting.seconds is not None:
            reserve = self._reserve(now.number - 1) or _UNPLAYED * self.sitting.seconds / 2
        shard = Shard(self.folder.shards, now.number)
        model = str(self.folder.model(now.champion))
        asyncio.run(
            play_all(now.number, model, self.settings, self.ledger, shard, crew, self.sitting,
                     reserve)
        )  # fmt: skip
        self.ledger.advance(now.number, "train" if now.number else "done")

    def _train(self, now: Generation, crew: Workers) -> None:
        within = self._within(now.number)
        for number in within:  # those before it, too: rescoring removes what they taught
            self._teach(number)
        window.write(self.feedback(), self.folder.feedback)
        files = [self.folder.lesson_file(number) for number in within]
        view = window.Window.of([*files, self.folder.feedback])
        if not view.solved:
            self._end(now, "rejected", "nothing was solved, so there is nothing to learn")
            return
        try:
            trained = train_challenger(
                self.folder.model(now.champion), self.folder.model(challenger(now.number)), view,
                self.settings, now.number, self.folder.work,
                lambda part, *rest: self.sitting.report(f"generation {now.number}: {part}", *rest),
            )  # fmt: skip
        except Diverged as error:
            self._end(now, "failed", str(error))
            failed = [g.verdict for g in self.ledger.generations()[-MAX_FAILED:]]
            if failed == ["failed"] * MAX_FAILED:
                raise ReasonerError(
                    f"training failed {MAX_FAILED} times in a row: {error}; begin a new run "
                    "with another seed or more problems a generation"
                ) from None
            return
        self.ledger.advance(now.number, "duel", trained=trained)

    def _teach(self, number: int) -> None:
        """What the generation's plays teach, kept beside them."""
        path = self.folder.lesson_file(number)
        if path.exists():
            return
        places = self.ledger.places(number)
        plays = Shard(self.folder.shards, number).read(places)
        refused: Counter[str] = Counter()
        taught = []
        for i, play in enumerate(plays):
            reason = "damaged" if play is None else self.admission.play(play)
            if play is None or reason is not None:
                refused[reason or ""] += 1
            else:
                taught.append(teach(play))
            if i % 20 == 0:
                self.sitting.report(f"generation {number}: targets", i, len(places), "")
        for reason, count in refused.items():
            self.sitting.audience.say(f"generation {number}: {count} plays refused ({reason})")
        window.write(taught, path)

    def _within(self, number: int) -> list[int]:
        """Generations in the replay window, oldest first; what lies before it is removed."""
        sizes = {g: self.ledger.states(g).get("done", 0) for g in range(1, number + 1)}
        wanted = window.reach(sum(sizes.values()), self.settings.window)
        inside: list[int] = []
        for g in range(number, 0, -1):
            if wanted > 0:
                inside.append(g)
                wanted -= sizes[g]
            else:
                Shard(self.folder.shards, g).remove()
                self.folder.lesson_file(g).unlink(missing_ok=True)
                self.ledger.forget(g)
        return inside[::-1]

    def _duel(self, now: Generation, crew: Workers) -> None:
        families = [family.name for family in domains() if judges_itself(family)]
        name = challenger(now.number)
        result = asyncio.run(
            duel(now.number, str(self.folder.model(now.champion)), str(self.folder.model(name)),
                 families, self.settings, self.ledger, crew, self.sitting)
        )  # fmt: skip
        self._end(now, "promoted" if result.promoted else "rejected", reason(result))

    def _end(self, now: Generation, verdict: str, note: str) -> None:
        self.sitting.tick(force=True)
        self.ledger.advance(now.number, "done", verdict=verdict, note=note)
        known = self.ledger.generations()
        self.folder.retire([challenger(g.number) for g in known if g.verdict == "promoted"])
        self.sitting.audience.say(describe(self.ledger, now.number, ratings(self.ledger)))

    def _reserve(self, number: int) -> float:
        """Seconds that a generation took after its plays."""
        return self._duration(number, ("train", "duel"))

    def _duration(self, number: int, stages: tuple[str, ...]) -> float:
        spent = self.ledger.seconds()
        return sum(spent.get((number, stage), 0.0) for stage in stages)
