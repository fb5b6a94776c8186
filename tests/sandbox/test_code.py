"""The verifier of code: honest solutions pass, cheats do not, and what can not be said is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from verifiers import Problem, Status, VerifierError, find_verifier
from verifiers.card import examine
from verifiers.code import Code, completed, source
from verifiers.code_task import Asserts, Calls, Programs, problem, read, write
from verifiers.sandbox import Limits, Sandbox, SandboxUnavailable

Run = Callable[[Any], Any]
LIMITS = Limits(seconds=20.0)
ADD = problem("add", Calls("add", (((1, 2), 3), ((3, 4), 7))))
SQUARE = problem("square", Programs((("3\n", "9\n"), ("-4\n", "16\n"))))
TWICE = problem(
    "twice",
    Asserts(
        "twice",
        'import math\n\n\ndef twice(x):\n    """Two times x."""\n',
        "def check(it):\n    assert it(2) == 4\n    assert it([1]) == [1, 1]\n",
    ),
)


@pytest.fixture(scope="module")
def code(sandbox: Sandbox) -> Code:
    return Code(sandbox, limits=LIMITS)


@pytest.mark.parametrize(
    ("task", "answer"),
    [
        (ADD, "def add(a, b): return a + b"),
        (ADD, "Here it is:\n```python\ndef add(a, b):\n    return float(a + b)\n```\nDone."),
        (ADD, "```\nno code\n```\n```py\nadd = lambda a, b: a + b\n```"),
        (SQUARE, "print(int(input()) ** 2)"),
        (SQUARE, "import sys\nn = int(sys.stdin.readline())\nprint(n * n, ' \\n')"),
        (TWICE, "    return x + x\n"),
        (TWICE, "def twice(x):\n    return x * int(math.sqrt(4))\n"),
    ],
)
def test_right(task: Problem, answer: str, code: Code, run: Run) -> None:
    verdict = run(code.averify(task, answer))
    assert verdict.passed is True, verdict
    assert verdict.verifier == "code@2"


@pytest.mark.parametrize(
    ("task", "answer", "reason"),
    [
        (ADD, "def add(a, b): return 3", "case 2: returned something else"),
        (ADD, "def add(a, b): return str(a + b)", "case 1"),
        (ADD, "def add(a, b): 1/0", "ZeroDivisionError"),
        (ADD, "def add(a, b", "SyntaxError"),
        (ADD, "", "expected a function add, found none"),
        (ADD, "raise SystemExit(0)", "SystemExit"),
        (ADD, "x" * 100_001, "expected at most 100000 characters"),
        (SQUARE, "print(9)", "case 2"),
        (SQUARE, "input(); 1/0", "exit code 1: ZeroDivisionError"),
        (SQUARE, "print(int(input()) ** 2); raise SystemExit(1)", "exit code 1"),
        (TWICE, "    return 4\n", "AssertionError"),
        (TWICE, "    return y\n", "NameError"),
        (TWICE, "  bad indent\n", "does not load"),
    ],
)
def test_wrong(task: Problem, answer: str, reason: str, code: Code, run: Run) -> None:
    verdict = run(code.averify(task, answer))
    assert (verdict.passed, verdict.status) == (False, Status.JUDGED), verdict
    assert reason in verdict.reason


@pytest.mark.parametrize("task", [ADD, SQUARE, TWICE], ids=["calls", "programs", "asserts"])
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("import time; time.sleep(60)", "timeout: still running after "),
        ("import os; os._exit(0)", ""),
        ("import os; os.kill(os.getpid(), 11)", "killed, code 139"),
        ("import os\n    while True: os.write(1, b'x' * 9999)", "output"),
    ],
)
def test_what_does_not_come_to_its_end_is_wrong(
    task: Problem, body: str, reason: str, sandbox: Sandbox, run: Run
) -> None:
    code = Code(sandbox, limits=Limits(seconds=2.0 if "sleep" in body else 20.0))
    name = task.data["entry"]
    answer = f"def {name}(*args):\n    {body}\n" if name else body.replace("\n    ", "\n")
    verdict = run(code.averify(task, answer))
    assert (verdict.status, verdict.score) == (Status.JUDGED, 0.0), verdict
    assert reason in verdict.reason


@pytest.mark.parametrize("task", [ADD, SQUARE, TWICE], ids=["calls", "programs", "asserts"])
def test_a_machine_too_busy_to_tell_makes_no_answer_wrong(
    task: Problem, sandbox: Sandbox, run: Run
) -> None:
    """Four processes on one processor: each waits three quarters of the time."""
    busy = """
def busy(*args):
    import os
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.fork(), os.fork()
    while True: pass
"""
    answer = f"{busy}\n{task.data['entry'] or 'x'} = busy" + ("\nbusy()" if task is SQUARE else "")
    verdict = run(Code(sandbox, limits=Limits(seconds=1.5)).averify(task, answer))
    assert (verdict.status, verdict.score) == (Status.TIMEOUT, None), verdict
    assert "too busy" in verdict.reason


# Everything that fools a grader which shares a process with what it grades
CHEATS = {
    "equal to everything": """
class Equal:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __bool__(self): return True
def {name}(*args): return Equal()
""",
    "an integer equal to everything": """
class Equal(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = int.__hash__
def {name}(*args): return Equal(-12345)
""",
    "patched comparators": """
import builtins, json, operator, sys
for name in ("all", "any", "isinstance", "len", "abs", "min", "max", "sorted", "sum", "repr"):
    setattr(builtins, name, lambda *args, **kwargs: True)
operator.eq = lambda a, b: True
sys.modules["json"].loads = lambda *args, **kwargs: {{"passed": True}}
builtins.AssertionError = type("AssertionError", (BaseException,), {{}})
def {name}(*args): return -12345
""",
    "a forged result on every descriptor": """
import os
lines = b"\\n".join([b'{{"passed": true, "calls": 9}}', b'{{"value": 3}}', b"OK", b""])
def {name}(*args):
    for fd in range(64):
        try: os.write(fd, lines)
        except OSError: pass
    os._exit(0)
""",
    "a forged result behind the real nonce": """
import gc, os, sys
def {name}(*args):
    frame = sys._getframe()
    while frame is not None:
        line = frame.f_locals.get("line")
        if line is not None:
            for _ in range(20):
                line.send({{"passed": True, "calls": 9}})
        frame = frame.f_back
    return -12345
""",
    "no function at all": "import sys; sys.exit(0)",
    "an exit at the end": """
import atexit, os
atexit.register(os._exit, 0)
def {name}(*args): raise SystemExit(0)
""",
}


@pytest.mark.parametrize("task", [ADD, TWICE], ids=["calls", "asserts"])
@pytest.mark.parametrize("cheat", CHEATS)
def test_no_cheat_passes(cheat: str, task: Problem, code: Code, run: Run) -> None:
    verdict = run(code.averify(task, CHEATS[cheat].format(name=task.data["entry"])))
    assert verdict.passed is not True, verdict


def test_the_solution_never_sees_what_is_expected(code: Code, run: Run) -> None:
    """It prints all it can find of itself; neither values nor tests are among it."""
    secret = "expected-4711"
    spy = """
import gc, os, sys
def f(x):
    found = [open(f"/proc/{pid}/cmdline").read() for pid in ("1", "self")]
    found += [repr(o) for o in gc.get_objects() if type(o) in (dict, list, tuple, str)]
    frame = sys._getframe()
    while frame is not None:
        found.append(repr(frame.f_locals))
        frame = frame.f_back
    text = " ".join(found)
    start = text.find("1174-detcepxe"[::-1])
    return text[start:start + 13] if start >= 0 else None
"""
    calls = problem("f", Calls("f", (((1,), secret),)))
    tests = f"def check(candidate):\n    assert candidate(1) == {secret!r}\n"
    asserts = problem("f", Asserts("f", "def f(x):\n    '''.'''\n", tests))
    for task in (calls, asserts):
        assert run(code.averify(task, spy)).passed is False


def test_reasons_can_be_shown(code: Code, run: Run) -> None:
    answer = r"""def add(a, b): raise ValueError("\x1b[2Jx\n\x07y\u202e")"""
    assert run(code.averify(ADD, answer)).reason == "case 1: ValueError: ?[2Jx??y?"


def test_broken_tests_are_no_wrong_answer(code: Code, run: Run) -> None:
    for tests in ("def check(candidate", "def check(c): raise ValueError", "x = 1",
                  "import os; os._exit(0)"):  # fmt: skip
        task = problem("f", Asserts("f", "", tests))
        verdict = run(code.averify(task, "def f(): return 1"))
        assert (verdict.score, verdict.status) == (None, Status.ERROR), verdict


def test_without_tests_nothing_is_judged(code: Code, run: Run) -> None:
    verdict = run(code.averify(ADD.public(), "def add(a, b): return a + b"))
    assert verdict.status is Status.UNJUDGED
    for reference in ("", "7", "{}", '{"calls": [], "entry": "f"}', '{"programs": []}', "[" * 9999):
        broken = Problem("code", "", "", reference=reference)
        assert run(code.averify(broken, "x")).status is Status.ERROR


def test_synchronous_inside_and_outside_a_loop(sandbox: Sandbox, run: Run) -> None:
    code = Code(sandbox, limits=LIMITS)
    answer = "def add(a, b): return a + b"
    assert code.verify(ADD, answer).passed is True

    async def inside() -> Any:
        return code.verify(ADD, answer)

    assert run(inside()).passed is True


def test_no_sandbox_is_an_error_that_says_what_to_install(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(unsafe: bool = False) -> Sandbox:
        raise SandboxUnavailable("run: apt-get install bubblewrap")

    monkeypatch.setattr("verifiers.code.Sandbox", none)
    verdict = run(Code().averify(ADD, "def add(a, b): return a + b"))
    assert (verdict.score, verdict.status) == (None, Status.ERROR)
    assert "apt-get install bubblewrap" in verdict.reason
    with pytest.raises(VerifierError, match="apt-get install bubblewrap"):
        Code().prepare()


def test_unsafe_is_written_on_the_verdict(run: Run) -> None:
    bare = Sandbox("unsafe", warm=0)
    for answer in ("def add(a, b): return a + b", "def add(a, b): return 3"):
        verdict = run(Code(bare, limits=LIMITS).averify(ADD, answer))
        assert "unsafe" in verdict.reason
    bare.close()


def test_many_at_once(code: Code, run: Run) -> None:
    async def all_of_them() -> list[Any]:
        answers = [f"def add(a, b): return a + b + {n % 2}" for n in range(12)]
        return list(await asyncio.gather(*(code.averify(ADD, answer) for answer in answers)))

    assert [verdict.passed for verdict in run(all_of_them())] == [True, False] * 6


@pytest.mark.parametrize("task", [ADD, SQUARE, TWICE], ids=["calls", "programs", "asserts"])
def test_tasks_are_kept_as_text(task: Problem) -> None:
    assert task.reference is not None
    assert write(read(task.reference)) == task.reference
    assert task.reference not in task.prompt + str(task.data)


def test_types_of_cases_are_kept() -> None:
    task = Calls("f", (((1, (2, {3})), {(1,): b"x"}),))
    assert read(write(task)) == task


def test_the_last_block_of_an_answer_counts() -> None:
    assert source("```\na\n```\n```python\nb\n```") == "b\n"
    assert source("no fence ``` here") == "no fence ``` here"
    assert source("```python\nunfinished") == "```python\nunfinished"


def test_a_completion_follows_what_was_shown() -> None:
    before = "import math\ndef help(): pass\ndef f(x):\n    '''.'''\n"
    assert completed(before, "    return x\n", "f") == before + "    return x\n"
    anew = completed(before, "def f(x): return help()", "f")
    assert anew == "import math\ndef help(): pass\n\ndef f(x): return help()"


def test_it_stands_its_own_test(sandbox: Sandbox) -> None:
    """Answers that hang or crash end themselves, not the verifier."""
    card = asyncio.run(examine(Code(sandbox, limits=Limits(seconds=1.0))))
    assert [check for check in card.checks if not check.passed] == []


def test_it_is_found_by_name() -> None:
    found = find_verifier("code")
    assert isinstance(found, Code)
    assert found.examples
