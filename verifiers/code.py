"""Code by unit tests: the solution runs in a sandbox, the grading outside its process."""

from __future__ import annotations

import re
from dataclasses import replace

from .agree import agree
from .code_task import Asserts, Calls, Programs, Task, read
from .code_task import problem as pose
from .judge import VerifierError
from .problem import Problem
from .sandbox import End, Limits, Ran, Sandbox, SandboxUnavailable
from .sandbox.exam import exam
from .sandbox.inside.plain import encode
from .trusted import waited
from .verdict import Status, Verdict, right, unjudged, wrong

_BLANKS = " \t\r"
LONGEST = 100_000  # characters of an answer
_FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)

_ADD = pose("Write add(a, b), the sum.", Calls("add", (((1, 2), 3), ((-4, 4), 0))))
_HEAD = pose(
    "Write head(items), the first or None.", Calls("head", ((([7, 8],), 7), (([],), None)))
)
_ECHO = pose("Read a line, write it twice.", Programs((("a\n", "a\na\n"), ("", "\n\n"))))
EXAMPLES = (
    (_ADD, "def add(a, b):\n    return a + b", 1.0),
    (_ADD, "def add(a, b):\n    return a - b", 0.0),
    (_ADD, "def add(a, b):\n    return a * b or 3", 0.0),
    (_HEAD, "def head(items):\n    return items[0] if items else None", 1.0),
    (_HEAD, "def head(items):\n    return items[0]", 0.0),
    (_HEAD, "def head(items):\n    return type('E', (), {'__eq__': lambda a, b: True})()", 0.0),
    (_ECHO, "import sys\nline = sys.stdin.readline().strip()\nprint(line)\nprint(line)", 1.0),
    (_ECHO, "print(input())", 0.0),
)
"""(problem, answer, score): what ``reasoner verifiers test code`` begins with."""


class Code:
    """Judges Python source against the tests in a problem's reference.

    ``sandbox``: opened at the first answer when not given.
    """

    name = "code"
    version = "2"
    self_checking = False
    isolation = "sandbox"
    examples = EXAMPLES

    def __init__(self, sandbox: Sandbox | None = None, *, limits: Limits | None = None) -> None:
        self._sandbox, self._limits = sandbox, limits or Limits()

    def prepare(self, unsafe: bool = False) -> None:
        """Open the sandbox. Raises :class:`VerifierError`, which says what to install."""
        try:
            self._sandbox = self._sandbox or Sandbox(unsafe=unsafe)
        except SandboxUnavailable as error:
            raise VerifierError(str(error)) from None

    def verify(self, problem: Problem, answer: str) -> Verdict:
        """:meth:`averify` from synchronous code, inside a running event loop, too."""
        return waited(self.averify(problem, answer))

    async def averify(self, problem: Problem, answer: str) -> Verdict:
        """Never raises for anything the answer does; cancelling kills what runs."""
        by = f"{self.name}@{self.version}"
        if problem.reference is None:
            return unjudged(by, "no tests are known for this question")
        try:
            task = read(problem.reference)
        except ValueError as error:
            return Verdict(None, Status.ERROR, str(error), by)
        if len(answer) > LONGEST:
            return wrong(by, f"expected at most {LONGEST} characters, got {len(answer)}")
        try:
            if self._sandbox is None:
                self._sandbox = Sandbox()
            async with self._sandbox.turn():
                verdict = await self._judge(self._sandbox, task, source(answer), by)
        except (SandboxUnavailable, OSError) as error:
            return Verdict(None, Status.ERROR, str(error), by)
        return replace(verdict, reason=self._sandbox.noted(printable(verdict.reason)))

    async def _judge(self, sandbox: Sandbox, task: Task, solution: str, by: str) -> Verdict:
        match task:
            case Programs():
                return await self._programs(sandbox, task, solution, by)
            case Calls():
                return await self._calls(sandbox, task, solution, by)
            case Asserts(entry, before, tests):
                whole = completed(before, solution, entry)
                found = await exam(sandbox, whole, entry, before, tests, self._limits)
        if found.passed is None:
            status = Status.TIMEOUT if found.starved else Status.ERROR
            return Verdict(None, status, found.reason, by)
        return right(by, found.reason) if found.passed else wrong(by, found.reason)

    async def _programs(self, sandbox: Sandbox, task: Programs, solution: str, by: str) -> Verdict:
        for number, (given, expected) in enumerate(task.cases, 1):
            stdin = given.encode("utf-8", "surrogatepass")
            ran = await sandbox.run(solution, stdin, self._limits)
            if ran.end is not End.OK:
                return unfinished(ran, f"case {number}: {ran.why}", by)
            if lines(ran.stdout.decode("utf-8", "replace")) != lines(expected):
                return wrong(by, f"case {number}: wrote something else than expected")
        return right(by, f"right in {len(task.cases)} cases")

    async def _calls(self, sandbox: Sandbox, task: Calls, solution: str, by: str) -> Verdict:
        given = [args for args, _ in task.cases]
        called = await sandbox.call(solution, task.entry, given, self._limits)
        cases = zip(task.cases, called.replies, strict=False)
        for number, ((_, expected), reply) in enumerate(cases, 1):
            if reply.error is not None:
                return wrong(by, f"case {number}: {reply.error}")
            if not agree(encode(expected), reply.data):
                return wrong(by, f"case {number}: returned something else than expected")
        if len(called.replies) < len(task.cases):
            return unfinished(called.ran, called.ran.why_silent, by)
        return right(by, f"right in {len(task.cases)} cases")


def unfinished(ran: Ran, reason: str, by: str) -> Verdict:
    """A solution that hangs, crashes or floods is wrong; unless the machine was too busy."""
    return Verdict(None, Status.TIMEOUT, reason, by) if ran.starved else wrong(by, reason)


def printable(text: str) -> str:
    """What a solution says of itself may hold anything, sequences that command terminals too."""
    return "".join(c if c.isprintable() else "?" for c in text)


def source(answer: str) -> str:
    """The code of an answer: its last fenced block, or all of it."""
    blocks = _FENCE.findall(answer)
    return str(blocks[-1]) if blocks else answer


def completed(before: str, solution: str, entry: str) -> str:
    """The whole source: ``solution`` may be the rest of ``before``, or the function anew."""
    start = re.compile(rf"^(?:async )?def {re.escape(entry)}\b", re.MULTILINE)
    if start.search(solution) is None:
        return before + solution
    shown = start.search(before)  # what stands above it, imports above all, still counts
    return f"{before[: shown.start()] if shown else before}\n{solution}"


def lines(text: str) -> list[str]:
    """Compared without blanks at the ends of lines and blank lines at the end."""
    return [line.rstrip(_BLANKS) for line in text.rstrip(f"\n{_BLANKS}").split("\n")]
