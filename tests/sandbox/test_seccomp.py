"""The filter program, run step by step as the kernel would."""

from __future__ import annotations

import errno
import struct

import pytest

from verifiers.sandbox import seccomp

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, KILL = 0x7FFF0000, 0x80000000
REFUSE, ABSENT = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS


def verdict(machine: str, number: int, argument: int = 0, architecture: int = 0) -> int:
    data = struct.pack("=IIQQ", number, architecture or ARCHITECTURES[machine], 0, argument)
    program = list(struct.iter_unpack("=HBBI", seccomp.program(machine)))
    held, at = 0, 0
    while True:
        operation, skip_if, skip_else, value = program[at]
        at += 1
        if operation == 0x20:
            (held,) = struct.unpack_from("=I", data, value)
        elif operation == 0x06:
            return int(value)
        else:
            true = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[operation]
            at += skip_if if true else skip_else


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_every_denied_call_is_refused(machine: str) -> None:
    column = list(ARCHITECTURES).index(machine)
    numbers = [pair[column] for pair in seccomp.DENIED.values() if pair[column] is not None]
    assert len(set(numbers)) == len(numbers) > 50
    assert {verdict(machine, number) for number in numbers if number is not None} == {REFUSE}


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_ordinary_calls_pass(machine: str) -> None:
    column = list(ARCHITECTURES).index(machine)
    read, write, openat, execve = ((0, 63), (1, 64), (257, 56), (59, 221))
    for call in (read, write, openat, execve):
        assert verdict(machine, call[column]) == ALLOW


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_processes_but_no_namespaces(machine: str) -> None:
    column = list(ARCHITECTURES).index(machine)
    clone, thread = seccomp.CLONE[column], 0x3D0F00
    assert verdict(machine, clone, 17) == ALLOW
    assert verdict(machine, clone, thread) == ALLOW
    for bit in range(32):
        wanted = REFUSE if seccomp.NEW_NAMESPACES >> bit & 1 else ALLOW
        assert verdict(machine, clone, 17 | 1 << bit) == wanted
    assert verdict(machine, seccomp.CLONE3[column]) == ABSENT


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_unix_sockets_only(machine: str) -> None:
    column = list(ARCHITECTURES).index(machine)
    for family in range(50):
        wanted = ALLOW if family == 1 else REFUSE
        assert verdict(machine, seccomp.SOCKET[column], family) == wanted


def test_other_ways_to_number_calls_are_closed() -> None:
    assert verdict("x86_64", 0x40000000 | 101) == ABSENT
    assert verdict("x86_64", 26, architecture=0x40000003) == KILL


def test_an_unknown_machine_is_refused() -> None:
    with pytest.raises(seccomp.UnknownMachine, match="x86_64 or aarch64, found riscv64"):
        seccomp.program("riscv64")
