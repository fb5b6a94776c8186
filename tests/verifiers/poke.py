"""One text against everything that reads strangers' text in our own process."""

from __future__ import annotations

import decimal
import json
import os
import sys
import warnings
from collections.abc import Callable
from random import Random

from verifiers import Problem, Verdict, choice, domains, exact, judge
from verifiers.agree import agree
from verifiers.algebra import AlgebraError, algebra
from verifiers.attacks import attacks, forms, mutations
from verifiers.code import completed, source
from verifiers.code_task import read
from verifiers.constraints import _model, _NoModel
from verifiers.math_text import Unreadable, final
from verifiers.sandbox.inside.plain import NotPlain, decode
from verifiers.sandbox.session import parse
from verifiers.schema import _read, _Unreadable
from verifiers.source import VerifierError
from verifiers.source import parse as parse_spec

PROBLEMS = [(family, family.generate(Random(1), family.levels[0])) for family in domains()]
TEXT = Problem("general", "", "?", reference="B")
Own = type[Exception] | tuple[type[Exception], ...]
READERS: tuple[tuple[Callable[[str], object], Own], ...] = (
    (final, Unreadable),
    (_read, _Unreadable),
    (_model, _NoModel),
    (read, ValueError),
    (parse_spec, VerifierError),
    (lambda text: algebra(text, ("x",)), AlgebraError),
    (lambda text: agree(json.loads(text), 1), ValueError),
    (lambda text: decode(json.loads(text)), (NotPlain, ValueError)),
)
"""What reads text, and the errors of its own that it may raise."""


def state() -> tuple[object, ...]:
    """What no verdict may change."""
    context = decimal.getcontext()
    return (
        sys.getrecursionlimit(),
        sys.get_int_max_str_digits(),
        os.getcwd(),
        dict(os.environ),
        (context.prec, context.rounding),
        len(warnings.filters),
        len(os.listdir("/proc/self/fd")),
    )


def poke(text: str) -> None:
    """Raises for anything that escapes; a verdict or an error of its own kind is all there is."""
    for family, problem in PROBLEMS:
        family.recognise(text)
        family.normalise(text)
        verdict = family.verify(problem, text)
        assert isinstance(verdict, Verdict)
        if family.state_key(problem, (text,)) is not None:
            family.answer(problem, (text,))
    for verifier in (exact(), choice()):
        assert not judge(verifier, TEXT, text).failed
    list(attacks(TEXT, text, "no"))
    forms(text)
    mutations(text[:1000])
    completed(text, source(text), "f")
    parse(text.encode("utf-8", "replace"))
    for reader, own in READERS:
        allowed(reader, own, text)


def allowed(reader: Callable[[str], object], own: Own, text: str) -> None:
    try:
        reader(text)
    except own:
        return
    except RecursionError:
        if reader.__name__ != "<lambda>":  # of json, above
            raise
