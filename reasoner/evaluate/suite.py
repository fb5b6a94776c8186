"""What is asked: a held-out suite by name, or a JSONL file of the user's own questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

import verifiers
from verifiers import SUITES, Problem, Verifier, VerifierError, gym
from verifiers.arguments import FIELDS, frozen
from verifiers.suites import SEED, SIZE

from ..chosen import read
from ..errors import UsageError


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a suite; ``id`` is stable across runs, so results can be resumed."""

    id: str
    problem: Problem


GYM = "gym:"
TAKEN = {"answer", "problem", *FIELDS}  # names that mean something else to a verifier


class Line(BaseModel):
    """One line of a user's JSONL file. Unknown fields are errors: a reference under another
    name would silently go unused. ``data``: public fields, which a verifier asks for by name."""

    model_config = ConfigDict(extra="forbid", strict=True)

    question: str
    reference: str | None = None
    data: dict[str, JsonValue] = {}
    domain: str | None = None
    id: str | None = None


def load(name: str, limit: int | None = None, verifier: Verifier | None = None) -> list[Item]:
    """The first ``limit`` items of a suite, of a family of the gym (``gym:FAMILY``), or of a JSONL
    file (anything that ends in .jsonl), whose questions ``verifier`` reads if it is a domain.

    Raises UsageError when the suite is unknown or a line of the file can not be read.
    """
    if name.endswith(".jsonl"):
        items = read_jsonl(Path(name), verifier)
    elif name.startswith(GYM):
        items = from_gym(name, limit or SIZE)
    elif name in SUITES:
        items = [Item(identity(problem), problem) for problem in verifiers.suite(name)]
    else:
        near = get_close_matches(name, SUITES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(SUITES)}"
        raise UsageError(
            f"expected a suite, gym:FAMILY or a file ending in .jsonl, found {name!r}; {hint}"
        )
    return items if limit is None else items[:limit]


def from_gym(name: str, count: int) -> list[Item]:
    """The same problems every time; some families make one twice. Read as any question is."""
    try:
        made = gym.problems(name.removeprefix(GYM), count, seed=SEED)
    except VerifierError as error:
        raise UsageError(str(error)) from None
    read = [replace(verifiers.recognise(p.question), reference=p.reference) for p in made]
    return distinct((Item(identity(problem), problem) for problem in read), name)


def grader_of(name: str) -> str | None:
    """The verifier that grades a suite in the place of each question's domain."""
    return "gym" if name.startswith(GYM) else None


def identity(problem: Problem) -> str:
    """A name that changes whenever the problem or its reference does."""
    text = "\0".join((problem.domain, problem.prompt, problem.reference or ""))
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def read_jsonl(path: Path, verifier: Verifier | None) -> list[Item]:
    """One item a line; blank lines are skipped. Raises UsageError naming the line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"expected a readable UTF-8 file, found {path}: {error}") from error
    # split on "\n" alone: JSON strings may hold U+2028, which splitlines would cut at
    numbered = ((n, line) for n, line in enumerate(text.split("\n"), start=1) if line.strip())
    items = [read_line(line, f"{path}, line {n}", verifier) for n, line in numbered]
    if not items:
        raise UsageError(f"expected at least one question, found none in {path}")
    return distinct(items, str(path))


def read_line(line: str, where: str, verifier: Verifier | None) -> Item:
    try:
        row = Line.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise UsageError(
            f"{where}: expected an object with question and optional reference, domain, id and "
            f"data (a verifier's own fields); found {field + ': ' if field else ''}{first['msg']}"
        ) from error
    if not row.question.strip():
        raise UsageError(f"{where}: expected a question, found an empty one")
    problem = recognise(row, where, verifier)
    if row.reference is not None:
        problem = replace(problem, reference=row.reference)
    name = row.id or identity(problem)
    if taken := TAKEN & row.data.keys():
        raise UsageError(
            f"{where}: expected data under names of its own, found {', '.join(sorted(taken))}; "
            "a verifier gets these from the question itself"
        )
    if row.data:
        more = frozen(row.data)
        problem = replace(problem, data={**problem.data, **more})
        name = row.id or f"{name}-{sha256(repr(sorted(more.items())).encode()).hexdigest()[:6]}"
    return Item(name, problem)


def recognise(row: Line, where: str, verifier: Verifier | None) -> Problem:
    if row.domain is None:
        return read(row.question, verifier)
    try:
        domain = verifiers.domain(row.domain)
    except LookupError as error:
        raise UsageError(f"{where}: {error}") from error
    problem = domain.recognise(row.question)
    if problem is None:
        raise UsageError(
            f"{where}: expected a question the domain {row.domain!r} reads, found "
            f"{row.question[:60]!r}; leave the domain out to let every domain try"
        )
    return problem


def distinct(items: Iterable[Item], where: str) -> list[Item]:
    """The same question twice is asked twice; the same id for two questions is a mistake."""
    first: dict[str, Problem] = {}
    copies: Counter[str] = Counter()
    result = []
    for item in items:
        if first.setdefault(item.id, item.problem) != item.problem:
            raise UsageError(f"{where}: expected one question an id, found two with {item.id!r}")
        copy = copies[item.id]
        copies[item.id] += 1
        result.append(replace(item, id=f"{item.id}#{copy}") if copy else item)
    return result
