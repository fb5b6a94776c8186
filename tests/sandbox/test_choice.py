"""Which backend is used, and that none is ever swapped for a weaker one in silence."""

from __future__ import annotations

import importlib.util
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.traces import below
from verifiers.sandbox import End, Limits, Sandbox, SandboxUnavailable, bubblewrap, identity
from verifiers.sandbox.probe import ATTACKS, aprobe

Run = Callable[[Any], Any]


def test_the_best_that_works_is_picked(sandbox: Sandbox) -> None:
    found = Sandbox()
    assert found.backend == "bubblewrap"
    found.close()


def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda _: None)
    monkeypatch.setattr("verifiers.sandbox.landlock.find_spec", lambda _: None)


def test_without_any_backend_it_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_installed(monkeypatch)
    with pytest.raises(SandboxUnavailable) as caught:
        Sandbox()
    message = str(caught.value)
    assert "bubblewrap is not installed" in message
    assert "sandlock is not installed" in message
    assert "apt-get install bubblewrap" in message
    assert "\n" not in message


def test_a_backend_that_does_not_start_is_named_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("verifiers.sandbox.landlock.find_spec", lambda _: None)
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'bwrap: no permission to make namespaces' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(bubblewrap, "dropped", lambda command: command)
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda _: str(program))
    with pytest.raises(SandboxUnavailable, match="bubblewrap: bwrap: no permission to make"):
        Sandbox()


def test_asked_for_by_name_nothing_else_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_installed(monkeypatch)
    for name in ("bubblewrap", "sandlock"):
        with pytest.raises(SandboxUnavailable, match=f"{name} is not installed"):
            Sandbox(name)
    with pytest.raises(ValueError, match="expected one of bubblewrap, sandlock, unsafe"):
        Sandbox("docker")


def test_unsafe_is_a_permission_not_a_wish(sandbox: Sandbox) -> None:
    found = Sandbox(unsafe=True)
    assert (found.backend, found.noted("why")) == ("bubblewrap", "why")
    found.close()


def test_unsafe_is_only_what_was_asked_for_and_says_so(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_installed(monkeypatch)
    with pytest.raises(SandboxUnavailable, match="--unsafe-exec"):
        Sandbox()
    bare = Sandbox(unsafe=True, warm=0)
    assert bare.noted("why") == "why [unsafe: ran without isolation]"
    ran = run(bare.run("print(1)"))
    assert (ran.stdout, ran.backend) == (b"1\n", "unsafe")
    monkeypatch.setenv("SECRET", "hunter2")
    assert b"hunter2" not in run(bare.run("import os; print(os.environ)")).stdout
    assert run(bare.run("while True: pass", limits=Limits(seconds=0.5))).end is End.TIMEOUT
    bare.close()


def test_a_backend_that_stops_working_is_an_error(
    sandbox: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Sandbox("bubblewrap", warm=0)
    failing.close()
    monkeypatch.setattr(bubblewrap, "arguments", lambda *_: ["--no-such-option"])
    with pytest.raises(SandboxUnavailable, match=r"expected bubblewrap to start .*no-such-option"):
        run(failing.run("print(1)"))


def test_root_becomes_another_user(sandbox: Sandbox, run: Run) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root has other users to become")

    async def owner() -> int:
        async with sandbox.session("program", "import time; time.sleep(9)") as session:
            return os.stat(f"/proc/{session._child.init}").st_uid

    first, second = run(owner()), run(owner())
    assert first != second
    assert min(first, second) >= identity.UNUSED


def test_what_others_can_not_read_is_known() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "a" / "b"
        folder.mkdir(parents=True)
        Path(name).chmod(0o755)
        assert identity.readable(str(folder))
        folder.parent.chmod(0o700)
        assert not identity.readable(str(folder))


# Needs namespaces, or a writable folder, of which the fallback has none
BEYOND_THE_FALLBACK = {
    "other processes",
    "files of the host",
    "links out of the writable folder",
    "becoming root",
    "killing whoever can be reached",
    "a memory bomb",
    "memory in many processes",
    "one huge file",
}


def test_the_fallback_holds(sandbox: Sandbox, run: Run) -> None:
    sandbox.close()  # what it keeps warm may still be starting
    if importlib.util.find_spec("sandlock") is None:
        pytest.skip("NOT ATTACKED: the fallback sandlock is not installed")
    import sandlock

    if sandlock.landlock_abi_version() < sandlock.min_landlock_abi():
        pytest.skip("NOT ATTACKED: this kernel is too old for sandlock")
    found = Sandbox("sandlock", warm=0)
    assert run(found.run("print(input())", b"hello")).stdout == b"hello\n"
    before = below(os.getpid())
    attacks = tuple(attack for attack in ATTACKS if attack.name not in BEYOND_THE_FALLBACK)
    assert len(attacks) == len(ATTACKS) - len(BEYOND_THE_FALLBACK)
    assert not [row for row in run(aprobe(found, attacks)) if not row.held]
    assert below(os.getpid()) == before
    for path in ("/etc/shadow", "/etc/passwd", str(Path(__file__))):
        assert b"PermissionError" in run(found.run(f"open({path!r})")).stderr
    called = run(found.call("def f(x): return x + 1", "f", [[1]]))
    assert called.replies[0].value == 2
    found.close()
