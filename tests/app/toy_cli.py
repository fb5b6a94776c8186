"""The real command line with the toy player as its model: ``-m tests.app.toy_cli DELAY_S ...``."""

from __future__ import annotations

import sys

from reasoner import catalog
from reasoner.__main__ import main
from tests.app.toy import ToyEngine

delay_s = float(sys.argv.pop(1))
catalog.LOADERS["tiny"] = lambda: catalog.Model("tiny", ToyEngine(delay_s))
main()
