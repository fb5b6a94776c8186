"""The command line on an engine that blocks the event loop for good."""

from __future__ import annotations

import sys
import time

from reasoner import catalog
from reasoner.__main__ import main
from reasoner.engine import Generation, Request
from tests.app.toy import ToyEngine


class Stuck(ToyEngine):
    async def generate(self, request: Request) -> Generation:
        print("stuck", flush=True)
        while True:
            time.sleep(0.01)


catalog.LOADERS["tiny"] = lambda: catalog.Model("tiny", Stuck())
sys.argv[1:] = ["ask", "Use 4 5 6 10 to make 24", "--no-save"]
main()
