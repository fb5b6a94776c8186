"""A function of a stranger's code, called with the arguments that the parent sends."""

from __future__ import annotations

import sys

from .plain import decode, encode
from .talk import Line, say


def serve(line: Line, source: str, entry: str) -> None:
    """Load ``source``, then call its ``entry`` until the parent hangs up."""
    module = type(sys)("solution")
    module.__dict__["__builtins__"] = __builtins__
    sys.modules["solution"] = module
    try:
        exec(compile(source, "solution.py", "exec"), module.__dict__)  # noqa: S102 - inside the sandbox
        function = module.__dict__[entry]
    except KeyError:
        line.send({"error": f"expected a function {entry}, found none"})
        return
    except BaseException as error:
        line.send({"error": say(error)})
        return
    line.send({"loaded": True})
    while True:
        try:
            message = line.receive()
        except EOFError:
            return
        try:
            given = decode(message["call"])
            line.send({"value": encode(function(*given["args"], **given["kwargs"]))})
        except BaseException as error:  # a failed call is an answer, too
            line.send({"error": say(error)})
