"""The Python that runs inside, and what must be mounted there for it.

The same interpreter as ours, wherever it is installed, without its site packages: of those only
the named libraries are shown inside, and folders that are named as a whole.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

PYTHON, HOME, PACKAGES = "/python", "/reasoner", "/packages"
INSIDE = Path(__file__).parent / "inside"
START = """
import sys
sys.path[:0] = [{home!r}]
from inside.worker import main
main({packages!r}, {filter!r})
"""
# one thread for each library: a run has one processor's worth of time, and threads count
THREADS = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL")}


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder of the host, shown read-only at ``target`` inside."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Interpreter:
    """``program``: its path inside. ``home``: where the package ``inside`` lies, inside; and
    ``packages``: folders there with libraries."""

    program: str
    home: str
    packages: tuple[str, ...]
    mounts: tuple[Mount, ...]
    environment: tuple[tuple[str, str], ...]

    def command(self, filter_: bytes = b"") -> list[str]:
        """What starts the worker; it sets the system call filter ``filter_`` itself."""
        start = START.format(home=self.home, packages=self.packages, filter=filter_.hex())
        return [self.program, "-I", "-S", "-B", "-X", "utf8", "-c", start]


def mounted(packages: tuple[str, ...]) -> Interpreter:
    """Our interpreter as it looks from inside a mount namespace of its own, where /usr is shown."""
    home, program = base(), _executable()
    mounts = [Mount(str(INSIDE), f"{HOME}/inside")]
    mounts += [Mount(str(path), f"{PACKAGES}/{path.name}") for path in _places(packages)]
    whole = [folder for folder in packages if os.path.isabs(folder)]
    mounts += [Mount(folder, f"{PACKAGES}{n}") for n, folder in enumerate(whole)]
    environment = dict(THREADS)
    if not home.is_relative_to("/usr"):
        mounts.append(Mount(str(home), PYTHON))
        program = Path(PYTHON) / program.relative_to(home)
        environment["LD_LIBRARY_PATH"] = f"{PYTHON}/lib"  # for builds with a shared libpython
    return Interpreter(
        str(program),
        HOME,
        (PACKAGES, *(f"{PACKAGES}{n}" for n in range(len(whole)))),
        tuple(mounts),
        tuple(sorted(environment.items())),
    )


def direct(packages: tuple[str, ...]) -> Interpreter:
    """Our interpreter where it is, for backends that can mount nothing: libraries are shown with
    the whole folder that they lie in."""
    folders = [str(path.parent) for path in _places(packages)]
    folders += [folder for folder in packages if os.path.isabs(folder)]
    environment = tuple(sorted(THREADS.items()))
    return Interpreter(
        str(_executable()), str(INSIDE.parent), tuple(dict.fromkeys(folders)), (), environment
    )


def base() -> Path:
    """Where our interpreter and its standard library are installed."""
    return Path(sys.base_prefix).resolve()


def _executable() -> Path:
    """The real binary, never a virtual environment's link to it."""
    return Path(getattr(sys, "_base_executable", "") or sys.executable).resolve()


def _places(packages: tuple[str, ...]) -> list[Path]:
    """Where the named libraries are, with the shared objects that wheels keep beside them."""
    found = []
    for name in packages:
        spec = None if os.path.isabs(name) else find_spec(name)
        if spec is None:
            continue
        places = [Path(place).resolve() for place in spec.submodule_search_locations or ()]
        if spec.has_location and not places:  # one file
            places = [Path(str(spec.origin)).resolve()]
        places += [place.with_name(f"{name}.libs") for place in places]
        found += [place for place in places if place.exists()]
    return found
