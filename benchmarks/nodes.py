"""What a node costs the search itself: seconds and bytes at 10^3, 10^4 and 10^5 nodes.

The proposer is a made-up puzzle that answers at once, so that everything measured is the search's
own: choosing, applying, backing up. Memory is counted in a run of its own, since counting slows.
"""

from __future__ import annotations

import argparse
import asyncio
import time
import tracemalloc
from hashlib import blake2b

from search import (
    Budget,
    Chain,
    Job,
    Mcts,
    Meter,
    Outcome,
    Proposal,
    StopWhen,
    Thought,
    Tree,
    search,
)

from ._report import write

SIZES = (1_000, 10_000, 100_000)  # nodes
WIDTH = 16  # jobs in flight
BRANCHES = 12  # possible steps from each state
DEPTH = 10  # steps of a line
SEED = 0


class Puzzle:
    """Every state has ``BRANCHES`` steps; lines end at ``DEPTH``, all of them wrong."""

    async def propose(self, steps: tuple[str, ...], job: Job) -> Proposal:
        chains: dict[int, int] = {}
        for draw in range(job.samples):
            branch = digest(f"{job.seed}/{draw}") % BRANCHES
            chains[branch] = chains.get(branch, 0) + 1
        state = "/".join(steps)
        proposed = tuple(
            Chain((thought(state, branch, len(steps) + 1),), count)
            for branch, count in chains.items()
        )
        return Proposal(proposed, tokens=10 * job.samples)


def thought(state: str, branch: int, depth: int) -> Thought:
    text = f"{branch} + {depth} = {branch + depth} (left: {branch})"
    seen = digest(f"{state}/{text}")
    outcome = Outcome(text, f"{seen % 97}", 0.0) if depth == DEPTH else None
    return Thought(text, f"{seen:x}", seen % 1000 / 1000, outcome)


def digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


def grow(nodes: int) -> Tree:
    tree = Tree()
    meter = Meter(Budget(nodes=nodes))
    work = search(tree, Mcts(), Puzzle(), meter, width=WIDTH, stop_when=StopWhen.BUDGET, seed=SEED)
    asyncio.run(work)
    return tree


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    rows = []
    for size in SIZES:
        started = time.process_time()
        made = len(grow(size))
        seconds = time.process_time() - started
        tracemalloc.start()
        tree = grow(size)
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        rows.append(
            {
                "nodes": made,
                "depth": tree.deepest,
                "microseconds_per_node": 1e6 * seconds / made,
                "bytes_per_node": held / len(tree),
            }
        )
        del tree
    write(
        "nodes",
        {
            "what": f"Tree search with {WIDTH} jobs in flight on a made-up puzzle that answers at "
            "once: processor time and memory of the search alone.",
            "seed": SEED,
            "sizes": SIZES,
        },
        {"sizes": rows},
        [
            {
                "nodes in the tree": f"{row['nodes']:,}",
                "time a node": f"{row['microseconds_per_node']:.0f} µs",
                "memory a node": f"{row['bytes_per_node']:.0f} bytes",
                "deepest line": f"{row['depth']} steps",
            }
            for row in rows
        ],
    )


if __name__ == "__main__":
    main()
