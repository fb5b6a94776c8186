"""``python -m reasoner`` and the ``reasoner`` command."""

from __future__ import annotations

import os
import sys


def main() -> None:
    argv = sys.argv[1:]
    if argv[:1] == ["ask"] or argv[:2] == ["runs", "resume"]:
        from .cli.warm import warm_torch

        warm_torch()
    from .cli.app import run

    code = run(argv)
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything is saved and said. An engine that hangs must not delay the end, and taking torch
    # down in order takes a tenth of a second.
    os._exit(code)


if __name__ == "__main__":
    main()
