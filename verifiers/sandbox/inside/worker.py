"""The process inside the sandbox: waits, takes one request, serves it, dies.

It is started ahead of need and runs nothing of a stranger's before its one request has come.
Descriptor 0 is the control socket to the parent, 1 and 2 are pipes. The request is one message
with the descriptor of the standard input attached. Only modules that Python has loaded anyway are
imported before the request: starting must stay cheap.
"""

from __future__ import annotations

import marshal
import os
import sys
from typing import Any

_SECCOMP, _MODE_FILTER = 22, 2  # of prctl


def main(packages: tuple[str, ...], filter_: str = "") -> None:
    """Wait for the request and serve it. ``packages``: folders of libraries the code may import;
    ``filter_``: a system call filter in hexadecimal, where nobody has set ours before."""
    from _socket import socket

    control = socket(fileno=os.dup(0))
    os.set_inheritable(control.fileno(), False)
    os.closerange(3, control.fileno())
    _supervise()
    control.sendall(b"ready\n")
    request = _receive(control)
    if request is None:
        return
    if filter_:
        _filter(bytes.fromhex(filter_))
    for name, most in request["limits"]:
        _limit(name, most)
    sys.path[:] = [entry for entry in sys.path if entry != request["home"]]
    sys.path += ["", *packages]
    sys.argv = ["program.py"]
    mode, source = request["mode"], request["source"]
    if mode == "program":
        control.close()
        _program(source)
        return
    from .talk import Line  # needs json, which programs need not wait for

    line = Line(control, request["nonce"])
    if mode == "serve":
        from .serve import serve

        serve(line, source, request["entry"])
    else:
        from .check import check

        check(line, source, request["entry"], request["tests"])


def _supervise() -> None:
    """Leave a parent behind that only waits, so that the code is an ordinary process and process 1
    of its namespace takes everything down with it when the code has ended."""
    worker = os.fork()
    if worker == 0:
        return
    os.closerange(0, 256)
    while True:
        pid, status = os.wait()
        if pid == worker:
            code = os.waitstatus_to_exitcode(status)
            os._exit(128 - code if code < 0 else code)


def _receive(control: Any) -> dict[str, Any] | None:
    """The one request; None when the parent has no need of us any more."""
    head, attached, _, _ = control.recvmsg(8, 64)
    if len(head) < 8:
        return None
    body = bytearray()
    size = int.from_bytes(head, "big")
    while len(body) < size:
        piece = control.recv(min(1 << 20, size - len(body)))
        if not piece:
            return None
        body += piece
    stdin = int.from_bytes(attached[0][2][:4], sys.byteorder)
    os.dup2(stdin, 0)
    os.close(stdin)
    sys.stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    # from our own parent, who is the one that is trusted; answers go the other way as JSON
    request: dict[str, Any] = marshal.loads(bytes(body))
    return request


def _limit(name: str, most: int) -> None:
    import resource

    which = getattr(resource, name)
    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(which, (most, most))


def _filter(program: bytes) -> None:
    """Raises OSError when the kernel does not take it."""
    import ctypes

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_SECCOMP, _MODE_FILTER, ctypes.byref(Program(len(program) // 8, program))) != 0:
        raise OSError(ctypes.get_errno(), "expected the kernel to take a system call filter")


def _program(source: str) -> None:
    """As ``python program.py`` would run it; a failure ends the process with code 1."""
    main = type(sys)("__main__")
    main.__dict__["__builtins__"] = __builtins__
    sys.modules["__main__"] = main
    try:
        exec(compile(source, "program.py", "exec"), main.__dict__)  # noqa: S102 - inside the sandbox
    except SystemExit:
        raise
    except BaseException as error:
        if error.__traceback__ is not None:  # its first entry is this very function
            error.__traceback__ = error.__traceback__.tb_next
        sys.excepthook(type(error), error, error.__traceback__)
        sys.exit(1)
