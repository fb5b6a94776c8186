"""Attacks on the sandbox; ``test_ordinary`` makes them once more as an ordinary user."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.traces import becomes, below, left
from verifiers.sandbox import End, Limits, Ran, Sandbox
from verifiers.sandbox.attacks import ESCAPES, Attack
from verifiers.sandbox.child import Child
from verifiers.sandbox.floods import FLOODS
from verifiers.sandbox.probe import ATTACKS, Row, aprobe, probe
from verifiers.sandbox.session import BOOT_S

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[[Any], Any]


@pytest.fixture(scope="module")
def rows(sandbox: Sandbox) -> dict[str, Row]:
    """All attacks, some at once: most of them wait for their deadline."""
    return {row.name: row for row in asyncio.run(aprobe(sandbox))}


@pytest.mark.parametrize("attack", ESCAPES + FLOODS, ids=lambda attack: attack.name)
def test_the_sandbox_holds(attack: Attack, rows: dict[str, Row]) -> None:
    assert rows[attack.name].held, rows[attack.name]


# --- an attack that gets through is noticed


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("finds something", "print('ESCAPED', open('/etc/passwd').read())"),
        ("ends otherwise", "raise SystemExit(1)"),
    ],
)
def test_a_probe_tells_what_got_through(
    name: str, program: str, sandbox: Sandbox, run: Run
) -> None:
    (row,) = run(aprobe(sandbox, (Attack(name, program),)))
    assert not row.held
    assert row.detail


def test_the_attacks_succeed_without_a_sandbox(run: Run, tmp_path: Path) -> None:
    """Else they would prove nothing. Only those that harm nobody."""
    harmless = {"files of the host", "other processes", "the network"}
    bare = Sandbox("unsafe", warm=0)
    attacks = tuple(attack for attack in ATTACKS if attack.name in harmless)
    assert len(attacks) == len(harmless)
    assert not [row.name for row in run(aprobe(bare, attacks)) if row.held]
    bare.close()


def test_what_is_no_sandbox_is_not_attacked() -> None:
    with pytest.raises(ValueError, match="expected a sandbox to attack, got 'unsafe'"):
        probe("unsafe")


# --- what can only be seen from outside


def test_our_environment_and_files_stay_ours(
    sandbox: Sandbox, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    (tmp_path / ".env").write_text("hunter2")
    monkeypatch.chdir(tmp_path)
    program = f"""
import os
seen = [open("/proc/1/environ").read(), open("/proc/1/cmdline").read(), str(os.environ)]
for path in ("/proc/1/cwd/.env", "/proc/self/cwd/.env", ".env", {str(tmp_path / ".env")!r}):
    try: seen.append(open(path).read())
    except OSError: pass
print(seen)
"""
    fresh = Sandbox("bubblewrap", warm=0)  # started with the secret in our environment
    ran = run(fresh.run(program))
    fresh.close()
    assert ran.end is End.OK, ran
    assert b"hunter2" not in ran.stdout
    assert str(ROOT).encode() not in ran.stdout


def test_descriptors_of_ours_stay_ours(sandbox: Sandbox, run: Run, tmp_path: Path) -> None:
    secret = os.open(tmp_path / "secret", os.O_RDWR | os.O_CREAT)
    os.set_inheritable(secret, True)
    high = os.dup2(secret, 251)
    try:
        fresh = Sandbox("bubblewrap", warm=0)
        (attack,) = (attack for attack in ESCAPES if attack.name == "inherited descriptors")
        ran = run(fresh.run(attack.program))
        fresh.close()
    finally:
        os.close(secret)
        os.close(high)
    assert (ran.end, ran.stdout) == (End.OK, b""), ran


def test_services_of_the_host_are_out_of_reach(sandbox: Sandbox, run: Run, tmp_path: Path) -> None:
    """TCP on this very machine, and a unix socket with an abstract name, which needs no file."""
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        name = f"\0sandbox-test-{os.getpid()}"
        unix.bind(name)
        unix.listen()
        program = f"""
import socket
for family, address in ((socket.AF_INET, {tcp.getsockname()!r}), (socket.AF_UNIX, {name!r})):
    try:
        socket.socket(family).connect(address)
        print("ESCAPED", address)
    except OSError:
        pass
"""
        ran = run(sandbox.run(program))
        assert (ran.end, ran.stdout) == (End.OK, b""), ran
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(name)  # it was there to be reached


def test_our_process_gets_no_signal(sandbox: Sandbox, run: Run) -> None:
    got: list[int] = []
    numbers = (signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP)
    before = {number: signal.signal(number, lambda n, _: got.append(n)) for number in numbers}
    program = f"""
import os
assert os.getpid() < 50, "not alone in a namespace"
for pid in ({os.getpid()}, os.getppid(), -1, 0, 1):
    for number in {[int(n) for n in numbers]}:
        try: os.kill(pid, number)
        except OSError: pass
"""
    try:
        run(sandbox.run(program))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert got == []


def test_two_runs_do_not_see_each_other(sandbox: Sandbox, run: Run) -> None:
    """Each leaves a file, a name and a process, and looks for those of the other."""
    program = """
import os, socket, sys, time
me = sys.stdin.read()
open(f"/tmp/{me}", "w").close()
open(f"/dev/shm/{me}", "w").close()
listener = socket.socket(socket.AF_UNIX)
listener.bind(f"\\0{me}")
listener.listen()
time.sleep(0.7)
other = {"a": "b", "b": "a"}[me]
if os.path.exists(f"/tmp/{other}") or os.path.exists(f"/dev/shm/{other}"):
    print("ESCAPED files")
try:
    socket.socket(socket.AF_UNIX).connect(f"\\0{other}")
    print("ESCAPED sockets")
except OSError:
    pass
if {int(p) for p in os.listdir("/proc") if p.isdigit()} - {1, os.getpid()}:
    print("ESCAPED processes")
for pid in range(2, 40) if os.getpid() < 50 else ():
    if pid != os.getpid():
        try: os.kill(pid, 9)
        except OSError: continue
        print("ESCAPED kill", pid)
print("done", me)
"""

    async def both() -> list[Ran]:
        return list(await asyncio.gather(*(sandbox.run(program, me) for me in (b"a", b"b"))))

    assert [ran.stdout for ran in run(both())] == [b"done a\n", b"done b\n"]


def test_a_run_finds_nothing_of_the_one_before(sandbox: Sandbox, run: Run) -> None:
    run(sandbox.run("open('/tmp/note', 'w').write('x'); open('/dev/shm/note', 'w').close()"))
    ran = run(sandbox.run("import os; print(os.listdir('/tmp'), os.listdir('/dev/shm'))"))
    assert ran.stdout == b"[] []\n"


ORPHAN = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(300)
    os._exit(0)
os.wait()
"""


@pytest.mark.parametrize("then", ["", "time.sleep(300)", "os._exit(7)", "os.kill(os.getpid(), 9)"])
def test_nothing_is_left_however_a_run_ends(then: str, sandbox: Sandbox, run: Run) -> None:
    """Gone when the await returns, not some time later."""
    sandbox.close()  # what it keeps warm may still be starting
    alone = Sandbox("bubblewrap", warm=0)
    alone.close()
    before = below(os.getpid())
    ran = run(alone.run(ORPHAN + then, limits=Limits(seconds=1.0)))
    assert ran.end is not End.OK or not then
    assert below(os.getpid()) == before


def test_cancelling_kills_at_once(sandbox: Sandbox, run: Run) -> None:
    sandbox.close()  # what it keeps warm may still be starting
    alone = Sandbox("bubblewrap", warm=0)
    alone.close()
    before = below(os.getpid())

    async def cancelled() -> None:
        task = asyncio.create_task(alone.run(ORPHAN + "time.sleep(300)", limits=Limits(seconds=55)))
        while below(os.getpid()) <= before:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(cancelled())
    assert below(os.getpid()) == before


def test_killed_with_us(tmp_path: Path) -> None:
    """SIGKILL for the process that runs the sandbox leaves nothing behind either."""
    code = f"""
import asyncio, sys
from verifiers.sandbox import Sandbox, Limits
sandbox = Sandbox("bubblewrap")
print("up", flush=True)
asyncio.run(sandbox.run({ORPHAN + "time.sleep(300)"!r}, limits=Limits(seconds=100)))
"""
    host = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
    assert host.stdout is not None
    try:
        assert host.stdout.readline() == b"up\n"
        # host, bubblewrap twice, worker with its parent, orphan
        assert becomes(lambda: len(below(host.pid)) >= 6)
        family = below(host.pid)
    finally:
        host.kill()
        host.communicate()
    assert becomes(lambda: not any(Path(f"/proc/{pid}/cwd").exists() for pid in family))


def test_a_warm_process_outlives_the_thread_that_asked(run: Run) -> None:
    """Bubblewrap ends with the thread that starts it: in the midst of another thread's run."""
    sandbox = Sandbox("bubblewrap", warm=1)
    sandbox.close()
    inside = threading.Thread(target=lambda: asyncio.run(sandbox.run("pass")))
    inside.start()
    inside.join()
    waiting = sandbox._idle[0]
    assert not becomes(lambda: waiting.dead, seconds=0.5)
    assert run(sandbox.run("print(1)")).stdout == b"1\n"
    sandbox.close()


def test_a_fork_starts_its_own(sandbox: Sandbox) -> None:
    """Its parent's threads are not there to ask."""
    pid = os.fork()
    if pid == 0:
        with suppress(BaseException):
            child = Child(sandbox._backend)
            os._exit(0 if child.wait_ready(BOOT_S) == "" else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@pytest.mark.slow
def test_many_in_a_row_leave_nothing(sandbox: Sandbox, run: Run) -> None:
    sandbox.close()  # what it keeps warm may still be starting
    fresh = Sandbox("bubblewrap", warm=2)
    programs = ("print(1)", ORPHAN, "open('/tmp/x', 'w').write('x')", "1/0")
    run(fresh.run(programs[0]))
    fresh.close()
    before = left()
    for number in range(200):
        run(fresh.run(programs[number % len(programs)]))
    fresh.close()
    assert left() == before
