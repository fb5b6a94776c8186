"""What self-improvement made of the bundled model: stage 1 and what ships, on the same problems."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from reasoner.catalog import BUNDLED
from reasoner.evaluate.stats import paired_difference
from selfplay.corpus import MIX, fresh_problem
from verifiers import Problem, domain, suite

from ._report import ROOT, write
from .improve import answered

TOKENS = 1000  # of search


class Row(NamedTuple):
    """A set of problems; ``level``: None for all of them, as often as stage 1 drew them."""

    title: str
    family: str
    level: int | None
    size: int


FRESH = (
    Row("countdown, four numbers", "countdown", 4, 1000),
    Row("countdown, five numbers", "countdown", 5, 500),
    Row("countdown, six numbers", "countdown", 6, 500),
    Row("arithmetic", "arithmetic", None, 1000),
    Row("equations", "equations", None, 1000),
    Row("word problems", "word_problems", None, 1000),
)
SUITES = {"Game of 24, published puzzles 901-1000": "game24", "questions by hand": "by_hand"}
SEARCHED = 200  # problems of a set, at most: a search takes longer than one line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, default=ROOT / "work" / "base")
    parser.add_argument("--shipped", type=Path, default=BUNDLED / "tiny")
    options = parser.parse_args()
    if not options.base.exists():
        print(f"left out: it needs stage 1 in {options.base}; make model", file=sys.stderr)
        return
    sets = {title: suite(name) for title, name in SUITES.items()}
    sets |= {f"{row.title}, fresh": drawn(row) for row in FRESH}
    measured, table = {}, []
    for title, problems in sets.items():
        row, found = {"problems": f"{title} ({len(problems)})"}, {}
        for arm, tokens, asked in (
            ("System 1", 0, problems),
            (f"{TOKENS} tokens of search", TOKENS, problems[:SEARCHED]),
        ):
            before, after = (answered(m, asked, tokens) for m in (options.base, options.shipped))
            found[arm] = {"base": before, "shipped": after}
            row |= cells(arm, before, after)
        print(row, file=sys.stderr)
        measured[title] = found
        table.append(row)
    write(
        "shipped",
        {
            "what": "Right answers in percent, stage 1 -> what ships, and the difference with its "
            "95 % interval, on the same problems with the same seeds; no lesson or play held any "
            f"of them. Searches: the first {SEARCHED} problems of each set, stopped when sure.",
            "seed": 0,
        },
        measured,
        table,
    )


def drawn(row: Row) -> list[Problem]:
    rng, levels = Random(f"shipped {row.title}"), domain(row.family).levels
    often = [MIX[row.family, level] for level in levels]

    def draw() -> Problem:
        level = row.level or rng.choices(levels, often)[0]
        return fresh_problem(rng, row.family, level, reserved=True)

    return [draw() for _ in range(row.size)]


def cells(arm: str, before: Sequence[bool], after: Sequence[bool]) -> dict[str, str]:
    n = len(before)
    gain, low, high = paired_difference(before, after)
    return {
        arm: f"{100 * sum(before) / n:.1f} -> {100 * sum(after) / n:.1f}",
        f"{arm}: gain": f"{100 * gain:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]",
    }


if __name__ == "__main__":
    main()
