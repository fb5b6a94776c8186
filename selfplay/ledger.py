"""The ledger: everything a run knows about itself, in one SQLite file.

Each change is one transaction, so a process killed at any moment leaves the ledger as it was
before or after the change. One process at a time writes: see :mod:`selfplay.folder`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from reasoner.errors import RunError
from verifiers import Problem

from .curriculum import Cell, Skill
from .entries import Bout, Entry, Generation, dump, generation, load
from .play import Play
from .settings import SCHEMA, Settings
from .shards import Place
from .tables import TABLES

LEDGER = "ledger.sqlite"
MAX_FAILURES = 2  # of one problem; then it is left alone


class Ledger:
    def __init__(self, folder: Path, settings: Settings | None = None) -> None:
        """Open the ledger in ``folder``; ``settings`` begin a new one where there is none.

        Raises :class:`RunError` when there is none to open or it is of another version.
        """
        path = folder / LEDGER
        if settings is None and not path.exists():
            raise RunError(f"expected a run in {folder}, found none; begin one with --out {folder}")
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        try:
            self._db.execute("PRAGMA synchronous = NORMAL")
            found = self._db.execute("PRAGMA user_version").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise RunError(f"{path} can not be read ({error}); use another --out folder") from None
        if not found and settings is not None:
            self._create(settings)
        elif found != SCHEMA:
            self._db.close()
            raise RunError(
                f"expected a ledger of version {SCHEMA} in {folder}, found {found}; "
                "use another --out folder, or the version that made it"
            )
        try:
            self.settings = Settings.model_validate_json(self.fact("settings") or "")
        except ValidationError:
            self._db.close()
            raise RunError(
                f"{path} has settings of another version; use another --out folder, or that version"
            ) from None

    def _create(self, settings: Settings) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")  # stays so; reading changes no file
        with self.change():
            for statement in TABLES.split(";\n"):
                self._db.execute(statement)
            self.note("settings", settings.model_dump_json())
            self._db.execute(f"PRAGMA user_version = {SCHEMA}")

    def close(self) -> None:
        self._db.close()

    def copy(self, path: Path) -> None:
        """As it is now, in one file, even while a run writes it."""
        self._db.execute("VACUUM INTO ?", (str(path),))

    @contextmanager
    def change(self) -> Iterator[None]:
        """All or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._db.in_transaction:  # a full disk may have ended it already
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # --- facts, time

    def note(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))

    def fact(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def spend(self, generation: int, stage: str, seconds: float) -> None:
        self._db.execute(
            "INSERT INTO spent VALUES (?, ?, ?) "
            "ON CONFLICT DO UPDATE SET seconds = seconds + excluded.seconds",
            (generation, stage, seconds),
        )

    def seconds(self) -> dict[tuple[int, str], float]:
        """Time spent, by generation and stage, all sittings together."""
        rows = self._db.execute("SELECT * FROM spent")
        return {(row["generation"], row["stage"]): row["seconds"] for row in rows}

    # --- generations

    def generations(self) -> list[Generation]:
        rows = self._db.execute("SELECT * FROM generation ORDER BY number")
        return [generation(row) for row in rows]

    def begin(
        self,
        number: int,
        champion: str,
        skills: Mapping[Cell, Skill],
        problems: Sequence[tuple[str, bytes, Problem]],
    ) -> None:
        """A new generation and its ``problems`` (id, form, problem), in one step."""
        kept = json.dumps([[*cell, s.solved, s.failed] for cell, s in sorted(skills.items())])
        rows = [
            (name, number, i, p.domain, p.level, form, dump(p))
            for i, (name, form, p) in enumerate(problems)
        ]
        with self.change():
            self._db.execute(
                "INSERT INTO generation (number, champion, stage, skills) VALUES (?, ?, ?, ?)",
                (number, champion, "play", kept),
            )
            self._db.executemany(
                "INSERT INTO problem (id, generation, number, family, level, form, body) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def advance(
        self,
        number: int,
        stage: str,
        *,
        verdict: str | None = None,
        note: str = "",
        trained: Mapping[str, float] | None = None,
    ) -> None:
        with self.change():
            self._db.execute(
                "UPDATE generation SET stage = ?, verdict = coalesce(?, verdict), "
                "note = ? WHERE number = ?",
                (stage, verdict, note, number),
            )
            if trained is not None:
                self._db.execute(
                    "UPDATE generation SET trained = ? WHERE number = ?",
                    (json.dumps(dict(trained)), number),
                )

    def take_back(self, number: int, champion: str, note: str) -> None:
        """A promotion no longer holds; the generation under way goes on from ``champion``."""
        with self.change():
            told = "UPDATE generation SET verdict = 'taken back', note = ? WHERE number = ?"
            self._db.execute(told, (note, number))
            then = "UPDATE generation SET champion = ? WHERE stage != 'done'"
            self._db.execute(then, (champion,))
            self.void_bouts()

    def void_bouts(self) -> None:
        """Those of the generation under way: one of its sides is another one now."""
        now = "SELECT number FROM generation WHERE stage != 'done'"
        self._db.execute(f"DELETE FROM duel WHERE generation IN ({now})")

    # --- problems

    def has_form(self, form: bytes) -> bool:
        row = self._db.execute("SELECT 1 FROM problem WHERE form = ?", (form,)).fetchone()
        return row is not None

    def release(self, generation: int) -> None:
        """Leases of a process that is gone end; nothing is held against their problems."""
        self._db.execute(
            "UPDATE problem SET state = 'open' WHERE generation = ? AND state = 'leased'",
            (generation,),
        )

    def lease(self, generation: int, count: int, failures: int) -> list[Entry]:
        """Up to ``count`` open problems that failed so often before, first come first served."""
        rows = self._db.execute(
            "SELECT * FROM problem WHERE generation = ? AND state = 'open' AND failures = ? "
            "ORDER BY number LIMIT ?",
            (generation, failures, count),
        ).fetchall()
        with self.change():
            self._db.executemany(
                "UPDATE problem SET state = 'leased' WHERE id = ?", [(row["id"],) for row in rows]
            )
        return [Entry(row["id"], row["number"], load(row["body"]), row["failures"]) for row in rows]

    def finish(self, play: Play, place: Place | None) -> None:
        """A play came home. Telling it twice changes nothing."""
        start, end = place or (None, None)
        self._db.execute(
            "UPDATE problem SET state = 'done', start = ?, end = ?, policy = ?, verifier = ?, "
            "greedy = ?, solved = ?, tokens = ?, seconds = ? WHERE id = ? AND state = 'leased'",
            (
                start, end, play.policy, play.verifier, play.greedy, play.right, play.tokens,
                play.seconds, play.id,
            ),
        )  # fmt: skip

    def fail(self, entry: Entry, reason: str) -> bool:
        """Count a failure; True when the problem is now in quarantine."""
        state = "quarantined" if entry.failures + 1 >= MAX_FAILURES else "open"
        self._db.execute(
            "UPDATE problem SET state = ?, failures = failures + 1, reason = ? "
            "WHERE id = ? AND state = 'leased'",
            (state, reason[:300], entry.id),
        )
        return state == "quarantined"

    def skip_open(self, generation: int) -> None:
        """What was not played before time ran out never will be."""
        self._db.execute(
            "UPDATE problem SET state = 'skipped' WHERE generation = ? AND state = 'open'",
            (generation,),
        )

    def states(self, generation: int) -> dict[str, int]:
        """How many problems are in each state."""
        counted = "SELECT state, count(*) FROM problem WHERE generation = ? GROUP BY state"
        rows = self._db.execute(counted, (generation,))
        return {str(row[0]): int(row[1]) for row in rows}

    def places(self, generation: int) -> list[Place]:
        """Where the plays kept are, by number."""
        rows = self._db.execute(
            "SELECT start, end FROM problem WHERE generation = ? AND state = 'done' "
            "AND start IS NOT NULL ORDER BY number",
            (generation,),
        )
        return [Place(*row) for row in rows]

    def results(self, generation: int) -> list[sqlite3.Row]:
        """Finished problems: family, level, greedy, solved, tokens, seconds; by number."""
        return self._db.execute(
            "SELECT id, family, level, greedy, solved, tokens, seconds FROM problem "
            "WHERE generation = ? AND state = 'done' ORDER BY number",
            (generation,),
        ).fetchall()

    def rejudge(self, plays: Iterable[Play]) -> int:
        """Enter new verdicts; returns how many are others than before."""
        plays = list(plays)
        with self.change():
            before = self._db.total_changes
            self._db.executemany(
                "UPDATE problem SET greedy = ?, solved = ? "
                "WHERE id = ? AND (greedy IS NOT ? OR solved IS NOT ?)",
                [(p.greedy, p.right, p.id, p.greedy, p.right) for p in plays],
            )
            changed = self._db.total_changes - before
            self._db.executemany(
                "UPDATE problem SET verifier = ? WHERE id = ?", [(p.verifier, p.id) for p in plays]
            )
        return changed

    def forget(self, generation: int) -> None:
        """The generation's shard is gone; what is left is counts and hashes."""
        self._db.execute(
            "UPDATE problem SET body = NULL, start = NULL, end = NULL WHERE generation = ?",
            (generation,),
        )

    # --- duels

    def add_bouts(self, generation: int, bouts: Iterable[Bout]) -> None:
        with self.change():
            self._db.executemany(
                "INSERT OR IGNORE INTO duel VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (generation, b.arm, b.number, b.family, b.level, b.champion, b.challenger,
                     b.tokens)
                    for b in bouts
                ],
            )  # fmt: skip

    def bouts(self, generation: int) -> list[Bout]:
        """In the order in which they were drawn."""
        rows = self._db.execute(
            "SELECT * FROM duel WHERE generation = ? ORDER BY arm, number", (generation,)
        )
        return [
            Bout(r["arm"], r["number"], r["family"], r["level"], bool(r["champion"]),
                 bool(r["challenger"]), r["tokens"])
            for r in rows
        ]  # fmt: skip
