"""Attempts to get out of the sandbox, as programs to run in it.

A program that gets what it is after prints ``ESCAPED`` and what it got. One that ends in a way it
must not end has succeeded, too.
"""

from __future__ import annotations

from dataclasses import dataclass

from .limits import End, Ran

_SYSCALLS = """
import ctypes, os, platform
libc = ctypes.CDLL(None, use_errno=True)
column = {"x86_64": 0, "aarch64": 1}[platform.machine()]
def call(name, numbers, *args):
    if libc.syscall(numbers[column], *args) >= 0:
        print("ESCAPED", name)
"""
_TRY = """
import os, sys
def attempt(name, act):
    try:
        got = act()
    except (OSError, MemoryError, RuntimeError):
        return
    print("ESCAPED", name, str(got)[:80])
"""
_QUIET = frozenset({End.OK})


@dataclass(frozen=True, slots=True)
class Attack:
    """``ends``: how a run may end when the attack failed."""

    name: str
    program: str
    ends: frozenset[End] = _QUIET

    def held(self, ran: Ran) -> bool:
        return ran.end in self.ends and b"ESCAPED" not in ran.stdout


ESCAPES = (
    Attack(
        "the host's environment",
        """
import os
known = {"PATH", "HOME", "PWD", "LC_CTYPE", "LD_LIBRARY_PATH"}
def foreign(name):
    return name not in known and not name.endswith("_NUM_THREADS")
seen = set(os.environ)
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        data = open(f"/proc/{pid}/environ", "rb").read().decode("utf-8", "replace")
    except OSError:
        continue
    seen |= {entry.partition("=")[0] for entry in data.split("\\0") if entry}
if any(map(foreign, seen)):
    print("ESCAPED", sorted(filter(foreign, seen)))
""",
    ),
    Attack(
        "inherited descriptors",
        """
import os
for fd in range(3, 1024):
    try:
        print("ESCAPED", fd, os.fstat(fd), os.readlink(f"/proc/self/fd/{fd}"))
    except OSError:
        pass
""",
    ),
    Attack(
        "other processes",
        """
import os
seen = {int(pid) for pid in os.listdir("/proc") if pid.isdigit()} - {1, os.getpid(), os.getppid()}
if seen or os.getpid() > 50:
    print("ESCAPED", seen, os.getpid())
""",
    ),
    Attack(
        "files of the host",
        _TRY
        + """
for path in ("/etc/shadow", "/etc/passwd", "/etc/hostname", "/proc/kcore", "/proc/1/root/etc"):
    attempt(path, lambda: open(path, "rb").read(9))
for path in ("/root", "/home", "/etc", "/var", "/work", "/run", "/mnt", "/sys", "/boot", "/opt"):
    attempt(path, lambda: os.listdir(path))
""",
    ),
    Attack(
        "links out of the writable folder",
        _TRY
        + """
for target in ("/etc/passwd", "/proc/1/root/etc/passwd", "/proc/1/cwd/../etc/passwd"):
    os.symlink(target, "/tmp/link")
    attempt(target, lambda: open("/tmp/link").read(9))
    os.unlink("/tmp/link")
attempt("hard link", lambda: os.link(os.path.realpath(sys.executable), "/tmp/link"))
""",
    ),
    Attack(
        "writing outside",
        _TRY
        + """
for path in ("/", "/usr", "/usr/bin", "/bin", "/lib", "/dev", "/proc", "/proc/sys/kernel",
             "/reasoner", "/reasoner/inside", "/packages", os.path.dirname(os.__file__)):
    attempt(path, lambda: open(os.path.join(path, "x"), "w"))
for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/1/oom_score_adj"):
    attempt(path, lambda: os.write(os.open(path, os.O_WRONLY), b"x"))
for path in ("/reasoner/inside/worker.py", "/usr/bin/env"):
    attempt(path, lambda: open(path, "a"))
    attempt(path, lambda: os.chmod(path, 0o777))
""",
    ),
    Attack(
        "devices",
        _TRY
        + """
import stat
for name in ("mem", "kmem", "port", "kvm", "fuse", "sda", "vda", "nvidia0", "net/tun", "kmsg"):
    attempt(name, lambda: open(f"/dev/{name}", "rb"))
attempt("mknod", lambda: os.mknod("/tmp/device", 0o666 | stat.S_IFBLK, os.makedev(254, 0)))
""",
    ),
    Attack(
        "the network",
        _TRY
        + """
import socket
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET, 40):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
        attempt((family, kind), lambda: socket.socket(family, kind))
attempt("a name", lambda: socket.getaddrinfo("example.org", 80))
""",
    ),
    Attack(
        "new namespaces and mounts",
        _SYSCALLS
        + """
for flag in (0x10000000, 0x20000, 0x20000000, 0x40000000):
    call(f"unshare {flag:x}", (272, 97), flag)
    call(f"clone {flag:x}", (56, 220), flag | 17, 0, 0, 0, 0)
call("clone3", (435, 435), ctypes.create_string_buffer(88), 88)
call("mount", (165, 40), b"none", b"/tmp", b"tmpfs", 0, 0)
call("umount", (166, 39), b"/proc", 2)
call("chroot", (161, 51), b"/tmp")
call("pivot_root", (155, 41), b"/tmp", b"/tmp")
call("fsopen", (430, 430), b"tmpfs", 0)
call("setns", (308, 268), os.open("/proc/self/ns/net", os.O_RDONLY), 0)
""",
    ),
    Attack(
        "other processes' memory, keys, and the kernel's own tools",
        _SYSCALLS
        + """
call("ptrace attach", (101, 117), 16, 1, 0, 0)
call("ptrace seize", (101, 117), 0x4206, 1, 0, 0)
call("process_vm_readv", (310, 270), 1, 0, 0, 0, 0, 0)
call("pidfd_getfd", (438, 438), 0, 0, 0)
call("keyctl", (250, 219), 0, -4, 0)
call("bpf", (321, 280), 0, ctypes.create_string_buffer(128), 128)
call("perf_event_open", (298, 241), ctypes.create_string_buffer(128), 0, -1, -1, 0)
call("io_uring_setup", (425, 425), 8, ctypes.create_string_buffer(128))
call("userfaultfd", (323, 282), 1)
call("memfd_create", (319, 279), b"x", 0)
call("shmget", (29, 194), 0, 4096, 0o1777)
""",
    ),
    Attack(
        "becoming root",
        _TRY
        + """
attempt("setuid", lambda: os.setuid(0))
attempt("setgroups", lambda: os.setgroups([0]))
attempt("setresuid", lambda: os.setresuid(0, 0, 0))
attempt("priority", lambda: os.nice(-5))
status = open("/proc/self/status").read()
for line in status.splitlines():
    if line.startswith(("CapPrm", "CapEff", "CapBnd", "CapAmb")) and int(line.split()[1], 16):
        print("ESCAPED", line)
if "NoNewPrivs:\\t1" not in status or "Seccomp:\\t2" not in status:
    print("ESCAPED no filter")
""",
    ),
    Attack(
        "killing whoever can be reached",
        """
import os, signal, sys
if os.getpid() > 50:  # not alone in a namespace: whoever is out there is to be left in peace
    sys.exit("ESCAPED")
for pid in (1, os.getppid(), -1, 0):
    for number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
        if pid == 0 and number != signal.SIGTERM:
            continue
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        try:
            os.kill(pid, number)
        except OSError:
            pass
print("still here")
""",
    ),
)
