"""Whole searches, node by node: a change of search behaviour is a visible diff.

After a wanted change, write them anew: ``python -m tests.search.test_golden``.
"""

import json
from pathlib import Path

import pytest

from search import STRATEGIES, Tree, strategy
from tests.search.toy import drive, game24, snapshot

GOLDEN = Path(__file__).parent / "golden"


def grown(name):
    tree = Tree()
    drive(tree, strategy(name), game24((1, 1, 4, 4), blur=1.0), jobs=14, width=3)
    return snapshot(tree)


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_tree_is_the_golden_one(name):
    golden = json.loads((GOLDEN / f"{name}.json").read_text())
    tree = json.loads(json.dumps(grown(name)))
    for expected, found in zip(golden["nodes"], tree["nodes"], strict=False):
        assert found == expected
    assert tree == golden


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for each in STRATEGIES:
        text = json.dumps(grown(each)).replace('{"key"', '\n{"key"')  # one line a node
        (GOLDEN / f"{each}.json").write_text(text + "\n")
