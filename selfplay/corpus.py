"""Stage 1's endless corpus: experts solving fresh problems, with slips for the value to notice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import count
from random import Random

from tokenizers import Tokenizer

from reasoner.errors import ReasonerError
from verifiers import Adviser, Domain, Problem, Step, domain, fingerprint, held_out, suite
from verifiers.countdown import Countdown
from verifiers.reach import exactly_reachable, reachable
from verifiers.suites import game24

from .choice import Choice
from .lesson import (
    Batch,
    Encode,
    Lesson,
    Specials,
    after,
    choosing,
    fill_rows,
    lesson,
    pack,
    second_thoughts,
)

SLIP = 0.4  # chance that a step of a slipping demonstration goes astray
SLIPPING = 0.5  # share of demonstrations that may slip
GAME24 = 0.05  # share of countdown problems that are published puzzles outside the hard slice
WIDE = 0.7  # share of countdowns with four numbers, for lessons and plays, that have larger ones:
# there are so few up to 13 that a model learns them by heart, and knows the less of others
WIDER = (20, 30, 50)  # the largest number of such
LATE = 0.25  # of the choices among what three numbers allow, so many are learned
_DRAWS = 10_000  # one in eight is reserved: more than that many without one is a generator of few
CHOICES = 0.75  # of the problems whose expert advises, so many are choices
SECOND = 0.4  # of the problems whose expert advises, so many are tried in vain before
FAILED = 6  # times, at most
FRACTIONS = 0.2  # share of the review's puzzles with four numbers that need one on the way

# How often each (domain, level) is drawn. Countdown needs the most: its steps are choices, not
# procedures.
MIX: dict[tuple[str, int], float] = {
    ("countdown", 3): 4, ("countdown", 4): 70, ("countdown", 5): 16, ("countdown", 6): 10,
    ("arithmetic", 1): 2, ("arithmetic", 2): 3, ("arithmetic", 3): 4,
    ("arithmetic", 4): 5, ("arithmetic", 5): 4, ("arithmetic", 6): 4,
    ("equations", 1): 4, ("equations", 2): 4, ("equations", 3): 6,
    ("equations", 4): 6, ("equations", 5): 6,
    ("word_problems", 1): 9, ("word_problems", 2): 7, ("word_problems", 3): 5,
    ("word_problems", 4): 4, ("general", 1): 0.7,
}  # fmt: skip

# The last lessons favour the family that is slowest to learn.
REVIEW = {
    (name, level): weight * (2 if name == "word_problems" else 1)
    for (name, level), weight in MIX.items()
} | {("general", 2): 2.0}


def fresh_problem(rng: Random, name: str, level: int, *, reserved: bool = False) -> Problem:
    """A fresh problem that is not an evaluation problem in any clothes.

    ``reserved``: one that lessons never hold either, for calibration; otherwise one they may.
    Raises :class:`ReasonerError` for a family too small to have one.
    """
    family = domain(name)
    for _ in range(_DRAWS):
        if name == "countdown" and level == 4 and rng.random() < GAME24:
            problem = rng.choice(_published())
        elif name == "countdown" and level == 4 and not reserved and rng.random() < WIDE:
            problem = _with_larger_numbers(rng)
        else:
            problem = family.generate(rng, level)
        if admissible(family, problem) and is_reserved(family, problem) is reserved:
            return problem
    raise ReasonerError(
        f"expected fresh problems of {name}, level {level}, found only others in {_DRAWS:,} draws; "
        "its generator must make more kinds"
    )


def _with_larger_numbers(rng: Random) -> Problem:
    while True:
        if (problem := Countdown().drawn(rng, 4, rng.choice(WIDER))) is not None:
            return problem


def fraction_problem(rng: Random) -> Problem:
    """A fresh puzzle of four numbers that natural numbers alone do not solve: 3 3 8 8 to 24."""
    family = Countdown()
    while True:
        given = tuple(sorted(rng.randint(1, 13) for _ in range(4)))
        ends = sorted(exactly_reachable(given) - reachable(given))
        wanted = [int(end) for end in ends if end == int(end) and 10 <= end <= 100]
        if not wanted:
            continue
        problem = family.problem(given, 24 if 24 in wanted else rng.choice(wanted))
        if admissible(family, problem) and not is_reserved(family, problem):
            return problem


def admissible(family: Domain, problem: Problem) -> bool:
    """False for held-out problems: nothing may be learned from them."""
    return fingerprint(family, problem) not in held_out()


def is_reserved(family: Domain, problem: Problem) -> bool:
    """One problem in eight is kept from lessons: calibration must see what training did not."""
    return fingerprint(family, problem)[0] < 32


_puzzles: list[Problem] = []


def _published() -> list[Problem]:
    if not _puzzles:
        hard = {fingerprint(domain("countdown"), p) for p in suite("game24")}
        everything = game24(slice(None))
        _puzzles.extend(p for p in everything if fingerprint(domain("countdown"), p) not in hard)
    return _puzzles


def expert_lesson(
    rng: Random,
    encode: Encode,
    special: Specials,
    room: int,
    *,
    review: bool = True,
    choices: float = CHOICES,
) -> Lesson:
    """What an expert does, or, of so many problems whose expert advises, what it would choose;
    in at most ``room`` tokens. ``review``: for a model that learns its values elsewhere."""
    mix = REVIEW if review else MIX
    name, level = _cell(rng, mix)
    if advised(name) and rng.random() < choices:
        return choosing(*draw_choices(rng, name, level), encode, special, room)
    problem, steps, done = _demonstrated(rng, name, level, FRACTIONS if review else 0.0)
    failed: list[tuple[Step, ...]] = []
    if advised(name):
        if done and not steps[-1].good:  # lost to its end: what is to be done then?
            failed, steps = [steps], domain(name).demonstrate(problem, rng)
        elif done and rng.random() < SECOND:
            failed = tried_in_vain(rng, problem)
    if review:
        failed, steps = [_unjudged(line) for line in failed], _unjudged(steps)
    if not failed:
        return lesson(problem, steps, done, encode, special)
    return second_thoughts(problem, failed, steps, encode, special, room)


def _unjudged(steps: Sequence[Step]) -> tuple[Step, ...]:
    return tuple(Step(step.text, step.teach, None) for step in steps)


def tried_in_vain(rng: Random, problem: Problem) -> list[tuple[Step, ...]]:
    """Lines of an expert gone astray that end in a wrong answer; perhaps none."""
    family, failed = domain(problem.domain), list[tuple[Step, ...]]()
    many = rng.randint(1, FAILED)
    for _ in range(3 * many):
        steps = family.demonstrate(problem, rng, slip=1.0)
        ended = family.answer(problem, tuple(step.text for step in steps)) is not None
        if ended and not steps[-1].good and len(failed) < many:
            failed.append(steps)
    return failed


def draw_demonstration(
    rng: Random,
    mix: Mapping[tuple[str, int], float] = MIX,
    fractions: float = 0.0,
) -> tuple[Problem, tuple[Step, ...], bool]:
    """A fresh problem, an expert's steps (perhaps astray), and whether they end in an answer."""
    return _demonstrated(rng, *_cell(rng, mix), fractions)


def _cell(rng: Random, mix: Mapping[tuple[str, int], float]) -> tuple[str, int]:
    return rng.choices(list(mix), list(mix.values()))[0]


def _demonstrated(
    rng: Random, name: str, level: int, fractions: float
) -> tuple[Problem, tuple[Step, ...], bool]:
    if fractions and (name, level) == ("countdown", 4) and rng.random() < fractions:
        problem = fraction_problem(rng)
    else:
        problem = fresh_problem(rng, name, level)
    slip = SLIP if rng.random() < SLIPPING else 0.0
    family = domain(name)
    steps = family.demonstrate(problem, rng, slip)
    return problem, steps, family.answer(problem, tuple(step.text for step in steps)) is not None


def draw_choices(rng: Random, name: str, level: int) -> tuple[Problem, tuple[Choice, ...]]:
    """A fresh problem of a family whose expert advises, and what to do along one way to solve it:
    all winning steps alike. A single way says nothing of the steps that were not taken. Mostly the
    early ones, which are hard: nine in ten of the fresh puzzles with four numbers that System 1
    failed were lost at the first step."""
    problem, family = fresh_problem(rng, name, level), domain(name)
    assert isinstance(family, Adviser)
    way = tuple(step.text for step in family.demonstrate(problem, rng))
    found = []
    for number in range(len(way) - 1):  # where the last step leads is seen at once
        if number and number == len(way) - 2 and rng.random() >= LATE:
            continue
        options = family.options(problem, way[:number])
        good = sum(wins for _, wins in options)
        if 0 < good < len(options):
            texts, policy = zip(*((text, wins / good) for text, wins in options), strict=True)
            failed = tried_in_vain(rng, problem) if not number and rng.random() < SECOND else ()
            found.append(Choice((*after(problem, failed), *way[:number]), texts, policy))
    return problem, tuple(found)


@cache
def advised(name: str) -> bool:
    """Whether an expert knows what else there was to do: who sees there that a line ended wrong
    may begin another one."""
    return isinstance(domain(name), Adviser)


def demonstrations(
    tokenizer: Tokenizer, seed: int, start: int, rows: int, length: int, lines: int = 0
) -> Iterator[Batch]:
    """Batches ``start``, ``start + 1``, ...: each follows from the seed and its number alone, so
    a resumed run sees exactly what an undisturbed one would have seen. The first ``lines`` of
    them hold no choices: who can not write yet learns more from whole lines."""
    special, encode = specials(tokenizer), encoder(tokenizer)
    for number in count(start):
        rng = Random(f"{seed} {number}")
        share = CHOICES if number >= lines else 0.0

        def draw(rng: Random = rng, share: float = share) -> Lesson:
            return expert_lesson(rng, encode, special, length, review=False, choices=share)

        yield pack(fill_rows(draw, rows, length), length, special.pad)


def encoder(tokenizer: Tokenizer) -> Encode:
    """Text to ids, without special tokens of the tokenizer's own."""

    def encode(text: str) -> list[int]:
        ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    return encode


def specials(tokenizer: Tokenizer) -> Specials:
    """Ids of the special tokens; raises ValueError for a tokenizer without them."""
    found = (tokenizer.token_to_id(f"<{n}>") for n in ("pad", "end", "value", "good", "bad"))
    ids = [token for token in found if token is not None]
    if len(ids) != 5:
        raise ValueError("expected <pad> <end> <value> <good> <bad> in the tokenizer")
    return Specials(*ids)


def vocabulary_texts(seed: int, problems: int = 20_000) -> list[str]:
    """Enough problems and solutions to see every word the families use."""
    rng, texts = Random(seed), list[str]()
    for _ in range(problems):
        name = rng.choice(("countdown", "equations", "word_problems", "general", "arithmetic"))
        if name in ("general", "countdown") and rng.random() < 0.9:
            continue
        family = domain(name)
        # One level of "general": a second would change all draws that follow, and the vocabulary.
        levels = (1,) if name == "general" else family.levels
        problem = family.generate(rng, rng.choice(levels))
        if name == "general":
            texts += ["ask ", "i do not know"]
            continue
        texts += [problem.prompt, *(step.text for step in family.demonstrate(problem, rng))]
    return texts
