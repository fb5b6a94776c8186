"""The ``reasoner`` command: its subcommands, and what becomes of their errors."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from typing import TextIO

import typer
from typer.main import get_command

from ..errors import ReasonerError
from ..siblings import check_siblings
from . import ask, doctor, eval, improve, pretrain, runs, verifiers
from .text import complain

EXIT_CODES = """Exit codes: 0 answered; 1 error; 2 usage; 3 the budget ended with no answer;
4 every candidate was rejected by the verifier (the best one is printed and flagged);
5 model unavailable; 130 interrupted (Ctrl-C); 143 terminated. An interrupted question still
prints its best answer so far."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

app = typer.Typer(
    name="reasoner",
    help="Ask any question with a thinking-time budget; get the best answer that time can buy.",
    epilog=EXIT_CODES,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("ask", epilog=EXIT_CODES)(ask.ask)
app.command("doctor")(doctor.doctor)
app.command("eval")(eval.evaluate)
app.command("pretrain")(pretrain.pretrain)
app.add_typer(runs.app, name="runs")
app.add_typer(improve.app, name="improve")
app.add_typer(verifiers.app, name="verifiers")


@app.callback()
def _root() -> None:
    pass


def run(argv: list[str]) -> int:
    """Run one command; returns its exit code. Errors are one line on stderr."""
    warnings.showwarning = _show_warning
    try:
        check_siblings()
        code = get_command(app)(argv or ["--help"], prog_name="reasoner", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except ReasonerError as error:
        complain(str(error))
        return error.exit_code
    except ImportError as error:  # a part of the installation is missing, or a stranger's
        complain(str(error))
        return 1
    except typer.TyperException as error:
        hint = "see 'reasoner --help'; a question that begins with - goes after --"
        complain(f"{error.format_message()} ({hint})")
        return 2
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except BrokenPipeError:
        # The reader went away (`| head`): nobody is left to tell, not even at the last flush.
        _drop_output()
        return 1
    except OSError as error:  # a full disk behind stdout, or a folder that may not be read
        if error.filename is None and error.errno in _NO_ROOM:
            complain(f"can not write to standard output: {error.strerror}; free some space")
            _drop_output()
        else:
            complain(str(error))
        return 1


def _drop_output() -> None:
    """What is still to be written goes nowhere, or the last flush would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    complain(f"warning: {message}")
