"""Drawing problems: what a generation plays, and what the arena asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from itertools import islice
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
    return _named(settings, 0, _fresh(rng, wanted, set(), admission))


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
    seen: set[bytes] = set()
    edits: list[Drawn] = []
    if proposer is not None:
        found = proposer.propose(Random(f"{settings.seed} edits {generation}"), 2 * wanted)
        edits = _named(settings, generation, islice(_new(found, seen, admission), wanted), EDIT)
    cells = (plan.draw(rng) for _ in range(_TRIES * limit))
    fresh = islice(_fresh(rng, cells, seen, admission), limit - len(edits))
    return edits + _named(settings, generation, fresh)


def _fresh(
    rng: Random, cells: Iterable[Cell], seen: set[bytes], admission: Admission
) -> Iterator[tuple[bytes, Problem]]:
    """A new problem for each of ``cells``; those that are used up are passed over."""
    used_up: set[Cell] = set()
    for cell in cells:
        if cell in used_up:
            continue
        drawn = (fresh_problem(rng, *cell) for _ in range(_TRIES))
        found = next(_new(drawn, seen, admission), None)
        if found is None:
            used_up.add(cell)
        else:
            yield found


def _new(
    problems: Iterable[Problem], seen: set[bytes], admission: Admission
) -> Iterator[tuple[bytes, Problem]]:
    """Those that may be played, with their forms, each once: ``seen`` grows."""
    for problem in problems:
        form = fingerprint(domain(problem.domain), problem)
        if form not in seen and admission.problem(problem) is None:
            seen.add(form)
            yield form, problem


def _named(
    settings: Settings, generation: int, found: Iterable[tuple[bytes, Problem]], kind: str = ""
) -> list[Drawn]:
    return [(kind + _name(settings, generation, n), *each) for n, each in enumerate(found)]


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
