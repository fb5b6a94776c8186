"""Skips what needs an extra that is not installed here, and says which line installs it."""

from __future__ import annotations

from typing import Any

import pytest

from verifiers import Status, Verdict
from verifiers.card import as_problem
from verifiers.extras import EXTRAS
from verifiers.function import Function


def needs(name: str) -> pytest.MarkDecorator:
    extra = EXTRAS[name]
    return pytest.mark.skipif(not extra.installed, reason=f"run: {extra.command}")


def verdict(verifier: Function, asked: Any, answer: str) -> Verdict:
    return verifier.verify(as_problem(asked), answer)


def as_deserved(verifier: Function, asked: Any, answer: str, score: float) -> bool:
    found = verdict(verifier, asked, answer)
    assert found.status is Status.JUDGED, found
    assert found.score == float(score), found
    return True
