"""Which verifier judges: the one asked for, else the domain's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from verifiers import (
    Problem,
    Verifier,
    VerifierError,
    as_verifier,
    domain,
    find_verifier,
    recognise,
    signed,
)
from verifiers.judge import opinion, ready
from verifiers.plugins import is_domain
from verifiers.source import parse
from verifiers.verdict import explain

from .catalog import DEFAULT
from .errors import RunError, UsageError
from .question import check_question
from .records import Header

GENERAL_NOTE = (
    "no verifier knows this kind of question, so agreement is the only measure of confidence"
)
BUNDLED_NOTE = (
    "; the bundled model knows countdown, arithmetic, equations and short word problems; "
    "for anything else bring a bigger model: the README says how"
)
OPINION_NOTE = "a model's opinion judged this: nothing is proved"

Asked = str | Verifier | Callable[..., Any]
"""A name, ``./file.py:function``, ``package.module:function``, a verifier, or a plain function."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """``problem``: the question as it was read, without a reference. ``spec``: where the verifier
    is found again; None for the domain's own and for objects of Python. ``note``: what the reader
    of an answer should know."""

    verifier: Verifier
    problem: Problem
    spec: str | None = None
    note: str = ""

    def note_for(self, model: str) -> str:
        """``note``, and what the bundled model knows where it is the one that is asked."""
        bundled = self.note == GENERAL_NOTE and model == DEFAULT
        return self.note + BUNDLED_NOTE if bundled else self.note


def choose(asked: Asked | None, question: str | Problem, unsafe: bool = False) -> Chosen:
    """Raises ``UsageError`` for one that can not be found or can not run here."""
    found = None if asked is None else begin(asked, unsafe)
    if isinstance(question, str):
        problem = read(check_question(question), found)
    else:
        problem = question.public()
    if found is None:
        family = domain(problem.domain)
        return Chosen(family, problem, note=GENERAL_NOTE if family.name == "general" else "")
    note = OPINION_NOTE if opinion(found) else ""
    return Chosen(found, problem, str(parse(asked)) if isinstance(asked, str) else None, note)


def read(question: str, verifier: Verifier | None) -> Problem:
    """The problem that a question poses: a verifier that is a whole domain is the first to say.

    Raises ``UsageError`` when that fails.
    """
    try:
        own = verifier.recognise(question) if is_domain(verifier) else None
    except Exception as error:  # a stranger's code: whatever it may raise
        raise UsageError(f"expected a question to be read, found {explain(error)}") from error
    return recognise(question) if own is None else own.public()


def find(asked: Asked) -> Verifier:
    """Raises ``UsageError`` for a verifier that can not be found."""
    try:
        return find_verifier(asked) if isinstance(asked, str) else as_verifier(asked)
    except VerifierError as error:
        raise UsageError(str(error)) from None


def begin(asked: Asked, unsafe: bool = False) -> Verifier:
    """:func:`find`, and start what it runs in. Raises ``UsageError`` when it can not run here.

    ``unsafe``: where no sandbox works, do without one.
    """
    found = find(asked)
    try:
        ready(found, unsafe)
    except VerifierError as error:
        raise UsageError(str(error)) from None
    return found


def choose_again(
    asked: Asked | None, problem: Problem, header: Header, unsafe: bool = False
) -> Chosen:
    """The verifier a run was begun with: verdicts of two can not share a tree.

    Raises ``RunError`` when it is another by now, or can not be found any more.
    """
    try:
        chosen = choose(header.judge if asked is None else asked, problem, unsafe)
    except UsageError as error:
        raise RunError(f"{header.verifier} judged run {header.run_id}: {error}") from None
    if (found := signed(chosen.verifier)) != header.verifier:
        raise RunError(
            f"expected {header.verifier} to judge run {header.run_id} on, found {found}; "
            "bring the old one back (in Python: resume(..., verifier=...)), or ask again"
        )
    return chosen
