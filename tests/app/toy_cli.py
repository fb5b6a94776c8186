"""The real command line with the toy player as its model: ``-m tests.app.toy_cli DELAY_S ...``.

``TOY_LOAD_S``: how long the model takes to load.
"""

from __future__ import annotations

import os
import sys
import time

from reasoner import catalog
from reasoner.__main__ import main
from tests.app.toy import ToyEngine

delay_s = float(sys.argv.pop(1))


def load() -> catalog.Model:
    if load_s := float(os.environ.get("TOY_LOAD_S", "0")):
        print("loading", file=sys.stderr, flush=True)
        time.sleep(load_s)
    return catalog.Model("tiny", ToyEngine(delay_s))


catalog.LOADERS["tiny"] = load
main()
