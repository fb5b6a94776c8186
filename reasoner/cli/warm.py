"""Use the other core while this one reads the command line."""

from __future__ import annotations

import ctypes
import threading
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path


def warm_torch() -> None:
    """Begin to load torch's library in the background; a later ``import torch`` finds it there.

    Loading it takes a tenth of torch's import and, unlike the rest, needs no interpreter lock.
    """

    def load() -> None:
        spec = find_spec("torch")
        if spec is not None and spec.origin is not None:
            with suppress(OSError):  # the import will say what is wrong with it
                ctypes.CDLL(str(Path(spec.origin).parent / "lib" / "libtorch_cpu.so"))

    threading.Thread(target=load, name="warm-torch", daemon=True).start()
