"""Untrusted code in isolation: killed on time, bounded in memory, graded from outside."""

from .limits import End, Limits, Ran, SandboxUnavailable
from .sandbox import Called, Reply, Sandbox

__all__ = ["Called", "End", "Limits", "Ran", "Reply", "Sandbox", "SandboxUnavailable"]
