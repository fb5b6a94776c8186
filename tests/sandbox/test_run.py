"""Whole programs: what goes in, what comes out, where the limits are."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from verifiers.sandbox import End, Limits, Ran, Sandbox, SandboxUnavailable

Run = Callable[[Any], Any]
MIB = 1 << 20


def test_a_program_reads_and_writes(sandbox: Sandbox, run: Run) -> None:
    program = (
        "import sys\nfor line in sys.stdin: print(int(line) ** 2)\nprint('x', file=sys.stderr)"
    )
    ran = run(sandbox.run(program, b"3\n4\n"))
    assert (ran.end, ran.code, ran.stdout, ran.stderr) == (End.OK, 0, b"9\n16\n", b"x\n")
    assert (ran.backend, ran.why) == ("bubblewrap", "ok")
    assert ran.seconds > 0


def test_bytes_pass_unchanged(sandbox: Sandbox, run: Run) -> None:
    data = bytes(range(256)) * 2000  # more than a pipe holds at once
    program = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"
    assert run(sandbox.run(program, data)).stdout == data
    text = "import sys; sys.stdout.write(sys.stdin.read())"
    assert run(sandbox.run(text, b"\xff\xc3\xa9\n")).stdout == b"\xff\xc3\xa9\n"


def test_a_program_is_as_python_runs_it(sandbox: Sandbox, run: Run) -> None:
    program = """
import atexit, sys, __main__
from dataclasses import dataclass
@dataclass
class Point:
    x: int
import pickle
assert pickle.loads(pickle.dumps(Point(3))) == Point(3)
assert __main__.Point is Point and __name__ == "__main__"
assert not any("reasoner" in name or "inside" in name for name in sys.path), sys.path
atexit.register(print, "bye")
import threading
threading.Thread(target=lambda: (__import__("time").sleep(0.1), print("thread"))).start()
"""
    ran = run(sandbox.run(program))
    assert (ran.end, ran.stdout) == (End.OK, b"thread\nbye\n"), ran


@pytest.mark.parametrize(
    ("program", "end", "code", "said"),
    [
        ("raise SystemExit(3)", End.EXIT, 3, ""),
        ("import os; os._exit(0)", End.OK, 0, ""),
        ("1/0", End.EXIT, 1, "ZeroDivisionError: division by zero"),
        ("x = (", End.EXIT, 1, "SyntaxError: '(' was never closed"),
        ("\0", End.EXIT, 1, "source code string cannot contain null bytes"),
        ("print('\ud800')", End.EXIT, 1, "UnicodeEncodeError"),
        ("x = bytearray(10**9)", End.EXIT, 1, "MemoryError"),
        ("import os; os.abort()", End.SIGNAL, 134, ""),
        ("import os; os.kill(os.getpid(), 9)", End.SIGNAL, 137, ""),
        ("while True: pass", End.TIMEOUT, None, ""),
        ("while True: print('x' * 99)", End.OUTPUT, None, ""),
        ("import os; os.close(0); os.close(1); os.close(2)", End.OK, 0, ""),
    ],
)
def test_every_end_has_its_name(
    program: str, end: End, code: int | None, said: str, sandbox: Sandbox, run: Run
) -> None:
    ran = run(sandbox.run(program, limits=Limits(seconds=1.5)))
    assert (ran.end, ran.code) == (end, code), ran
    assert said in ran.stderr.decode()
    assert "worker.py" not in ran.stderr.decode()


def test_output_is_cut_at_its_limit(sandbox: Sandbox, run: Run) -> None:
    flood = "import os\nwhile True: os.write({}, b'x' * 5000)"
    for fd, other in ((1, "stderr"), (2, "stdout")):
        ran = run(sandbox.run(flood.format(fd), limits=Limits(output=10_000)))
        assert (ran.end, len(ran.stdout) + len(ran.stderr)) == (End.OUTPUT, 10_000)
        assert getattr(ran, other) == b""
    exact = run(sandbox.run("print('x' * 9999)", limits=Limits(output=10_000)))
    assert (exact.end, len(exact.stdout)) == (End.OK, 10_000)


def test_memory_is_counted_over_all_processes_but_once(sandbox: Sandbox, run: Run) -> None:
    """Eight processes share one block: that is not eight blocks."""
    program = """
import os, time
x = b"x" * {size}
for _ in range(8):
    if os.fork() == 0:
        {own}time.sleep(0.5)
        os._exit(0)
time.sleep(0.5)
print("done")
"""
    limits = Limits(memory=300 * MIB)
    shared = run(sandbox.run(program.format(size=60 * MIB, own=""), limits=limits))
    assert (shared.end, shared.stdout) == (End.OK, b"done\n"), shared
    own = f"y = b'y' * {60 * MIB}; "
    assert run(sandbox.run(program.format(size=9, own=own), limits=limits)).end is End.MEMORY


def test_files_count_as_memory(sandbox: Sandbox, run: Run) -> None:
    program = """
import time
for n in range(6):
    open(f"/tmp/{n}", "wb").write(bytes(10 << 20))
time.sleep(0.5)
"""
    assert run(sandbox.run(program, limits=Limits(memory=200 * MIB))).end is End.OK
    assert run(sandbox.run(program, limits=Limits(memory=62 * MIB))).end is End.MEMORY


@pytest.mark.parametrize("limit", ["processes", "open_files", "file"])
def test_a_higher_limit_lets_more_through(limit: str, sandbox: Sandbox, run: Run) -> None:
    programs = {
        "processes": "import os\nfor _ in range(20):\n if os.fork() == 0: "
        "__import__('time').sleep(0.5); os._exit(0)",
        "open_files": "files = [open('/dev/null') for _ in range(100)]",
        "file": "open('/tmp/x', 'wb').write(bytes(20 << 20))",
    }
    high = Limits(processes=40, open_files=200, file=30 * MIB)
    assert run(sandbox.run(programs[limit])).end is End.EXIT
    assert run(sandbox.run(programs[limit], limits=high)).end is End.OK


def test_python_is_ours_and_alone(sandbox: Sandbox, run: Run) -> None:
    import sys

    program = "import sys; print(tuple(sys.version_info)); import json, ssl, sqlite3, decimal"
    assert run(sandbox.run(program)).stdout.decode().strip() == str(tuple(sys.version_info))
    ran = run(sandbox.run("import pytest"))
    assert b"ModuleNotFoundError" in ran.stderr


def test_numpy_is_there_when_asked_for(sandbox: Sandbox, run: Run) -> None:
    if importlib.util.find_spec("numpy") is None:
        pytest.skip("numpy is not installed")
    program = "import numpy; a = numpy.ones((50, 50)); print((a @ a).sum(), numpy.linalg.det(a))"
    assert run(sandbox.run(program)).stdout == b"125000.0 0.0\n"
    without = Sandbox("bubblewrap", packages=(), warm=0)
    assert b"ModuleNotFoundError" in run(without.run(program)).stderr
    without.close()


def test_a_library_that_is_not_installed_is_left_out(run: Run, sandbox: Sandbox) -> None:
    other = Sandbox("bubblewrap", packages=("no_such_library",), warm=0)
    assert run(other.run("print(1)")).stdout == b"1\n"
    other.close()


@pytest.mark.parametrize("backend", ["bubblewrap", "sandlock"])
def test_libraries_lie_in_several_folders(
    backend: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    """A package, a single file, a folder shown as a whole: each from a place of its own."""
    for name in ("a/one_package/__init__.py", "b/one_file.py", "c/unnamed.py", "d/hidden.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(f"where = {name!r}")
        monkeypatch.syspath_prepend(str(tmp_path / name[0]))
    packages = ("one_package", "one_file", str(tmp_path / "c"))
    try:
        Sandbox(backend).close()
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    found = Sandbox(backend, packages=packages, warm=0)
    names = "one_package, one_file, unnamed"
    program = f"import {names}\nprint([m.where for m in ({names})])\nimport hidden"
    ran = run(found.run(program))
    found.close()
    assert ran.stdout == b"['a/one_package/__init__.py', 'b/one_file.py', 'c/unnamed.py']\n", ran
    assert b"No module named 'hidden'" in ran.stderr


# --- calls


def test_only_lines_with_the_nonce_are_answers(sandbox: Sandbox, run: Run) -> None:
    source = """
import os
def f(x):
    for fd in range(3, 64):
        try: os.write(fd, b'{"value": "forged"}\\n0123 {"value": "forged"}\\n{"val')
        except OSError: pass
    return "real"
"""
    called = run(sandbox.call(source, "f", [[1], [2]]))
    assert [reply.value for reply in called.replies] == ["real", "real"]


@pytest.mark.parametrize(
    "lie",
    [
        '{"value": NaN}',
        '{"value": 1e999}',
        '{"value": -Infinity}',
        '{"value": ' + "9" * 5000 + "}",
        '{"value": ' + "[" * 150_000,
        '{"value": ' + "[" * 300 + "]" * 300 + "}",
        '[{"value": 1}]',
        "{",
        "7",
    ],
    ids=range(9),
)
def test_what_is_no_message_ends_the_run(lie: str, sandbox: Sandbox, run: Run) -> None:
    """Sent behind the real nonce, which a stranger can find: it is in his own process."""
    source = f"""
import sys, time
def f(x):
    line = sys._getframe(1).f_locals["line"]
    line._control.sendall(line._nonce + b" " + {lie.encode()!r} + b"\\n")
    time.sleep(60)
"""
    called = run(sandbox.call(source, "f", [[1]], Limits(seconds=30)))
    assert (called.replies, called.ran.end) == ((), End.OUTPUT)


def test_calls_keep_their_types(sandbox: Sandbox, run: Run) -> None:
    source = "def f(x): return x"
    values = [None, True, 1, 2**70, 1.5, "é\ud800", [1], (1, (2,)), {1: "a", (2, 3): {4}}, b"\0"]
    called = run(sandbox.call(source, "f", [[value] for value in values]))
    got = [reply.value for reply in called.replies]
    assert got == values
    assert [type(value) for value in got] == [type(value) for value in values]
    assert called.ran.end is End.OK


def test_a_failed_call_does_not_end_the_others(sandbox: Sandbox, run: Run) -> None:
    source = """
import sys
class Odd:
    def __str__(self): raise SystemExit
def f(x):
    if x == 0: return 1 / x
    if x == 1: sys.exit(0)
    if x == 2: return object()
    if x == 3: return (y for y in [1])
    if x == 4: raise ValueError(Odd())
    if x == 5: f(5)
    if x == 6:
        a = []
        for _ in range(10**5): a = [a]
        return a
    return x
"""
    called = run(sandbox.call(source, "f", [[x] for x in range(8)]))
    errors = [reply.error for reply in called.replies]
    kinds = ["ZeroDivisionError", "SystemExit", "NotPlain", "NotPlain", "ValueError"]
    kinds += ["RecursionError", "RecursionError"]
    assert [str(error).partition(":")[0] for error in errors[:7]] == kinds
    assert called.replies[7].value == 7


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("def g(x): return x", "expected a function f"),
        ("def f(x", "SyntaxError"),
        ("raise SystemExit(0)", "SystemExit"),
        ("import nowhere", "ModuleNotFoundError"),
    ],
)
def test_source_that_does_not_load(source: str, error: str, sandbox: Sandbox, run: Run) -> None:
    called = run(sandbox.call(source, "f", [[1], [2]]))
    assert len(called.replies) == 2
    assert error in called.replies[0].error


@pytest.mark.parametrize(
    ("body", "end"),
    [
        ("import os; os._exit(0)", End.OK),
        ("import time; time.sleep(60)", End.TIMEOUT),
        ("import ctypes; ctypes.string_at(0)", End.SIGNAL),
        ("return 'x' * 10**6", End.OUTPUT),
        ("import os\n while True: os.write(1, b'x' * 999)", End.OUTPUT),
    ],
)
def test_a_call_that_never_returns(body: str, end: End, sandbox: Sandbox, run: Run) -> None:
    limits = Limits(seconds=1.0, output=100_000)
    called = run(sandbox.call(f"def f(x):\n {body}", "f", [[1], [2]], limits))
    assert (called.replies, called.ran.end) == ((), end)


# --- limits themselves


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), True, "5", None])
def test_limits_must_make_sense(value: Any) -> None:
    for name in ("seconds", "memory", "output", "processes", "file", "open_files"):
        with pytest.raises((TypeError, ValueError), match=f"expected .* of {name}"):
            Limits(**{name: value})
    with pytest.raises(TypeError, match="expected a number of memory"):
        Limits(memory=1e9)  # type: ignore[arg-type]


def test_seconds_without_end_are_no_error(sandbox: Sandbox, run: Run) -> None:
    assert run(sandbox.run("print(1)", limits=Limits(seconds=1e300))).stdout == b"1\n"


def test_why_is_one_line() -> None:
    ran = Ran(End.EXIT, 1, b"", b"Traceback\n  x\nValueError: no\n", 0.1, "bubblewrap")
    assert ran.why == "exit code 1: ValueError: no"
