"""Problems, the domains they belong to, and the verifiers that judge answers.

Knows no model, no search, no torch.
"""

from verifiers.domain import Domain, Step
from verifiers.problem import Problem
from verifiers.registry import UnknownDomain, domain, domains, recognise
from verifiers.suites import SUITES, fingerprint, held_out, suite
from verifiers.verdict import Status, Verdict

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
