"""The score card: what ``reasoner verifiers test`` found out about a verifier."""

from __future__ import annotations

import asyncio
import itertools
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Any

from .attacks import Attack, attacks, forms, heavy, injections, mutations
from .combine import Combined
from .domain import Domain
from .door import Guarded
from .function import Function
from .judge import AsyncVerifier, Verifier, ajudge
from .plugins import is_domain
from .problem import Problem
from .source import Source
from .verdict import Status, Verdict, explain

ROUNDS = 3  # in a new process each, so that chance falls out otherwise
_AT_ONCE = 16  # verdicts awaited: each holds two descriptors
_PER_LEVEL = 3  # problems of a domain
_EVERY = 4  # attacks: one is asked again
_ATTACKED = 2  # problems that the corpus is held against


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a card. ``failed``: how many of ``tried`` came out wrong; ``detail``: the first
    of those, or what to do."""

    name: str
    tried: int
    failed: int
    detail: str = ""

    @property
    def passed(self) -> bool:
        return self.tried > 0 and self.failed == 0


@dataclass(frozen=True, slots=True)
class ScoreCard:
    """``digest``: of the verifier's source; a changed one has no card any more."""

    verifier: str
    version: str
    digest: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return bool(self.checks) and all(check.passed for check in self.checks)


@dataclass(frozen=True, slots=True)
class _Case:
    """One answer to be judged. ``score``: that it deserves; None: anything but failing will do;
    -1: anything but passing."""

    check: str
    problem: Problem
    answer: str
    score: float | None


_REFUSED = -1.0
_RIGHT, _NEAR = "right answers pass", "near misses fail"
_IDLE = "nothing was tried: it has no examples"
_NO_EXAMPLES = {
    _RIGHT: '@verifier(..., examples=[("the question", "a right answer", True), ...])',
    _NEAR: 'add wrong ones to its examples: ("the question", "almost right", False)',
}


async def examine(
    verifier: Verifier,
    source: Source | None = None,
    watch: Callable[[int, int, str], None] = lambda judged, total, check: None,
) -> ScoreCard:
    """Hold examples, near misses and the attack corpus against a verifier, three times over.

    ``source``: where a child process finds it; without one, a verifier that is no function is
    tried in this process, where nothing can be killed. ``watch``: told after every verdict how
    many there are, how many there will be, and what was checked.
    """
    subject = _isolated(verifier, source)
    with tempfile.TemporaryDirectory(prefix="verifier-") as folder:
        canary = Path(folder) / "canary"
        try:
            cases = list(_cases(verifier, str(canary)))
        except Exception as error:  # its own generator, expert or examples
            broken = Check(_RIGHT, 1, 1, f"no example can be made: {explain(error)}")
            return ScoreCard(verifier.name, verifier.version, digest(verifier), (broken,))
        room = asyncio.Semaphore(_AT_ONCE)
        again = _sample(cases)
        total, count = len(cases) + (ROUNDS - 1) * len(again), itertools.count(1)

        async def judged(case: _Case) -> Verdict:
            async with room:
                verdict = await ajudge(subject, case.problem, case.answer)
            watch(next(count), total, case.check)
            return verdict

        rounds: list[list[Verdict]] = []
        try:
            for number in range(ROUNDS):
                asked = again if number else cases
                rounds.append(list(await asyncio.gather(*map(judged, asked))))
                if isinstance(subject, Function | Guarded):
                    subject.close()
        finally:
            if isinstance(subject, Function | Guarded):
                subject.close()
        first, *others = rounds
        checks = [*_checks(cases, first), _steady(again, [_of(again, cases, first), *others])]
        ran = int(canary.exists())
        checks.append(Check("no answer was executed", 1, ran, "an answer ran as code" * ran))
    return ScoreCard(verifier.name, verifier.version, digest(verifier), tuple(checks))


def digest(verifier: Verifier) -> str:
    """Changes with the source of a verifier: its file, or its whole package."""
    verifier = verifier.original if isinstance(verifier, Guarded) else verifier
    hashed = blake2b(digest_size=8)
    if isinstance(verifier, Combined):
        hashed.update(" ".join(map(digest, verifier.members)).encode())
    function = verifier.function if isinstance(verifier, Function) else None
    code = getattr(function, "__code__", None)
    if isinstance(verifier, Function):
        hashed.update(repr(sorted(verifier.given.items())).encode())
    home = sys.modules.get(getattr(function or type(verifier), "__module__", ""))
    file = None if home is None else getattr(home, "__file__", None)
    if home is None or file is None:  # typed into a notebook
        hashed.update(repr(code and (code.co_code, code.co_consts, code.co_names)).encode())
        return hashed.hexdigest()
    top = sys.modules.get(home.__name__.partition(".")[0])
    folder = Path(str(top.__file__)).parent if top and getattr(top, "__path__", None) else None
    for path in [Path(file)] if folder is None else sorted(folder.rglob("*.py")):
        hashed.update(path.read_bytes())
    return hashed.hexdigest()


def _isolated(verifier: Verifier, source: Source | None) -> Verifier:
    """The same verifier where a hang can be killed."""
    if isinstance(verifier, Function):
        if verifier.isolation != "trusted" or verifier.opinion:  # a model lives here
            return verifier
        return Function(verifier.function, "tested", source=verifier.source, given=verifier.given)
    if source is None or isinstance(verifier, AsyncVerifier):  # which sees to that itself
        return verifier
    return Guarded(verifier, source)


def _cases(verifier: Verifier, canary: str) -> Iterable[_Case]:
    examples = list(_generated(verifier)) if is_domain(verifier) else list(_given(verifier))
    for problem, answer, score in examples:
        yield _Case(_RIGHT if score >= 1.0 else _NEAR, problem, answer, score)
    positive = [(problem, answer) for problem, answer, score in examples if score >= 1.0]
    known = {(problem.question, *answer.split()) for problem, answer in positive}
    seen: list[Problem] = []
    for problem, answer in positive:
        if problem in seen or len(seen) == _ATTACKED:
            continue
        others = [a for p, a, score in examples if p == problem and score < 1.0]
        own = [Attack("attacks of its own", text) for text in getattr(verifier, "attacks", ())]
        more = [*heavy(), *injections(canary)] if not seen else []
        seen.append(problem)
        for attack in (*attacks(problem, answer, (*others, "no idea")[0]), *own, *more):
            if (problem.question, *attack.text.split()) not in known:  # right by chance
                yield _Case(attack.kind, problem, attack.text, _REFUSED)
        for text in forms(answer):
            yield _Case("other forms are judged", problem, text, None)


def _generated(domain: Domain) -> Iterable[tuple[Problem, str, float]]:
    """Problems of every level: the expert is right, the slip of one character is not."""
    for level in domain.levels:
        rng = Random(f"card {domain.name} {level}")
        for _ in range(_PER_LEVEL):
            problem = domain.generate(rng, level)
            steps = tuple(step.text for step in domain.demonstrate(problem, rng))
            answer = domain.answer(problem, steps)
            if answer is None:
                answer = ""  # no answer at all: judged, and found wanting
            yield problem, answer, 1.0
            for mutation in mutations(answer):
                yield problem, mutation, 0.0


def _given(verifier: Verifier) -> Iterable[tuple[Problem, str, float]]:
    for asked, answer, score in getattr(verifier, "examples", ()):
        yield as_problem(asked), answer, float(score)


def as_problem(asked: Any) -> Problem:
    """A question, a problem, or the fields of one; unknown fields are public data."""
    from .registry import recognise

    if isinstance(asked, Problem):
        return asked
    if isinstance(asked, str):
        return recognise(asked)
    fields = dict(asked)
    if isinstance(fields.get("data"), Mapping):  # as a line of JSON has them
        fields = {**fields.pop("data"), **fields}
    problem = recognise(str(fields.pop("question", "")))
    own = {key: fields.pop(key) for key in ("domain", "prompt", "level") if key in fields}
    reference = fields.pop("reference", None)
    return replace(problem, **own, reference=reference, data={**problem.data, **fields})


def _sample(cases: Sequence[_Case]) -> list[_Case]:
    """Every example, and of each kind of attack some."""
    kinds: Counter[str] = Counter()
    kept = []
    for case in cases:
        kinds[case.check] += 1
        if case.score in (0.0, 1.0) or kinds[case.check] % _EVERY == 1:
            kept.append(case)
    return kept


def _of(
    some: Sequence[_Case], cases: Sequence[_Case], verdicts: Sequence[Verdict]
) -> list[Verdict]:
    wanted = set(map(id, some))
    return [v for case, v in zip(cases, verdicts, strict=True) if id(case) in wanted]


def _checks(cases: Sequence[_Case], first: Sequence[Verdict]) -> Iterable[Check]:
    names = dict.fromkeys([_RIGHT, _NEAR, *(c.check for c in cases)])
    for name in names:
        found = [(c, v) for c, v in zip(cases, first, strict=True) if c.check == name]
        bad = [(c, v) for c, v in found if not _as_deserved(c, v)]
        detail = _detail(*bad[0]) if bad else "" if found else _NO_EXAMPLES[name]
        yield Check(name, len(found), len(bad), detail)
    late = [(c, v) for c, v in zip(cases, first, strict=True) if _ended(v)]
    detail = _detail(*late[0]) if late else _IDLE if not cases else ""
    yield Check("nothing hangs or crashes it", len(cases), len(late), detail)


def _ended(verdict: Verdict) -> bool:
    return verdict.status in (Status.TIMEOUT, Status.CRASH)


def _steady(cases: Sequence[_Case], rounds: Sequence[Sequence[Verdict]]) -> Check:
    shaky = [
        (case, verdicts)
        for case, *verdicts in zip(cases, *rounds, strict=True)
        if len({(verdict.status, verdict.score) for verdict in verdicts}) > 1
    ]
    said = [str(verdict.score) for verdict in shaky[0][1]] if shaky else []
    detail = f"{_short(shaky[0][0].answer)} scored {', '.join(said)}" if shaky else ""
    detail = detail if cases else _IDLE
    return Check("the same three times over", len(cases), len(shaky), detail)


def _as_deserved(case: _Case, verdict: Verdict) -> bool:
    if case.score is None:
        return not verdict.failed
    if case.score == _REFUSED:
        return verdict.passed is not True and not (case.check == "empty answers" and verdict.score)
    if verdict.score is None:
        return False
    if case.score in (0.0, 1.0):
        return verdict.passed is (case.score == 1.0)
    return abs(verdict.score - case.score) < 1e-6


def _detail(case: _Case, verdict: Verdict) -> str:
    how = f"scored {verdict.score:g}" if verdict.score is not None else str(verdict.status)
    reason = f": {verdict.reason[:120]}" if verdict.reason else ""
    return f"{_short(case.answer)} on {_short(case.problem.question)} {how}{reason}"


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:30]}... ({len(text):,} characters)")
