"""The task families of reasoning-gym: the extra ``[gym]``.

It generates; its scorers are not left alone with answers. Some would run an answer as Python
code, some pay for a wrong one: those are replaced by :mod:`verifiers.gym_scores`. Of the others
only full marks count (some give 0.05 for anything), in a child that can be killed.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from .algebra import algebra
from .function import Function
from .general import General
from .gym_numbers import Entry, exactly
from .gym_scores import FORMS, RESCORED, repeats
from .judge import VerifierError
from .problem import Problem
from .source import Source
from .verdict import Verdict, explain, right, unjudged, wrong

MAX_ANSWER = 100_000  # characters
_MIXED = ("composite",)  # families made of other families
_TUPLES = ("arc_agi", "rearc")  # scorers that compare grids as tuples, which JSON has not
# Text around the right answer, which scorers that search for it do not see.
_AROUND = re.compile(r"</?think|^\s*(?:not|either)\b", re.IGNORECASE)


def gym() -> Function:
    """Judges answers to :func:`problems`, by the reference that came with each of them."""
    return Function(
        judged,
        "gym",
        timeout=20.0,
        version="2",
        examples=EXAMPLES,
        source=Source("module", __name__, judged.__name__, _warm.__name__),
    )


def families() -> tuple[str, ...]:
    """Their names. Raises :class:`VerifierError` when the library is not installed."""
    return tuple(sorted(set(_library().DATASETS) - set(_MIXED)))


def problems(family: str, count: int, seed: int = 0, **settings: Any) -> list[Problem]:
    """Fresh problems of one family, with references; ``settings`` are those of its own class.

    Raises :class:`VerifierError` for an unknown family and for settings that it does not have.
    """
    known = families()
    if family not in known:
        near = get_close_matches(family, known, n=2)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
        raise VerifierError(f"no family of reasoning-gym is called {family!r}; {hint}")
    with contextlib.redirect_stdout(io.StringIO()):  # where it says what it tried and dropped
        try:
            dataset = _library().create_dataset(family, seed=seed, size=count, **settings)
        except (TypeError, AssertionError, ValueError) as error:
            raise VerifierError(
                f"expected settings of {family!r}, found {settings}: {error}"
            ) from error
        return [_problem(family, settings, dataset[index]) for index in range(count)]


def _library() -> Any:
    try:
        from reasoning_gym import factory
    except ImportError:
        raise VerifierError(
            "reasoning-gym is not installed; run: pip install 'system2-reasoner[gym]'"
        ) from None
    return factory


def _problem(family: str, settings: Mapping[str, Any], entry: Entry) -> Problem:
    known = {"family": family, "settings": dict(settings), "entry": entry}
    # Some note fractions beside their answers; no scorer reads those.
    problem = General().problem(entry["question"], json.dumps(known, default=str))
    return replace(problem, data={**problem.data, "family": family})


def _warm() -> None:
    _library()
    algebra("x", ("x",))


def judged(answer: str, reference: str) -> Verdict:
    """Needs reasoning-gym, and a process that can be killed: most scorers are not ours."""
    try:
        known = json.loads(reference)
        family, settings, entry = known["family"], known["settings"], known["entry"]
        factory = _library()
        kind = factory.DATASETS[family][0]
    except (ValueError, TypeError, KeyError):
        return unjudged("", "expected a reference made by verifiers.gym.problems")
    if not answer.strip() or len(answer) > MAX_ANSWER:
        return wrong("", f"expected an answer, found {len(answer):,} characters")
    if family in RESCORED:
        return RESCORED[family](answer, entry)
    if _is_plain(kind):
        return exactly(answer, entry)
    if (around := _AROUND.search(answer)) is not None:
        return wrong("", f"expected an answer alone, found {around[0].strip()!r}")
    if entry["answer"] is None or entry["answer"] == entry["answer"].strip():
        answer = answer.strip()
    if repeats(answer) or (family in FORMS and FORMS[family].fullmatch(answer) is None):
        return wrong("", f"expected the form that is asked for, found {answer[:60]!r}")
    if family in _TUPLES:
        entry = _tuples(entry)
    dataset = factory.create_dataset(family, seed=0, size=1, **settings)
    try:
        score = float(dataset.score_answer(answer, entry))
    except Exception as error:
        # Whose fault it is: a scorer that can read the right answer can not read this one.
        if entry["answer"] is None or dataset.score_answer(entry["answer"], entry) < 1.0:
            raise
        return wrong("", f"its scorer can not read it: {explain(error, 100)}")
    return right("") if score >= 1.0 else wrong("", f"scored {score:.3g}")


def _is_plain(kind: Any) -> bool:
    """Whether it compares texts, as the library does by default: no need to set it up."""
    from reasoning_gym.dataset import ProceduralDataset

    return bool(kind.score_answer is ProceduralDataset.score_answer)


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _tuples(item) for name, item in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _asked(question: str, family: str, answer: str, **metadata: Any) -> dict[str, str]:
    entry = {"question": question, "answer": answer, "metadata": metadata}
    known = {"family": family, "settings": {}, "entry": entry}
    return {"question": question, "domain": "general", "reference": json.dumps(known)}


_TWENTY_FOUR = _asked("Make it of these four.", "puzzle24", "8/(3 - 8/3)", numbers=[3, 3, 8, 8])
_INTEGRAL = _asked(
    "Find the integral.", "simple_integration", "x**2 + 3*x", variable="x", integrand="2*x + 3"
)
_REACH = _asked(
    "Reach it from these.", "countdown", "52 + 11*3 - 2", numbers=[52, 11, 3, 2], target=83
)
_FACTORS = _asked("Multiply it out.", "polynomial_multiplication", "x**2 + 2*x - 3")
_INSERTED = _asked("Insert as told.", "string_insertion", "ABCDAB")
_SOLVED = _asked("Solve it for e.", "simple_equations", "13", variable="e")
_PRIMES = _asked("Which primes make it?", "prime_factorization", "2 × 3 × 3", factors=[2, 3, 3])
EXAMPLES: Any = (
    (_TWENTY_FOUR, "8/(3 - 8/3)", True),
    (_TWENTY_FOUR, "8 / ( 3-(8/3) )", True),
    (_TWENTY_FOUR, "8/(3 - 8/3) = 24", True),
    (_TWENTY_FOUR, "8/(3 - 8/3) = 25", False),
    (_TWENTY_FOUR, "4*6*1*1", False),
    (_TWENTY_FOUR, "4*6*1*1 = 24", False),
    (_TWENTY_FOUR, "3*8", False),
    (_TWENTY_FOUR, "8*3 + 3 - 8", False),
    (_TWENTY_FOUR, "3*8 + (8e0 - 8) + 0*3", False),
    (_INTEGRAL, "x**2 + 3*x + C", True),
    (_INTEGRAL, "x*(x + 3.0)", True),
    (_INTEGRAL, "x**2 + 3", False),
    (_INTEGRAL, "x**2 + 3.0000001*x", False),
    (_INTEGRAL, "2*x + 3", False),
    (_REACH, "52 + 11*3 - 2", True),
    (_REACH, "52 + 11 + 3 + 2", False),
    (_REACH, "52+11+3+2 - 34 + (49e0)", False),
    (_REACH, "83", False),
    (_FACTORS, "x**2 + 2*x - 3", True),
    (_FACTORS, "(x + 3)*(x - 1)", False),
    (_FACTORS, "x**2 + 2*x + 3", False),
    (_INSERTED, "ABCDAB", True),
    (_INSERTED, "['A', 'B', 'C', 'D', 'A', 'B']", False),
    (_PRIMES, "2 × 3 × 3", True),
    (_PRIMES, "2 × 9", False),
    (_SOLVED, "e = 13", True),
    (_SOLVED, "13", True),
    (_SOLVED, "e = 31", False),
    (_SOLVED, "x = 13", False),
    (_SOLVED, "13 = e = 13", False),
)
