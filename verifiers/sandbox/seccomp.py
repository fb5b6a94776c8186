"""The system calls that sandboxed code is refused, as a filter program for the kernel.

What is refused reaches into other processes, makes namespaces or mounts, talks to the network, or
holds memory that no other limit sees. Everything else is left to the namespaces and limits.
"""

from __future__ import annotations

import errno
import platform
import struct

# name: (number on x86_64, number on aarch64); None where the machine has no such call
DENIED: dict[str, tuple[int | None, int | None]] = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "quotactl": (179, 60),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "syslog": (103, 116),
    "reboot": (169, 142),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "personality": (135, 92),
    "lookup_dcookie": (212, 18),
    "vmsplice": (278, 75),
    "modify_ldt": (154, None),
    "iopl": (172, None),
    "ioperm": (173, None),
    "uselib": (134, None),
    # memory without a process that maps it, so that no count of processes' memory finds it
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
}
CLONE, CLONE3, SOCKET = (56, 220), (435, 435), (41, 198)
NEW_NAMESPACES = 0x7E020000  # every CLONE_NEW* flag that clone takes
AF_UNIX = 1
X32 = 0x40000000  # another way to number the calls of x86_64

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_LOAD, _JUMP_EQUAL, _JUMP_ABOVE, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENT = 0, 4, 16  # offsets into what the filter sees
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000


class UnknownMachine(RuntimeError):
    """No table of system calls for this machine."""


def program(machine: str = "") -> bytes:
    """The filter, as the kernel reads it: 8 bytes an instruction."""
    machine = machine or platform.machine()
    if machine not in _MACHINES:
        known = " or ".join(_MACHINES)
        raise UnknownMachine(f"expected a machine of kind {known}, found {machine}")
    column, architecture = _MACHINES[machine]
    refuse, absent = _ERRNO | errno.EPERM, _ERRNO | errno.ENOSYS
    code = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_JUMP_EQUAL, architecture, skip_if=1),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
        _step(_JUMP_ABOVE, X32, skip_else=1),
        _step(_RETURN, absent),
    ]
    for numbers in DENIED.values():
        number = numbers[column]
        if number is not None:
            code += [_step(_JUMP_EQUAL, number, skip_else=1), _step(_RETURN, refuse)]
    code += [
        # its flags lie in memory, where no filter can look; libraries then fall back to clone
        _step(_JUMP_EQUAL, CLONE3[column], skip_else=1),
        _step(_RETURN, absent),
        _step(_JUMP_EQUAL, CLONE[column], skip_else=4),
        _step(_LOAD, _ARGUMENT),
        _step(_JUMP_BITS, NEW_NAMESPACES, skip_else=1),
        _step(_RETURN, refuse),
        _step(_RETURN, _ALLOW),
        _step(_JUMP_EQUAL, SOCKET[column], skip_else=3),
        _step(_LOAD, _ARGUMENT),
        _step(_JUMP_EQUAL, AF_UNIX, skip_if=1),
        _step(_RETURN, refuse),
        _step(_RETURN, _ALLOW),
    ]
    return b"".join(code)


def _step(operation: int, value: int, skip_if: int = 0, skip_else: int = 0) -> bytes:
    """One instruction. A jump skips that many of the following ones."""
    return struct.pack("=HBBI", operation, skip_if, skip_else, value)
