"""The ledger: nothing twice, nothing lost, one writer."""

from __future__ import annotations

from pathlib import Path

import pytest

from reasoner.errors import RunError
from selfplay.curriculum import Skill
from selfplay.entries import Bout
from selfplay.folder import claim
from selfplay.ledger import Ledger
from selfplay.play import Play
from selfplay.settings import Settings
from selfplay.shards import Place
from verifiers import Problem, domain, fingerprint, recognise

SETTINGS = Settings(model="tiny", domains=("countdown",))


def problems(count: int) -> list[tuple[str, bytes, Problem]]:
    found = [recognise(f"Use {n} 5 6 10 to make 24") for n in range(1, count + 1)]
    return [(f"p{i}", fingerprint(domain("countdown"), p), p) for i, p in enumerate(found)]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger(tmp_path, SETTINGS)
    ledger.begin(1, "base", {("countdown", 4): Skill(3, 4)}, problems(5))
    return ledger


def played(name: str, right: bool | None = True) -> Play:
    return Play(
        name, 1, problems(1)[0][2], "w", "countdown@1", 0, 9, "tokens", 7, 0.5, "a", False, right
    )


def test_what_is_written_is_there_when_opened_again(ledger: Ledger, tmp_path: Path) -> None:
    ledger.close()
    again = Ledger(tmp_path)
    assert again.settings == SETTINGS
    (one,) = again.generations()
    assert one.skills == {("countdown", 4): Skill(3, 4)}
    assert [e.problem for e in again.lease(1, 9, 0)] == [p for _, _, p in problems(5)]


def test_a_lease_is_given_once_and_comes_back_when_its_process_is_gone(ledger: Ledger) -> None:
    assert [e.number for e in ledger.lease(1, 3, 0)] == [0, 1, 2]
    assert [e.number for e in ledger.lease(1, 3, 0)] == [3, 4]
    assert ledger.lease(1, 3, 0) == []
    ledger.finish(played("p1"), None)
    ledger.release(1)
    assert ledger.states(1) == {"done": 1, "open": 4}
    assert [e.failures for e in ledger.lease(1, 9, 0)] == [0] * 4, "held against nobody"


def test_a_play_counts_once(ledger: Ledger) -> None:
    ledger.lease(1, 9, 0)
    ledger.finish(played("p0"), Place(0, 10))
    ledger.finish(played("p0", right=False), Place(10, 20))
    assert ledger.places(1) == [Place(0, 10)]
    assert [row["solved"] for row in ledger.results(1)] == [1]


def test_two_failures_are_quarantine(ledger: Ledger) -> None:
    (first, *_) = ledger.lease(1, 1, 0)
    assert not ledger.fail(first, "boom")
    (again,) = ledger.lease(1, 9, failures=1)
    assert again.id == first.id
    assert ledger.fail(again, "boom")
    assert ledger.states(1) == {"quarantined": 1, "open": 4}


def test_no_form_is_played_twice_in_a_run(ledger: Ledger) -> None:
    form = problems(1)[0][1]
    assert ledger.has_form(form)
    with pytest.raises(Exception, match="UNIQUE"):
        ledger.begin(2, "base", {}, [("other", form, problems(1)[0][2])])
    assert [g.number for g in ledger.generations()] == [1], "all or nothing"


def test_bouts_count_once(ledger: Ledger) -> None:
    one = Bout("policy", 3, "countdown", 4, True, False, 50)
    ledger.add_bouts(1, [one, Bout("policy", 3, "countdown", 4, False, True, 50)])
    assert ledger.bouts(1) == [one]


def test_time_adds_up_over_sittings(ledger: Ledger, tmp_path: Path) -> None:
    ledger.spend(1, "play", 2.0)
    ledger.close()
    again = Ledger(tmp_path)
    again.spend(1, "play", 3.0)
    again.spend(1, "train", 1.0)
    assert again.seconds() == {(1, "play"): 5.0, (1, "train"): 1.0}


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    refused = pytest.raises(RunError, match="in use by another process")
    with claim(tmp_path), refused, claim(tmp_path):
        pass
    with claim(tmp_path):
        pass


def test_no_run_another_version_and_no_ledger_at_all(tmp_path: Path, ledger: Ledger) -> None:
    with pytest.raises(RunError, match="found none"):
        Ledger(tmp_path / "nowhere")
    ledger._db.execute("PRAGMA user_version = 99")
    ledger.close()
    with pytest.raises(RunError, match="found 99"):
        Ledger(tmp_path)
    for name in ("ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / "ledger.sqlite").write_bytes(b"no ledger" * 1000)
    with pytest.raises(RunError, match="can not be read"):
        Ledger(tmp_path, SETTINGS)
    assert (tmp_path / "ledger.sqlite").read_bytes() == b"no ledger" * 1000


def test_settings_of_another_version_are_one_line(tmp_path: Path, ledger: Ledger) -> None:
    ledger.note("settings", SETTINGS.model_dump_json()[:-1] + ', "later": 1}')
    ledger.close()
    with pytest.raises(RunError, match="settings of another version"):
        Ledger(tmp_path)


def test_a_killed_beginning_is_begun_again(tmp_path: Path) -> None:
    """Killed after the file was made and before the tables were."""
    (tmp_path / "ledger.sqlite").touch()
    assert Ledger(tmp_path, SETTINGS).generations() == []
