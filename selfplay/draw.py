"""Drawing problems: what a generation plays, and what the arena asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from random import Random

from verifiers import Problem, domain, fingerprint

from .admission import Admission
from .corpus import MIX, fresh_problem
from .curriculum import Cell, Curriculum, Skill
from .play import EDIT
from .proposer import Proposer
from .settings import Settings

_TRIES = 40  # draws of a cell before it counts as used up

Drawn = tuple[str, bytes, Problem]  # id, form, problem


def curriculum(settings: Settings, skills: Mapping[Cell, Skill]) -> Curriculum:
    return Curriculum({name: _shares(name) for name in settings.domains}, skills)


def _shares(family: str) -> dict[int, float]:
    """How often each level is asked for in stage 1 and in the arena; they sum to 1."""
    weights = {level: MIX.get((family, level), 1.0) for level in domain(family).levels}
    return {level: weight / sum(weights.values()) for level, weight in weights.items()}


def placement(settings: Settings, admission: Admission) -> list[Drawn]:
    """Generation 0: every level of every family alike, to see what the model can do."""
    cells = [(name, level) for name in settings.domains for level in domain(name).levels]
    rng = Random(f"{settings.seed} placement")
    wanted = [cell for cell in cells for _ in range(settings.placement)]
    return _problems(settings, 0, _fresh(rng, wanted, admission), admission, len(wanted))


def lot(
    settings: Settings,
    generation: int,
    skills: Mapping[Cell, Skill],
    admission: Admission,
    proposer: Proposer | None = None,
) -> list[Drawn]:
    """A generation's problems: some from the proposer, the rest as the curriculum wants them."""
    rng, plan = Random(f"{settings.seed} lot {generation}"), curriculum(settings, skills)
    limit, wanted = settings.problems, round(settings.proposed * settings.problems)
    edits: list[Drawn] = []
    if proposer is not None:
        found = proposer.propose(Random(f"{settings.seed} edits {generation}"), 2 * wanted)
        edits = _problems(settings, generation, found, admission, wanted, EDIT)
    known = {form for _, form, _ in edits}
    unknown = Admission(lambda form: form in known or admission.known(form))
    cells = (plan.draw(rng) for _ in range(_TRIES * limit))
    fresh = _fresh(rng, cells, unknown)
    return edits + _problems(settings, generation, fresh, unknown, limit - len(edits))


def _fresh(rng: Random, cells: Iterable[Cell], admission: Admission) -> Iterator[Problem]:
    """A new problem for each of ``cells``; those that are used up are passed over."""
    seen: set[bytes] = set()
    used_up: set[Cell] = set()
    for cell in cells:
        for _ in range(_TRIES if cell not in used_up else 0):
            problem = fresh_problem(rng, *cell)
            form = fingerprint(domain(cell[0]), problem)
            if form not in seen and admission.problem(problem) is None:
                seen.add(form)
                yield problem
                break
        else:
            used_up.add(cell)


def _problems(
    settings: Settings,
    generation: int,
    found: Iterable[Problem],
    admission: Admission,
    limit: int,
    kind: str = "",
) -> list[Drawn]:
    """The first ``limit`` of those that may be played, each once."""
    drawn: dict[bytes, Drawn] = {}
    for problem in found:
        if len(drawn) == limit:
            break
        form = fingerprint(domain(problem.domain), problem)
        if form not in drawn and admission.problem(problem) is None:
            drawn[form] = (kind + _name(settings, generation, len(drawn)), form, problem)
    return list(drawn.values())


def _name(settings: Settings, generation: int, number: int) -> str:
    """A play's id: the same play has the same one, however often it is begun."""
    text = f"{settings.seed} {generation} {number}"
    return blake2b(text.encode(), digest_size=8).hexdigest()


def order_seed(name: str) -> int:
    return int(blake2b(name.encode(), digest_size=4).hexdigest(), 16)


def duel_problem(settings: Settings, generation: int, arm: str, family: str, index: int) -> Problem:
    """One that no lesson ever holds; levels as often as in stage 1."""
    rng = Random(f"{settings.seed} duel {generation} {arm} {family} {index}")
    shares = _shares(family)
    level = rng.choices(list(shares), list(shares.values()))[0]
    return fresh_problem(rng, family, level, reserved=True)
