"""How good are the answers, and what does a second buy? ``reasoner eval`` and the benchmarks."""

from __future__ import annotations

from .arm import Arm, parse_arms
from .report import ArmReport, Report, report
from .results import Results, Row
from .run import Ask, Plan, run
from .suite import Item, grader_of, load

__all__ = [
    "Arm",
    "ArmReport",
    "Ask",
    "Item",
    "Plan",
    "Report",
    "Results",
    "Row",
    "grader_of",
    "load",
    "parse_arms",
    "report",
    "run",
]
