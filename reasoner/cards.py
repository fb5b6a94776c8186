"""Score cards, kept beside the runs: which verifiers may mint training data."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path

from verifiers import Verifier, signed
from verifiers.card import Check, ScoreCard, digest, examine
from verifiers.judge import opinion
from verifiers.source import Source

from .errors import UsageError
from .runs import default_home


def save(card: ScoreCard, home: Path | None = None) -> Path:
    """Keep a card in place of an earlier one of the same source. Raises ``OSError``."""
    path = _path(card.verifier, card.version, card.digest, home)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(asdict(card), indent=2) + "\n", encoding="utf-8")
    fresh.replace(path)
    return path


def find(verifier: Verifier, home: Path | None = None) -> ScoreCard | None:
    """The card of this very version and source; None when there is none that can be read."""
    known = digest(verifier)
    with suppress(OSError, ValueError, TypeError, KeyError):
        path = _path(verifier.name, verifier.version, known, home)
        data = json.loads(path.read_text(encoding="utf-8"))
        checks = tuple(Check(**check) for check in data.pop("checks"))
        card = ScoreCard(**data, checks=checks)
        if (card.verifier, card.version, card.digest) == (verifier.name, verifier.version, known):
            return card
    return None


async def licence(verifier: Verifier, source: Source, home: Path | None = None) -> None:
    """Let ``verifier`` mint training data: one without a card is tested now, in some seconds.

    ``source``: where a child process finds it. Raises ``UsageError`` when it fails its test, and
    for a model's opinion: what it is fooled by would be learned.
    """
    if opinion(verifier):
        raise UsageError(
            f"expected a verifier that proves what it passes to make training data, found "
            f"{signed(verifier)}, a model's opinion; use all_of(...) of it and one that proves"
        )
    card = find(verifier, home)
    if card is None:
        card = await examine(verifier, source)
        with suppress(OSError):  # then it is tested again the next time
            save(card, home)
    if not card.passed:
        wrong = ", ".join(check.name for check in card.checks if not check.passed)
        raise UsageError(
            f"expected a verifier that stands its own test to make training data, found that "
            f"{signed(verifier)} fails ({wrong or 'nothing was tried'}); "
            f"run: reasoner verifiers test {verifier.name}"
        )


def _path(name: str, version: str, source: str, home: Path | None) -> Path:
    key = blake2b(f"{name}@{version} {source}".encode(), digest_size=10).hexdigest()
    return (home or default_home()) / "cards" / f"{key}.json"
