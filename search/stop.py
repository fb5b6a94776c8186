"""Why a search ended, and when it may end early."""

from __future__ import annotations

from enum import StrEnum


class StopReason(StrEnum):
    """Why a search ended: always one of these, never an exception."""

    VERIFIED = "verified"
    """An answer passed its verifier."""
    CONFIDENT = "confident"
    """The answers agree so well that more time is not worth it."""
    TIME = "time"
    """The seconds ran out."""
    TOKENS = "tokens"
    """The tokens ran out."""
    NODES = "nodes"
    """The nodes ran out."""
    DOLLARS = "dollars"
    """The money ran out."""
    EXHAUSTED = "exhausted"
    """The strategy has nothing left to try: every line is explored."""
    INTERRUPTED = "interrupted"
    """Somebody asked it to stop."""
    ENGINE = "engine"
    """The proposer failed again and again with nothing succeeding in between."""


class StopWhen(StrEnum):
    """When a search may end before its budget does."""

    VERIFIED = "verified"
    """As soon as an answer is verified."""
    CONFIDENT = "confident"
    """As soon as an answer is verified, or unjudged answers agree beyond reasonable doubt."""
    BUDGET = "budget"
    """Not before the budget is used up or every line is explored."""
