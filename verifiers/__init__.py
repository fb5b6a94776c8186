"""Problems, the domains they belong to, and the verifiers that judge answers.

Knows no model, no search, no torch.
"""

from .combine import all_of, first_of, vote, weighted
from .domain import Adviser, Domain, Proofreader, Step
from .door import as_verifier
from .function import verifier
from .judge import Verifier, VerifierError, ajudge, judge, self_checking, signed
from .opinion import llm_judge, reward_model
from .problem import Problem
from .registry import UnknownDomain, domain, domains, find_verifier, recognise
from .suites import SUITES, fingerprint, held_out, suite
from .text import choice, exact, regex
from .verdict import Status, Verdict

__all__ = [
    "SUITES",
    "Adviser",
    "Domain",
    "Problem",
    "Proofreader",
    "Status",
    "Step",
    "UnknownDomain",
    "Verdict",
    "Verifier",
    "VerifierError",
    "ajudge",
    "all_of",
    "as_verifier",
    "choice",
    "domain",
    "domains",
    "exact",
    "find_verifier",
    "fingerprint",
    "first_of",
    "held_out",
    "judge",
    "llm_judge",
    "recognise",
    "regex",
    "reward_model",
    "self_checking",
    "signed",
    "suite",
    "verifier",
    "vote",
    "weighted",
]
