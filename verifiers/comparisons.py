"""Word problems that hold one number against another: more, fewer, older, twice as many."""

from __future__ import annotations

from .events import happen
from .stories import Story


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


def difference(s: Story, level: int) -> str:
    """How many more has one than the other?"""
    mine, theirs, has = s.number(2, 90), s.number(2, 90), s.verb("has/had")
    they = s.pick(s.other, s.other, f"{s.his} {s.pick('sister', 'brother', 'friend', 'cousin')}")
    s.say(
        f"{s.name} {has} {mine} {s.thing} and {they} {has} {theirs}.",
        f"{s.name} {has} {mine} {s.thing}. {they} {has} {theirs} {s.thing}.",
        f"{s.name} {has} {mine} {s.thing} and {they} {has} {theirs} {s.thing}.",
    )
    if level >= 2:
        k = s.number(2, 30)
        mine = s.do(mine, "+", k)
        s.say(f"then {s.name} {s.verb('gets/got', 'buys/bought', 'finds/found')} {k} more.")
    if level >= 3:
        k = s.number(1, theirs)
        theirs = s.do(theirs, "-", k)
        s.say(f"{they} {s.verb('loses/lost', 'sells/sold', 'eats/ate')} {k}.")
    if level == 4:
        k = s.number(2, 20)
        theirs = s.do(theirs, "+", k)
        s.say(f"then {they} {s.verb('finds/found', 'gets/got')} {k}.")
    s.do(max(mine, theirs), "-", min(mine, theirs))
    more = "more"
    who, than = (s.name, they) if mine > theirs else (they, s.name)
    if s.rng.random() < 0.35:
        more, who, than = "fewer", than, who
    return s.pick(
        f"how many {more} {s.thing} does {who} have than {than}?",
        f"how many {more} does {who} have than {than}?",
        f"how many {more} {s.thing} {s.verb('does/did')} {who} have?",
        "what is the difference?",
    )


def turned_comparison(s: Story, level: int) -> str:
    """The comparison comes before what it compares with."""
    k, base, has = s.number(2, 40), s.number(2, 60), s.verb("has/had")
    they = s.pick(s.other, s.other, f"{s.his} {s.pick('sister', 'brother', 'father', 'mother')}")
    old = level <= 2 and s.rng.random() < 0.4
    kind = s.pick("more", "more", "fewer", "times")
    if kind == "times":
        k = s.number(2, 5)
        times = {2: s.pick("twice", "2 times")}.get(k, f"{k} times")
        s.say(
            f"{s.name} is {times} as old as {they}." if old
            else f"{s.name} {has} {times} as many {s.thing} as {they}."
        )  # fmt: skip
    else:
        word = ("older" if kind == "more" else "younger") if old else kind
        s.say(
            f"{s.name} is {k} years {word} than {they}." if old
            else f"{s.name} {has} {k} {word} {s.thing} than {they}."
        )  # fmt: skip
    s.say(
        f"{they} is {base}{s.pick('', ' years old')}." if old
        else f"{they} {has} {base}{s.pick('', f' {s.thing}')}."
    )  # fmt: skip
    mine = s.do(base, {"more": "+", "fewer": "-", "times": "*"}[kind], k)
    if level == 1:
        return f"how old is {s.name}?" if old else s.pick(
            f"how many {s.thing} does {s.name} have?", f"how many does {s.name} have?"
        )  # fmt: skip
    s.do(mine, "+", base)
    if level == 2:
        return "how old are they together?" if old else s.pick(
            f"how many {s.thing} do they have together?", "how many do they have in all?",
            f"how many {s.thing} do {s.name} and {they} have together?",
        )  # fmt: skip
    happen(s, level)
    return f"how many {s.thing} are there in the end?"


def day_by_day(s: Story, level: int) -> str:
    """So many on one day, compared with it on the next; how many together?"""
    first, second = s.pick(
        "monday/tuesday", "april/may", "the morning/the afternoon", "saturday/sunday",
        "the first week/the second week", "may/june",
    ).split("/")  # fmt: skip
    on = "in" if first in ("april", "may", "the morning", "the first week") else "on"
    base = s.number(2, 90)
    kept = "make/made", "pick/picked", "bake/baked", "collect/collected", "catch/caught"
    gone = ("sell/sold", "sell/sold", "read/read") if level == 1 else ()
    plain, past = s.pick(*kept, *gone).split("/")
    way = s.pick("half", "twice", "times", "more", "fewer", "plain")
    k = s.number(2, 40)
    if way == "half":
        then, said = s.do(base, "/", 2), "half as many"
    elif way == "twice":
        then, said = s.do(base, "*", 2), s.pick("twice as many", "double that")
    elif way == "times":
        k = s.number(2, 5)
        then, said = s.do(base, "*", k), f"{k} times as many"
    elif way == "plain":
        then, said = k, f"{k}"
        if level == 1:
            s.do(base, "+", then)
    else:
        then, said = s.do(base, "+" if way == "more" else "-", k), f"{k} {way}"
    s.say(
        f"{s.name} {past} {base} {s.thing} {on} {first} and {said} {on} {second}.",
        f"{on} {first} {s.name} {past} {base} {s.thing}. {on} {second} {s.pronoun} {past} {said}.",
        f"{s.name} {past} {base} {s.thing} {on} {first} but {said} {on} {second}.",
    )
    if level == 1 and way != "plain":
        return f"how many {s.thing} did {s.pronoun} {plain} {on} {second}?"
    if level > 1:
        s.do(base, "+", then)
        if s.operations < level:
            happen(s, level)
            return f"how many {s.thing} does {s.pronoun} have now?"
    return s.pick(
        f"how many {s.thing} did {s.name} {plain} {s.pick('altogether', 'in total', 'in all')}?",
        f"how many {s.thing} did {s.pronoun} {plain} in {first} and {second}?",
        f"how many {s.thing} is that in total?",
    )
