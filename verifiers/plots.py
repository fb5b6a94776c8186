"""Word problems about things and the people who have them; and all plots there are."""

from __future__ import annotations

from .comparisons import comparison, day_by_day, difference, turned_comparison
from .errands import routine, sharing, shopping, travel
from .events import happen, what_is_left
from .names import BOXES, COLOURS, PLACES, singular
from .rates import quotient, rate
from .stories import Plot, Story
from .unknowns import change, parts, rectangle, three_kinds, traffic


def collection(s: Story, level: int) -> str:
    """Starts with some things; events follow; how many are left?"""
    s.total, had = s.number(5, 80), s.verb("has/had")
    s.say(
        f"{s.name} {had} {s.total} {s.thing}.", f"{s.name} {had} {s.total} {s.thing}.",
        f"{s.name} {s.verb('starts/started')} with {s.total} {s.thing}.",
        f"there {s.verb('are/were')} {s.total} {s.thing} in the room of {s.name}.",
        f"{s.name} {s.verb('buys/bought', 'picks/picked', 'bakes/baked')} {s.total} {s.thing}.",
    )  # fmt: skip
    happen(s, level)
    return what_is_left(s)


def boxes(s: Story, level: int) -> str:
    """Starts with some boxes of things."""
    n, k, box, had = s.number(2, 9), s.number(2, 24), s.pick(*BOXES), s.verb("has/had")
    s.do(n, "*", k)
    s.say(
        f"{s.name} {had} {n} {box} with {k} {s.thing} each.",
        f"{s.name} {had} {n} {box} of {s.thing}. each {singular(box)} has {k} {s.thing}.",
        f"there {s.verb('are/were')} {n} {box} with {k} {s.thing} in each {singular(box)}.",
        f"each of {n} {box} {s.verb('holds/held', 'has/had')} {k} {s.thing}.",
        f"{s.pick(*PLACES)} {had} {n} rows of {k} {s.thing}.",
        f"{s.name} {s.verb('buys/bought')} {n} {box}. "
        f"there are {k} {s.thing} in each {singular(box)}.",
    )
    if level == 1:
        return s.pick(
            f"how many {s.thing} are there in total?", f"how many {s.thing} are there altogether?",
            f"how many {s.thing} are there?", f"how many {s.thing} in all?",
            f"how many {s.thing} {s.verb('does/did')} {s.name} have?",
        )  # fmt: skip
    happen(s, level)
    return what_is_left(s)


def kinds(s: Story, level: int) -> str:
    """Parts and the whole."""
    colours = s.rng.sample(COLOURS, 4)
    a, b, c = s.number(2, 60), s.number(2, 60), s.number(2, 60)
    are = s.verb("are/were")
    first = s.pick(
        f"there {are} {a} {colours[0]} {s.thing} and {b} {colours[1]} {s.thing}",
        f"{s.name} {s.verb('has/had')} {a} {colours[0]} and {b} {colours[1]} {s.thing}",
        f"{s.pick(*PLACES)} {s.verb('has/had', 'sells/sold')} {a} {s.thing} and {b} {colours[0]} "
        f"{s.pick('boxes', 'pens', 'bottles')}",
        f"{s.name} {s.verb('has/had')} {a} {s.thing} and {s.other} {s.verb('has/had')} {b}",
    )
    if s.rng.random() < 0.5:
        s.do(a, "+", b)
        if level == 1:
            s.sentences.append(f"{first}.")
            return s.pick(
                f"how many {s.thing} are there in total?", "how many is that altogether?",
                "how many are there in all?", f"how many {s.thing} do they have together?",
            )  # fmt: skip
        s.do(s.total, "+", c)
        s.sentences.append(f"{first}.")
        s.say(f"there {are} also {c} {colours[2]} ones.", f"then {c} more {are} added.")
        if level > 2:
            n = s.number(2, 9)
            s.do(s.total, "*", n) if level == 3 else s.do(s.total, "-", n)
            if level == 3:
                s.say(f"there are {n} {s.pick('rooms', 'shops', 'bags')} like that.")
            else:
                s.say(f"{n} of them {s.pick('are sold', 'are lost', 'break', 'are taken away')}.")
        return s.pick("how many are there in total?", f"how many {s.thing} are there now?")
    s.say(
        f"{s.pick(*PLACES)} {s.verb('has/had')} {a + b} {s.thing}.",
        f"there {are} {a + b} {s.thing}{s.pick('', ' in a box', ' in the room')}.",
    )
    s.do(a + b, "-", a)
    s.say(
        f"{a} of them {are} {colours[0]} and the rest {are} {colours[1]}.",
        f"{a} {are} {colours[0]}{s.pick(', the others', ' and the others')} {are} {colours[1]}.",
        f"{a} {are} {colours[0]}.",
    )
    if level == 1:
        return f"how many {s.pick(s.thing + ' ', '')}are {colours[1]}?"
    happen(s, level)
    return f"how many {colours[1]} {s.thing} {s.verb('does/did')} {s.pronoun} have now?"


PLOTS: tuple[Plot, ...] = (
    collection, collection, collection, collection, boxes, boxes, kinds, shopping, shopping,
    sharing, travel, routine, comparison, comparison, rate, rate, rate, quotient, quotient, change,
    difference, parts, parts, three_kinds, turned_comparison, traffic, day_by_day, rectangle,
)  # fmt: skip
