"""The command line as its users meet it: exit codes, streams, signals, bad input."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reasoner import catalog
from reasoner.__main__ import main
from reasoner.catalog import Model
from reasoner.cli import app as cli
from reasoner.cli.text import standing
from reasoner.cli.view import PlainView
from reasoner.engine import Completion, Finish, Generation, Request
from reasoner.errors import EngineError, ModelError
from reasoner.recorder import revive
from reasoner.runs import Store
from reasoner.thinking import Progress
from search import Best
from tests.app.conftest import HOPELESS, PUZZLE, ROOT
from tests.app.toy import ToyEngine

Cli = Callable[..., tuple[int, str, str]]
Start = Callable[..., subprocess.Popen[str]]

FIELDS = {
    *("answer", "verified", "confidence", "stop_reason", "budget", "first_answer_s", "strategy"),
    *("model", "domain", "seed", "run_id", "alternatives"),
}


class Writes(ToyEngine):
    """Always the same text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    async def generate(self, request: Request) -> Generation:
        completion = Completion(self.text, request.samples, 3, -1.0, Finish.END, 0.5)
        return Generation((completion,), 3)


@pytest.fixture
def ask(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run a command in this process (quick), with an engine of the test's choice."""

    def run(*args: str, engine: ToyEngine | None = None) -> tuple[int, str, str]:
        monkeypatch.setitem(catalog.LOADERS, "tiny", lambda: Model("tiny", engine or ToyEngine()))
        code = cli.run(list(args))
        out, err = capsys.readouterr()
        return code, out, err

    return run


def wait_for_growth(process: subprocess.Popen[str], home: Path) -> None:
    """Until a trace holds an answer."""
    for _ in range(1000):
        if any(b'"kind":"best"' in path.read_bytes() for path in home.glob("runs/*.trace")):
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    raise AssertionError("no answer was saved in 10 s")


# ---- answers


def test_stdout_is_the_answer_alone(cli: Cli) -> None:
    code, out, err = cli("ask", PUZZLE, "--think", "20s")
    assert code == 0
    assert out.count("\n") == 1
    assert out.endswith("= 24\n")
    assert "verified" in err
    assert "saved as" in err


def test_json_has_the_documented_fields(ask: Cli) -> None:
    code, out, _ = ask("ask", PUZZLE, "--think", "20s", "--json", "--seed", "7", "--no-save")
    answer = json.loads(out)
    assert code == 0
    assert out.count("\n") == 1
    assert set(answer) >= FIELDS
    assert set(answer["budget"]) == {"asked_s", "used_s", "tokens", "nodes", "dollars"}
    assert answer["budget"]["asked_s"] == 20
    assert (answer["verified"], answer["seed"], answer["run_id"]) == (True, 7, None)


def test_a_question_from_standard_input(cli: Cli) -> None:
    code, out, _ = cli("ask", "-", "--think", "20s", given=PUZZLE + "\n")
    assert (code, out[-5:]) == (0, "= 24\n")


def test_exit_3_without_an_answer(ask: Cli) -> None:
    code, out, err = ask("ask", PUZZLE, "--think", "0.05s", engine=ToyEngine(60))
    assert (code, out) == (3, "")
    assert "no answer verified in" in err


def test_exit_4_when_all_candidates_are_rejected(ask: Cli) -> None:
    code, out, err = ask("ask", "Use 1 1 1 to make 50", "--think", "5s")
    assert code == 4
    assert out
    assert "no answer verified in" in err
    assert "expected 50" in err
    code, out, _ = ask("ask", "Use 1 1 1 to make 50", "--think", "5s", "--json")
    assert (code, json.loads(out)["verified"]) == (4, False)


def test_exit_5_when_the_model_fails(ask: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    class Fails(ToyEngine):
        async def generate(self, request: Request) -> Generation:
            raise EngineError("the weights melted")

    code, out, err = ask("ask", PUZZLE, "--think", "5s", engine=Fails())
    assert (code, out) == (5, "")
    assert "the weights melted" in err

    def corrupt() -> Model:
        raise ModelError("expected 2,000 bytes of weights, found 7; build the model again")

    monkeypatch.setitem(catalog.LOADERS, "broken", corrupt)
    code, out, err = ask("ask", PUZZLE, "--model", "broken")
    assert (code, out) == (5, "")
    assert err == "reasoner: expected 2,000 bytes of weights, found 7; build the model again\n"


def test_a_truncated_model_file(ask: Cli, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"')
    code, out, err = ask("ask", PUZZLE, "--model", str(tmp_path))
    assert (code, out, err.count("\n")) == (5, "", 1)


def test_a_question_may_begin_with_a_dash(ask: Cli) -> None:
    assert "begins with - goes after --" in ask("ask", "-5 + 3")[2]
    assert ask("ask", "--no-save", "--", "- who?", engine=Writes("me"))[:2] == (0, "me\n")


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["ask", ""], 2, "expected a question"),
        (["ask", "x" * 120_000], 2, "at most 100,000 bytes"),
        (["ask", PUZZLE, "--think", "0"], 2, "expected a time above 0"),
        (["ask", PUZZLE, "--think", "-3"], 2, "expected a time above 0"),
        (["ask", PUZZLE, "--think", "10 minuts"], 2, "10 minuts"),
        (["ask", PUZZLE, "--think", "2e9"], 2, "at most 1e+09 s"),
        (["ask", PUZZLE, "--max-tokens", "0"], 2, "tokens budget above 0"),
        (["ask", PUZZLE, "--max-nodes", "many"], 2, "--max-nodes"),
        (["ask", PUZZLE, "--strategy", "mtcs"], 2, "mcts"),
        (["ask", PUZZLE, "--stop-when", "never"], 2, "verified, confident, budget"),
        (["ask", PUZZLE, "--model", "tinny"], 5, "did you mean 'tiny'"),
        (["ask", PUZZLE, "--wat"], 2, "--wat"),
        (["ask"], 2, "question"),
        (["asq"], 2, "asq"),
        (["runs"], 2, "Missing command"),
        (["runs", "show", "zzz"], 1, "no runs are saved"),
        (["runs", "resume", "zzz"], 1, "no runs are saved"),
    ],
)
def test_bad_input_is_one_clear_line(ask: Cli, args: list[str], code: int, words: str) -> None:
    got, out, err = ask(*args)
    assert got == code
    assert out == ""
    assert words in err
    assert err.startswith("reasoner: ")
    assert err.count("\n") == 1


def test_questions_that_are_not_text(start: Start) -> None:
    for data, words in ((b"\xff\xfe", "0xff"), (b"2+2\0", "NUL"), (b"", "nothing")):
        process = start("ask", "-", stdin=subprocess.PIPE, errors="surrogateescape")
        out, err = process.communicate(data.decode(errors="surrogateescape"), timeout=30)
        assert (process.returncode, out) == (2, "")
        assert words in err


def test_a_surrogate_in_the_arguments(start: Start) -> None:
    process = start("ask", os.fsdecode(b"caf\xe9"))
    _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "lone surrogate" in err


def test_no_arguments_is_help(ask: Cli) -> None:
    code, out, err = ask()
    assert (code, err) == (0, "")
    assert "Exit codes" in out


def test_help_is_documented_and_light() -> None:
    code = (
        "import sys; from reasoner.cli.app import run; run(['ask', '--help']); "
        "print([m for m in sys.modules])"
    )
    text = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for word in ("Exit codes", "143", "--stop-when", "--max-nodes", "--no-save"):
        assert word in text
    for heavy in ("'torch'", "'rich'", "'search'", "'verifiers'", "'asyncio'"):
        assert heavy not in text


# ---- what models write


def test_escapes_in_model_text_are_harmless(ask: Cli) -> None:
    text = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202eevil\r<b>"
    for extra in ((), ("--json",)):
        code, out, err = ask("ask", "Who are you?", *extra, engine=Writes(text))
        assert code == 0
        for char in "\x1b\x07\x9b\u202e\r":
            assert char not in out + err
    code, out, err = ask("runs", "show", "last")
    assert code == 0
    assert "\x1b" not in out
    code, out, err = ask("runs", "list")
    assert "\x1b" not in out


def test_a_general_question_says_what_the_model_knows(ask: Cli) -> None:
    code, out, err = ask("ask", "Who are you?", engine=Writes("a fish"))
    assert (code, out) == (0, "a fish\n")
    assert "note: no verifier knows this kind of question" in err
    assert "bring a bigger model" in err
    assert "not verified" in err


# ---- signals


def test_ctrl_c_once_gives_the_best_so_far(start: Start, home: Path) -> None:
    process = start("ask", HOPELESS, "--think", "60s", "--json", delay_s=0.01)
    wait_for_growth(process, home)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert json.loads(out)["stop_reason"] == "interrupted"
    assert json.loads(out)["answer"]
    assert "interrupted after" in err


def test_sigterm_gives_the_best_so_far(start: Start, home: Path) -> None:
    process = start("ask", HOPELESS, "--think", "60s", delay_s=0.01)
    wait_for_growth(process, home)
    process.terminate()
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 143
    assert "=" in out


def test_ctrl_c_twice_is_out(start: Start) -> None:
    # An event loop that never turns: the first signal alone could not end this.
    process = start(module="tests.app.stuck_cli")
    assert process.stdout is not None
    assert process.stdout.readline() == "stuck\n"
    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_ctrl_c_while_the_model_loads_is_out(start: Start) -> None:
    process = start("ask", PUZZLE, env={"TOY_LOAD_S": "30"})
    assert process.stderr is not None
    assert process.stderr.readline() == "loading\n"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130


def test_a_reader_who_goes_away_is_no_crash(start: Start) -> None:
    process = start("ask", PUZZLE, "--think", "20s", delay_s=0.01)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "Traceback" not in err
    assert "BrokenPipe" not in err


@pytest.mark.parametrize("args", [("ask", PUZZLE, "--no-save"), ("--help",)])
def test_a_full_standard_output_is_one_line(start: Start, args: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:
        process = start(*args, stdout=full, env={"PYTHONUNBUFFERED": ""})
        _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "Traceback" not in err
    assert err.splitlines()[-1] == (
        "reasoner: can not write to standard output: No space left on device; free some space"
    )


def test_what_would_help_depends_on_what_ran_out(ask: Cli) -> None:
    class Mute(ToyEngine):
        async def generate(self, request: Request) -> Generation:
            return Generation((Completion("", request.samples, 1, -1.0, Finish.END),), 9)

    code, out, err = ask("ask", PUZZLE, "--strategy", "greedy", engine=Mute())
    assert (code, out) == (3, "")
    assert "nothing is left to try" in err
    assert "--think" not in err
    assert "--max-tokens" in ask("ask", PUZZLE, "--max-tokens", "50", engine=Mute())[2]
    assert "--think" in ask("ask", PUZZLE, "--think", "0.05s", engine=ToyEngine(60))[2]


def test_torch_is_warmed_by_commands_that_think(monkeypatch: pytest.MonkeyPatch) -> None:
    class Left(Exception): ...

    def leave(code: int) -> None:
        raise Left

    warmed = []
    monkeypatch.setattr(os, "_exit", leave)
    monkeypatch.setattr("reasoner.cli.warm.warm_torch", lambda: warmed.append(sys.argv[1]))
    for args in (["ask"], ["runs", "list"], ["runs", "resume"], ["--help"]):
        monkeypatch.setattr(sys, "argv", ["reasoner", *args])
        with pytest.raises(Left):
            main()
    assert warmed == ["ask", "runs"]


def test_a_stranger_of_our_name_is_one_line(ask: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def stranger() -> None:
        raise ImportError("expected the package 'verifiers' of system2-reasoner")

    monkeypatch.setattr("reasoner.cli.app.check_siblings", stranger)
    assert ask("ask", PUZZLE) == (
        1, "", "reasoner: expected the package 'verifiers' of system2-reasoner\n"
    )  # fmt: skip


def test_the_plain_view_is_not_a_flood(capsys: pytest.CaptureFixture[str]) -> None:
    def best(answer: str, verified: bool | None = False) -> Best:
        return Best(answer, answer, 0.0, verified, None, 1.0, (0,))

    view = PlainView()
    for t_s, found in (
        (0.1, None),
        (0.2, best("one")),
        (0.3, best("two")),  # which of two rejected answers leads is no news
        (9.9, best("two")),
        (10.3, best("two")),  # a sign of life
        (10.4, best("three", None)),
        (10.5, best("four", None)),
        (10.6, best("five", True)),
    ):
        view.show(Progress(t_s, None, 1, 1, 1, found))
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition("] ")[2].split()[0] for line in lines] == [
        "one", "two", "three", "four", "five",
    ]  # fmt: skip


# ---- saved runs


def test_kill_and_resume(start: Start, ask: Cli, home: Path) -> None:
    process = start("ask", HOPELESS, "--think", "60s", delay_s=0.005)
    wait_for_growth(process, home)
    process.kill()
    process.wait(20)
    code, out, _ = ask("runs", "list")
    assert code == 0
    assert "killed" in out
    run_id = out.split()[0]
    code, shown, _ = ask("runs", "show", "last")
    assert code == 0
    assert run_id in shown
    nodes = revive(Store().read(run_id)).used.nodes
    code, out, err = ask("runs", "resume", run_id[:9], "--think", "+0.5s", "--json")
    answer = json.loads(out)
    assert code == 4, err
    assert answer["run_id"] == run_id
    assert answer["budget"]["asked_s"] > 0.5
    assert answer["budget"]["nodes"] > nodes
    assert "time" in ask("runs", "list")[1]
    (row,) = json.loads(ask("runs", "list", "--json")[1])
    assert (row["run_id"], row["state"], row["resumes"]) == (run_id, "time", 1)
    assert (row["question"], row["verified"]) == (HOPELESS, False)
    assert ask("runs", "rm", run_id)[0] == 0
    assert ask("runs", "list")[1] == ""
    assert json.loads(ask("runs", "list", "--json")[1]) == []


def test_two_resumes_at_once_are_refused(start: Start, ask: Cli, home: Path) -> None:
    process = start("ask", HOPELESS, "--think", "60s", delay_s=0.01)
    wait_for_growth(process, home)
    for command in ("resume", "rm"):
        code, out, err = ask("runs", command, "last")
        assert (code, out) == (1, "")
        assert "is being written" in err
    assert "thinking" in ask("runs", "list")[1]


def test_no_save_leaves_nothing_behind(ask: Cli, home: Path) -> None:
    assert ask("ask", PUZZLE, "--no-save")[0] == 0
    assert not home.exists()


def test_export_writes_one_page(ask: Cli, tmp_path: Path) -> None:
    ask("ask", PUZZLE)
    page = tmp_path / "run.html"
    assert ask("runs", "export", "last", "--html", str(page))[0] == 0
    assert PUZZLE in page.read_text()
    code, _, err = ask("runs", "export", "last", "--html", "/proc/nothing/x.html")
    assert code == 2
    assert "can not write" in err


# ---- views


def test_the_live_view_is_drawn_on_a_terminal(start: Start) -> None:
    reader, terminal = pty.openpty()
    process = start(
        "ask", HOPELESS, "--think", "1s", delay_s=0.01, stderr=terminal,
        env={"TERM": "xterm", "COLUMNS": "70", "LINES": "30"},
    )  # fmt: skip
    os.close(terminal)
    seen = bytearray()
    while True:
        try:
            piece = os.read(reader, 65536)
        except OSError:  # the terminal's other side is closed
            break
        if not piece:
            break
        seen += piece
    os.close(reader)
    out, _ = process.communicate(timeout=20)
    text = seen.decode()
    assert process.returncode == 4
    assert "\x1b" not in out
    for word in ("tokens/s", "nodes", "deep", "left", "visits", "rejected"):
        assert word in text
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1  # the cursor comes back


def test_a_dumb_terminal_gets_lines(start: Start) -> None:
    reader, terminal = pty.openpty()
    process = start("ask", PUZZLE, stderr=terminal, env={"TERM": "dumb"})
    os.close(terminal)
    process.communicate(timeout=20)
    seen = os.read(reader, 65536)
    os.close(reader)
    assert b"\x1b" not in seen
    assert b"verified" in seen


def test_only_proof_is_a_hundred_percent() -> None:
    assert standing(0.9971, None) == "confidence 99%, not verified"
    assert standing(0.514, None) == "confidence 51%, not verified"
    assert standing(1.0, True) == "verified"
    assert standing(0.0, False) == "rejected by the verifier"
    assert standing(0.73, False) == "scored 0.73"
