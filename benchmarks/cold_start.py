"""How long from the shell to the first answer, against the floor: importing torch alone.

Runs alternate, so that a slow minute of the machine falls on both; medians are compared.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from statistics import median

from ._report import ROOT, write

QUESTION = "Use 4 5 6 10 to make 24"
RUNS = 9


def main() -> None:
    floor, whole, first = [], [], []
    for _ in range(RUNS + 1):
        floor.append(timed([sys.executable, "-c", "import torch"])[0])
        ask = [sys.executable, "-m", "reasoner", "ask", QUESTION]
        # System 1 alone: a search would add the time it was given
        seconds, out = timed([*ask, "--strategy", "greedy", "--json", "--no-save"])
        whole.append(seconds)
        first.append(json.loads(out)["first_answer_s"] or 0.0)
    # the first pair warms the disk cache
    floor_s, whole_s, first_s = median(floor[1:]), median(whole[1:]), median(first[1:])
    write(
        "cold_start",
        {
            "what": f"`reasoner ask --strategy greedy`, process start to exit, median of {RUNS}.",
            "question": QUESTION,
            "runs": RUNS,
            "seed": 0,
        },
        {
            "import_torch_s": floor[1:],
            "ask_s": whole[1:],
            "first_answer_after_load_s": first[1:],
            "ratio": whole_s / floor_s,
        },
        [
            {
                "`import torch`": f"{floor_s:.2f} s",
                "question to answer": f"{whole_s:.2f} s",
                "ratio": f"{whole_s / floor_s:.2f}",
                "of which the model wrote for": f"{1000 * first_s:.0f} ms",
            }
        ],
    )


def timed(command: list[str]) -> tuple[float, str]:
    started = time.perf_counter()
    result = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - started
    # 3 and 4 are answers too, only not right ones
    if result.returncode not in (0, 3, 4):
        raise SystemExit(f"{' '.join(command)} failed ({result.returncode}): {result.stderr}")
    return seconds, result.stdout


if __name__ == "__main__":
    main()
