"""Word problems about things and the people who have them; and all plots there are."""

from __future__ import annotations

from .errands import routine, sharing, shopping, travel
from .events import happen, what_is_left
from .names import BOXES, COLOURS, PLACES, singular
from .rates import quotient, rate
from .stories import Plot, Story
from .unknowns import (
    change,
    day_by_day,
    difference,
    parts,
    rectangle,
    three_kinds,
    traffic,
    turned_comparison,
)


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


def comparison(s: Story, level: int) -> str:
    """Two people, of whom one has more, fewer or older years."""
    old = level <= 2 and s.rng.random() < 0.3
    mine, has = s.number(4, 60), s.verb("has/had")
    s.total = mine
    s.say(f"{s.name} is {mine} years old." if old else f"{s.name} {has} {mine} {s.thing}.")
    if level >= 3:
        k = s.number(2, 30)
        s.say(f"{s.pronoun} {s.verb('buys/bought', 'finds/found')} {k} more.")
        mine = s.do(mine, "+", k)
    they = s.pick(s.other, s.other, f"{s.his} {s.pick('sister', 'brother', 'friend', 'cousin')}")
    if s.rng.random() < 0.45:
        word, times = s.pick("twice 2", "3 times 3", "4 times 4", "5 times 5").rsplit(" ", 1)
        s.say(f"{they} {'is' if old else has} {word} as {'old' if old else 'many'}.")
        theirs = s.do(mine, "*", int(times))
    elif s.rng.random() < 0.2:
        s.say(f"{they} {'is' if old else has} half as {'old' if old else 'many'}.")
        theirs = s.do(mine, "/", 2)
    else:
        k, more = s.number(2, 40), s.rng.random() < 0.6
        theirs = s.do(mine, "+" if more else "-", k)
        word = (
            s.pick("years older", "years older than")
            if old and more
            else s.pick("years younger", "years younger than")
            if old
            else s.pick("more", "more than", f"more {s.thing} than")
            if more
            else s.pick("fewer", "less", "fewer than", f"fewer {s.thing} than")
        )
        tail = f" {s.name}" if word.endswith("than") else ""
        s.say(f"{they} {'is' if old else has} {k} {word}{tail}.")
    if level == 4:
        k = s.number(1, theirs - 1)
        s.say(f"{they} {s.verb('gives/gave', 'loses/lost', 'sells/sold')} {k} of them.")
        theirs = s.do(theirs, "-", k)
    if level == 1:
        return f"how old is {they}?" if old else f"how many {s.thing} does {they} have?"
    s.do(mine, "+", theirs)
    return (
        "how old are they together?"
        if old
        else s.pick("how many do they have together?", f"how many {s.thing} do they have in all?")
    )


PLOTS: tuple[Plot, ...] = (
    collection, collection, collection, collection, boxes, boxes, kinds, shopping, shopping,
    sharing, travel, routine, comparison, comparison, rate, rate, rate, quotient, quotient, change,
    difference, parts, parts, three_kinds, turned_comparison, traffic, day_by_day, rectangle,
)  # fmt: skip
