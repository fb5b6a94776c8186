"""Problems, the domains they belong to, and the verifiers that judge answers.

Knows no model, no search, no torch.
"""

from .domain import Domain, Step
from .problem import Problem
from .registry import UnknownDomain, domain, domains, recognise
from .suites import SUITES, fingerprint, held_out, suite
from .verdict import Status, Verdict

__all__ = [
    "SUITES",
    "Domain",
    "Problem",
    "Status",
    "Step",
    "UnknownDomain",
    "Verdict",
    "domain",
    "domains",
    "fingerprint",
    "held_out",
    "recognise",
    "suite",
]
