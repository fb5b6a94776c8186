"""What can go wrong, and the exit code each kind maps to.

    ReasonerError        1   anything else that stopped us
    |-- UsageError       2   the question, a flag or a budget makes no sense (also a ValueError)
    |-- RunError         1   a saved run is missing, damaged or in use
    |-- ModelError       5   a model can not be found or loaded
    `-- EngineError      5   a loaded model failed while it was working

A budget that runs out is never an exception: see ``search.StopReason``. Every message says what
was expected, what was found and what to do, on one line.
"""

from __future__ import annotations


class ReasonerError(Exception):
    """Root of everything this package raises on purpose."""

    exit_code: int = 1


class UsageError(ReasonerError, ValueError):
    """The caller asked for something that makes no sense."""

    exit_code = 2


class RunError(ReasonerError):
    """A saved run is missing, damaged, or being written by another process."""


class ModelError(ReasonerError):
    """A model is unknown, missing, corrupt or of the wrong kind."""

    exit_code = 5


class EngineError(ReasonerError):
    """A loaded model failed while it was working on a request."""

    exit_code = 5
