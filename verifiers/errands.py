"""Word problems about money, shares, trips and days."""

from __future__ import annotations

from .names import BOXES, PEOPLE, PLACES, singular, worth
from .stories import Story


def shopping(s: Story, level: int) -> str:
    price, n, one = s.number(2, 30), s.number(2, 12), singular(s.thing)
    money = s.pick("dollars", "dollars", "euros", "cents", "$")
    cost, buys = s.verb("costs/cost"), s.verb("buys/bought")
    if level <= 2 and s.rng.random() < 0.2:
        s.say(
            f"{n} {s.thing} cost {worth(n * price, money)}.",
            f"{s.name} pays {worth(n * price, money)} for {n} {s.thing}.",
        )
        s.do(n * price, "/", n)
        if level == 1:
            return f"how much does {s.pick('one', 'each', 'a single')} {one} cost?"
        m = s.number(2, 9)
        s.do(s.total, "*", m)
        return f"how much do {m} {s.thing} cost?"
    s.do(n, "*", price)
    s.say(
        f"{s.name} {buys} {n} {s.thing} for {worth(price, money)} each.",
        f"{s.name} {buys} {n} {s.thing} at {worth(price, money)} each.",
        f"one {one} {cost} {worth(price, money)}. {s.name} {buys} {n}.",
        f"each {one} {cost} {worth(price, money)} and {s.name} {buys} {n} {s.thing}.",
        f"the price of {s.thing} is {worth(price, money)} each and {s.name} {buys} {n}.",
        f"a {one} {cost} {worth(price, money)}. {s.name} {buys} {n} {s.thing}.",
    )
    did = s.verb("does/did")
    if level == 1:
        return s.pick(
            f"how much {did} {s.pronoun} pay?", f"how much {did} {s.name} spend?",
            f"how much do {n} {s.thing} cost?", "how much is that in total?",
        )  # fmt: skip
    if level >= 3:
        before, m, other = s.total, s.number(2, 9), s.number(2, 15)
        s.say(
            f"{s.pronoun} also {buys} {m} books for {worth(other, money)} each.",
            f"{s.pronoun} {buys} {m} pens at {worth(other, money)} each as well.",
        )
        s.do(before, "+", s.do(m, "*", other))
        if level == 3:
            return s.pick(f"how much {did} {s.pronoun} pay in total?", "how much is it altogether?")
    have = s.total + s.number(1, 60)
    s.say(
        f"{s.pronoun} had {worth(have, money)}.",
        f"{s.pronoun} {s.verb('pays/paid')} with {worth(have, money)}.",
    )
    s.do(have, "-", s.total)
    return s.pick(
        "how much money is left?", f"how much {did} {s.pronoun} get back?",
        f"how much money {did} {s.name} have left?", f"how much change {did} {s.pronoun} get?",
    )  # fmt: skip


def sharing(s: Story, level: int) -> str:
    n, each, place = s.number(2, 9), s.number(2, 30), s.pick(s.name, *PLACES)
    total, has = n * each, s.verb("has/had")
    if level >= 2 and s.rng.random() < 0.5:
        more = s.number(1, total - 1)
        got = s.verb("gets/got", "buys/bought", "makes/made")
        s.say(f"{place} {has} {total - more} {s.thing} and {got} {more} more.")
        s.do(total - more, "+", more)
    elif level >= 2:
        more = s.number(1, 60)
        lost = s.verb("sells/sold", "loses/lost", "eats/ate", "uses/used")
        s.say(f"{place} {has} {total + more} {s.thing} and {lost} {more} of them.")
        s.do(total + more, "-", more)
    else:
        s.say(
            f"{place} {has} {total} {s.thing}.", f"{place} {has} {total} {s.thing} to share.",
            f"there are {total} {s.thing}.", f"{s.name} bakes {total} {s.thing}.",
        )  # fmt: skip
    s.do(total, "/", n)
    box, people = s.pick(*BOXES), s.pick(*PEOPLE)
    if level <= 2 and s.rng.random() < 0.35:
        s.say(
            f"{n} {s.thing} {s.pick('fit', 'go')} into each {singular(box)}.",
            f"they are packed in {box} of {n}.", f"each {singular(box)} holds {n}.",
            f"{s.pronoun} puts {n} {s.thing} in each {singular(box)}.",
        )  # fmt: skip
        return s.pick(f"how many {box} are needed?", f"how many {box} are there?")
    if level <= 2 and s.rng.random() < 0.6:
        s.say(
            f"they are shared equally among {n} {people}.",
            f"{s.pronoun} shares them equally with {n} {people}.",
            f"{n} {people} share them equally.", f"they are divided among {n} {people}.",
            f"{s.pronoun} splits them evenly between {n} {people}.",
        )  # fmt: skip
        return s.pick(
            f"how many {s.thing} does each {singular(people)} get?", "how many does each get?",
            f"how many {s.thing} does each of them get?", "how many does each one have?",
        )  # fmt: skip
    s.say(f"they are put in {n} {box} equally.", f"they are shared equally among {n} {box}.")
    if level >= 3:
        k = s.number(2, 12)
        s.say(f"then {k} more are put in each of the {box}.")
        s.do(s.total, "+", k)
    if level >= 4:
        k = s.number(1, s.total - 1)
        s.say(f"at night {k} are taken out of each.", f"then {k} are taken out of each.")
        s.do(s.total, "-", k)
    return s.pick(
        f"how many {s.thing} are in each {singular(box)}?",
        f"how many {s.thing} are in each of the {box}?",
    )


def travel(s: Story, level: int) -> str:
    unit = s.pick("km", "km", "miles")
    who = s.pick(s.name, s.name, "a train", "a car", "a bus", "a ship")
    pronoun = s.pronoun if who == s.name else "it"

    def leg() -> tuple[str, int, int]:
        speed, hours = s.number(3, 90), s.number(2, 9)
        fast = s.pick(
            f"{speed} {unit} per hour", f"{speed} {unit} an hour", f"{speed} {unit} each hour"
        )
        goes = s.verb("drives/drove", "travels/traveled", "goes/went", "runs/ran")
        return (
            s.pick(
                f"{goes} {fast} for {hours} hours", f"{goes} for {hours} hours at {fast}",
                f"{goes} at {fast} for {hours} hours", f"{goes} {hours} hours at {fast}",
            ),
            speed,
            hours,
        )  # fmt: skip

    said, speed, hours = leg()
    s.say(f"{who} {said}.")
    before = s.do(speed, "*", hours)
    if level >= 3:
        said, speed, hours = leg()
        s.say(f"then {pronoun} {said}.")
        s.do(before, "+", s.do(speed, "*", hours))
    if level in (2, 4):
        k = s.number(2, 60)
        s.say(f"then {pronoun} {s.verb('walks/walked', 'goes/went')} {k} {unit} more.")
        s.do(s.total, "+", k)
    did = s.verb("does/did")
    return s.pick(
        f"how far {did} {pronoun} go?", f"how many {unit} is that in total?",
        f"how far {did} {who} travel?", f"how many {unit} {did} {pronoun} travel in total?",
    )  # fmt: skip


def routine(s: Story, level: int) -> str:
    """So many a day, for so many days."""
    unit, k, n = s.pick("day", "day", "hour", "week"), s.number(2, 40), s.number(2, 9)
    what, verb = s.pick(
        "pages reads/read", "dollars earns/earned", "dollars saves/saved", f"{s.thing} makes/made",
        f"{s.thing} sells/sold", "lines writes/wrote", "km runs/ran", "cups drinks/drank",
    ).split(" ", 1)  # fmt: skip
    does, did = s.verb(verb), s.verb("does/did")
    each = s.pick(f"every {unit}", f"each {unit}", f"a {unit}", f"per {unit}")
    if level <= 2 and s.rng.random() < 0.3:
        total = k * n
        s.do(total, "/", n)
        s.say(f"{s.name} {does} {n} {what} {each}.")
        if level == 2:
            m = s.number(1, 9)
            s.do(s.total, "+", m)
            s.say(f"before that {s.pronoun} {s.verb('rests/rested')} {m} {unit}s.")
        return s.pick(
            f"how many {unit}s does it take for {total} {what}?",
            f"how many {unit}s {did} {s.pronoun} need for {total} {what}?",
        )
    s.do(n, "*", k)
    goes_on = s.pick("", f" {s.pronoun} does this for {n} {unit}s.")
    s.say(
        f"{s.name} {does} {k} {what} {each} for {n} {unit}s.",
        f"{s.name} {does} {k} {what} {each}.{goes_on}",
    )
    if f"{n} {unit}s" not in s.sentences[-1]:
        if level > 1:
            s.say(f"{s.pronoun} does this for {n} {unit}s.")
        else:
            return f"how many {what} {did} {s.pronoun} {_plain(verb)} in {n} {unit}s?"
    if level >= 2 and s.rng.random() < 0.5:
        whole = s.total + s.number(1, 90)
        s.do(whole, "-", s.total)
        s.say(f"{s.pronoun} {s.verb('wants/wanted', 'needs/needed')} {whole} {what} in all.")
        asked = f"how many {what} are {s.pick('left', 'missing', 'still to go')}?"
    else:
        if level >= 2:
            k = s.number(2, 60)
            s.do(s.total, "+", k)
            s.say(f"then {s.pronoun} {does} {k} {what} more.")
        asked = s.pick(f"how many {what} is that in total?", f"how many {what} is that?")
    if level >= 3:
        m = s.number(2, 5)
        s.do(s.total, "*", m)
        s.say(f"{s.other} {does} {m} times as many.")
        asked = f"how many {what} is that for {s.other}?"
    if level >= 4:
        k = s.number(1, s.total - 1)
        s.do(s.total, "-", k)
        s.say(f"{s.other} {s.verb('loses/lost', 'gives away/gave away')} {k} {what}.")
        asked = f"how many {what} are left for {s.other}?"
    return asked


def _plain(verb: str) -> str:
    return verb.partition("/")[0].removesuffix("s")
