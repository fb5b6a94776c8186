"""What people do in word problems: they buy, lose, share and double."""

from __future__ import annotations

from collections.abc import Callable

from .names import BOXES, PEOPLE, singular
from .stories import Story

Clause = Callable[[Story], str]
"""Something the hero does, as "buys 3 more"; it changes the number so far."""


def _gains(s: Story) -> str:
    k = s.number(2, 60)
    s.do(s.total, "+", k)
    verb = s.verb(
        "buys/bought", "finds/found", "gets/got", "picks/picked", "wins/won", "makes/made",
        "receives/received", "collects/collected", "earns/earned", "adds/added", "bakes/baked",
        "is given/was given", "takes home/took home", "gathers/gathered",
    )  # fmt: skip
    what = s.pick(f"{k} more", f"{k} more {s.thing}", f"{k} {s.thing}", f"another {k}")
    whence = ("", "", f" from {s.other}", " from a friend", f" from {s.his} mother")
    return f"{verb} {what}{s.pick(*whence)}"


def _loses(s: Story) -> str:
    k = s.number(1, min(60, s.total - 1))
    s.do(s.total, "-", k)
    what = s.pick(f"{k}", f"{k} {s.thing}", f"{k} of them", f"{k} of the {s.thing}")
    if s.rng.random() < 0.35:
        to = s.pick(s.other, "a friend", f"{s.his} sister", f"{s.his} brother", "the neighbors")
        return f"{s.verb('gives/gave', 'sells/sold', 'lends/lent', 'sends/sent')} {what} to {to}"
    verb = s.verb(
        "gives away/gave away", "loses/lost", "sells/sold", "uses/used", "eats/ate", "spends/spent",
        "breaks/broke", "throws away/threw away", "donates/donated", "drops/dropped",
        "drinks/drank", "removes/removed", "uses up/used up", "forgets/forgot",
    )  # fmt: skip
    return f"{verb} {what}"


def _buys_boxes(s: Story) -> str:
    before, n, k, box = s.total, s.number(2, 9), s.number(2, 12), s.pick(*BOXES)
    s.do(before, "+", s.do(n, "*", k))
    what = s.pick(
        f"{n} {box} with {k} {s.thing} each", f"{n} {box} of {k} {s.thing}",
        f"{n} {box} with {k} {s.thing} in each", f"{n} more {box} of {k}",
        f"{n} {box} with {k} in each {singular(box)}",
    )  # fmt: skip
    return f"{s.verb('buys/bought', 'gets/got', 'finds/found')} {what}"


def _gives_to_each(s: Story) -> str:
    before, n, people = s.total, s.number(2, 6), s.pick(*PEOPLE)
    k = s.number(1, before // (n + 1))
    s.do(before, "-", s.do(n, "*", k))
    what = s.pick(
        f"{k} {s.thing} to each of {n} {people}", f"{n} {people} {k} {s.thing} each",
        f"{k} to each of {s.his} {n} {people}", f"each of {n} {people} {k} {s.thing}",
    )  # fmt: skip
    return f"{s.verb('gives/gave')} {what}"


def _multiplies(s: Story) -> str:
    form = s.pick("doubles/doubled", "triples/tripled")
    s.do(s.total, "*", 2 if form.startswith("d") else 3)
    had = s.verb("has/had")
    return f"{s.verb(form)} {s.pick(f'the number of {s.thing}', f'what {s.pronoun} {had}')}"


def _halves(s: Story) -> str:
    s.do(s.total, "/", 2)
    verb = s.verb("gives away/gave away", "sells/sold", "loses/lost", "eats/ate", "uses/used")
    return f"{verb} half of {s.pick('them', f'the {s.thing}', f'{s.his} {s.thing}')}"


_ONE_OPERATION: tuple[Clause, ...] = (_gains, _gains, _loses, _loses, _multiplies, _halves)
_TWO_OPERATIONS: tuple[Clause, ...] = (_buys_boxes, _gives_to_each)


def happen(s: Story, level: int) -> None:
    """Things happen until ``level`` operations are done; two may share a sentence."""
    clauses: list[str] = []
    while s.operations < level:
        long = s.operations + 2 <= level and s.rng.random() < 0.35
        clauses.append(s.rng.choice(_TWO_OPERATIONS if long else _ONE_OPERATION)(s))
    while clauses:
        said = clauses.pop(0)
        if clauses and s.rng.random() < 0.45:
            said += s.pick(" and ", " and then ", ", then ") + clauses.pop(0)
        when = s.pick("", "", "", "then ", "later ", "after that ", "the next day ")
        s.say(f"{when}{s.pick(s.pronoun, s.pronoun, s.name)} {said}.")


def what_is_left(s: Story) -> str:
    """The question after a string of events."""
    did, has_he = s.verb("does/did"), s.verb("does/did")
    return s.pick(
        f"how many {s.thing} {did} {s.name} have now?",
        f"how many {s.thing} {s.pick('are', 'are', 'were')} left?",
        f"how many {s.thing} are there now?",
        f"how many {s.thing} {did} {s.pronoun} have {s.pick('in the end', 'left', 'now')}?",
        f"how many {has_he} {s.pronoun} have {s.pick('', 'left ', 'in total ', 'altogether ')}?",
        f"how many {s.thing} remain?",
    ).replace(" ?", "?")
