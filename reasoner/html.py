"""One saved run as one page: no network, nothing to install, safe to open.

All text of the model and of the user travels as JSON and reaches the page as text nodes; the
content security policy admits this file's own script and style and nothing else.
"""

from __future__ import annotations

import hashlib
import heapq
import json
from base64 import b64encode
from importlib.resources import files
from typing import Any

from search import Tree

from .recorder import Past, revive
from .records import BestAnswer, Resume, Stop
from .traces import Trace

MAX_NODES = 2000  # drawn; a browser stays quick, and nobody reads more
MAX_CHANGES = 2000  # points of the confidence chart


def render(trace: Trace) -> str:
    """The whole page."""
    folder = files(__package__) / "templates"
    style, script = ((folder / name).read_text("utf-8") for name in ("run.css", "run.js"))
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    # In a script element only "</script" and "<!--" could end the data: no "<" is left in it.
    data = json.dumps(page_data(trace)).replace("<", "\\u003c")
    page = (folder / "run.html").read_text("utf-8")
    for slot, text in (("policy", policy), ("style", style), ("script", script), ("data", data)):
        before, marker, after = page.partition(f"[[{slot}]]")
        if not marker:
            raise ValueError(f"expected a slot [[{slot}]] in templates/run.html, found none")
        page = before + text + after  # slots stand in this order, so no text is read as a slot
    return page


def _digest(text: str) -> str:
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()


def page_data(trace: Trace) -> dict[str, Any]:
    """What the page shows, ready for JSON."""
    header, past = trace.header, revive(trace)
    best = past.best(alternatives=8)
    stops = [record for record in trace.records if isinstance(record, Stop | Resume)]
    changes = [record for record in trace.records if isinstance(record, BestAnswer)]
    return {
        "question": header.question,
        "run": header.run_id,
        "created": header.created,
        "facts": {
            "model": f"{header.model} {header.fingerprint}".strip(),
            "domain": header.domain,
            "verifier": header.verifier,
            "strategy": past.terms.strategy,
            "seed": past.terms.seed,
            "tokens": past.used.tokens,
            "nodes": past.used.nodes,
            "depth": past.tree.deepest,
        },
        "stop": stops[-1].reason if stops and isinstance(stops[-1], Stop) else None,
        "used_s": past.used.seconds,
        "asked_s": header.limits.asked_s,
        "resumed_s": [record.t_s for record in stops if isinstance(record, Resume)],
        "damage": trace.corrupt + past.lost,
        "answer": None if best is None else best.answer,
        "verified": None if best is None else best.verified,
        "confidence": None if best is None else round(best.confidence, 4),
        "steps": [] if best is None else list(past.tree.steps(best.path)),
        "alternatives": [
            {"answer": other.answer, "confidence": other.confidence, "verified": other.verified}
            for other in (best.alternatives if best else ())
        ],
        "changes": [
            {"t": c.t_s, "answer": c.answer, "confidence": c.confidence, "verified": c.verified}
            for c in _thin(changes)
        ],
        **_tree(past, best.path if best else (0,)),
    }


def _thin(changes: list[BestAnswer]) -> list[BestAnswer]:
    """At most ``MAX_CHANGES``: evenly spread, the last one kept."""
    stride = -(-len(changes) // MAX_CHANGES) or 1
    return changes[::-stride][::-1]


def _tree(past: Past, best: tuple[int, ...]) -> dict[str, Any]:
    """The most visited part of the tree, parents before children; ``row`` = place in the list."""
    tree, kept = past.tree, _most_visited(past.tree, best)
    nodes = tree.nodes
    row_of = {node: row for row, (node, _) in enumerate(kept)}
    rows = []
    for node, parent in kept:
        edge = nodes.children[parent][node] if parent >= 0 else -1
        outcome = nodes.outcome.get(node)
        rows.append(
            {
                "parent": row_of.get(parent, -1),
                "also": [row_of[p] for p in nodes.parents(node) if p in row_of and p != parent],
                "text": nodes.edge_text[edge] if edge >= 0 else "",
                "visits": nodes.visits[node],
                "q": round(nodes.q[node], 4) if nodes.q[node] >= 0.0 else None,
                "value": round(nodes.value[node], 4) if nodes.value[node] >= 0.0 else None,
                "prior": round(nodes.prior(parent, edge), 4) if edge >= 0 else 1.0,
                "state": _state(tree, node),
                "answer": outcome.answer if outcome else None,
                "reason": outcome.reason if outcome else "",
                "t": past.born_s[node],
                "hidden": sum(child not in row_of for child in nodes.children[node]),
            }
        )
    line = [row_of[node] for node in best]
    return {"tree": rows, "best": line, "left_out": len(nodes) - len(kept)}


def _state(tree: Tree, node: int) -> str:
    """One word for how a node is drawn."""
    frontier = tree.frontier
    outcome = tree.nodes.outcome.get(node)
    if outcome is not None:
        if outcome.score is None:
            return "answer"
        return "right" if outcome.score >= 1.0 else "wrong"
    if frontier.solved[node]:
        return "solved"
    if frontier.dead[node]:
        return "dead"
    return "closed" if frontier.closed[node] else "open"


def _most_visited(tree: Tree, best: tuple[int, ...]) -> list[tuple[int, int]]:
    """(node, parent it is drawn under): the best line, then the rest by visits."""
    nodes = tree.nodes
    kept = dict(zip(best, (-1, *best), strict=False))  # node -> parent, in drawing order
    heap = [(-nodes.visits[child], child, node) for node in best for child in nodes.children[node]]
    heapq.heapify(heap)
    while heap and len(kept) < MAX_NODES:
        _, node, parent = heapq.heappop(heap)
        if node not in kept:
            kept[node] = parent
            for child in nodes.children[node]:
                heapq.heappush(heap, (-nodes.visits[child], child, node))
    return list(kept.items())
