"""Attempts to use up the machine, or to never end, as programs to run in the sandbox.

Every one of them is bounded by itself: it goes a little beyond what a run may use and stops there.
A sandbox that fails must cost a probe, never the machine that it was tried on.
"""

from __future__ import annotations

from .attacks import Attack
from .limits import End

FLOODS = (
    Attack(
        "a fork bomb",
        """
import os, time
count = 0
while True:
    try:
        if os.fork() == 0:
            time.sleep(5)
            os._exit(0)
    except OSError:
        break
    count += 1
    if count > 40:
        print("ESCAPED", count)
        break
""",
    ),
    Attack(
        "a fork bomb of which every process forks",
        """
import os, time
for _ in range(6):
    try: os.fork()
    except OSError: pass
time.sleep(0.2)
if len([pid for pid in os.listdir("/proc") if pid.isdigit()]) > 40:
    print("ESCAPED", flush=True)
time.sleep(60)
""",
        frozenset({End.TIMEOUT}),
    ),
    Attack(
        "a thread bomb",
        """
import threading, time
for count in range(40):
    try:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    except RuntimeError:
        break
else:
    print("ESCAPED", count)
""",
    ),
    Attack("a memory bomb", "x = bytearray(3 << 30)\nprint('ESCAPED')", frozenset({End.EXIT})),
    Attack(
        "memory in many processes",
        """
import os, time
for _ in range(5):
    if os.fork() == 0:
        x = b"x" * (100 << 20)
        time.sleep(5)
        os._exit(0)
time.sleep(60)
""",
        frozenset({End.MEMORY, End.TIMEOUT}),
    ),
    Attack(
        "filling the writable folders",
        """
import os
total = 0
for folder in ("/tmp", "/dev/shm"):
    for number in range(200):
        try:
            with open(f"{folder}/{number}", "wb", buffering=0) as file:
                for _ in range(8):
                    total += file.write(bytes(1 << 20))
        except OSError:
            break
        if total > 100 << 20:
            break
if total > 100 << 20:
    print("ESCAPED", total)
""",
    ),
    Attack(
        "very many empty files",
        "for n in range(300_000): open(f'/tmp/{n}', 'w').close()",
        frozenset({End.MEMORY, End.TIMEOUT, End.EXIT}),
    ),
    Attack(
        "one huge file",
        """
import os
fd = os.open("/tmp/file", os.O_CREAT | os.O_WRONLY)
try:
    os.lseek(fd, 40 << 20, 0)
    os.write(fd, b"x")
    print("ESCAPED")
except OSError:
    pass
""",
    ),
    Attack("a flood on stdout", "while True: print('x' * 9999)", frozenset({End.OUTPUT})),
    Attack(
        "a flood on stderr",
        "import os\nwhile True: os.write(2, b'x' * 9999)",
        frozenset({End.OUTPUT}),
    ),
    Attack(
        "an orphan in a session of its own",
        """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(1, 32):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        time.sleep(60)
    os._exit(0)
os.wait()
print("left")
""",
    ),
    Attack(
        "sleeping, deaf to signals",
        """
import signal, time
for number in range(1, 32):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
time.sleep(60)
""",
        frozenset({End.TIMEOUT}),
    ),
    Attack("stopping itself", "import os\nos.kill(os.getpid(), 19)", frozenset({End.TIMEOUT})),
    Attack("a crash", "import ctypes\nctypes.string_at(0)", frozenset({End.SIGNAL})),
    Attack(
        "endless recursion",
        "import sys\nsys.setrecursionlimit(10**9)\ndef f(): f()\nf()",
        frozenset({End.SIGNAL, End.EXIT, End.MEMORY, End.TIMEOUT}),
    ),
)
