"""Word problems about so much for one: how much for many, and for how many so much."""

from __future__ import annotations

from dataclasses import dataclass

from .names import BOXES, COLOURS, PEOPLE, PLACES, singular, worth
from .stories import Story

_PARTS = (
    "dogs legs", "cats legs", "spiders legs", "cars wheels", "bikes wheels", "trucks wheels",
    "books pages", "notebooks pages", "pizzas slices", "cakes slices", "houses windows",
    "houses rooms", "trees leaves", "trees apples", "buses seats", "tables legs", "flowers petals",
    "classes students", "teams players", "floors rooms", "shirts buttons", "weeks days",
    "rows chairs", "shelves books", "packs cards", "boxes eggs", "bags sweets", "tables chairs",
)  # fmt: skip
_MADE_OF = (
    "cakes eggs", "cakes apples", "pies apples", "shirts buttons", "bikes wheels", "toys screws",
    "houses doors", "chairs nails", "salads tomatoes", "soups carrots", "sandwiches eggs",
)  # fmt: skip


def rate(s: Story, level: int) -> str:
    """So much for one; how much for many?"""
    k, n = s.number(2, 40), s.number(2, 12)
    told = s.rng.choice((_price, _price, _part, _part, _made_of, _weight, _pace, _each))(s, k, n)
    s.do(n, "*", k)
    s.sentences.append(told.one)
    if level == 1:
        return told.asked
    if told.many not in told.one:
        s.sentences.append(told.many)
    counted = told.counted
    if level == 3:
        before, j, m = s.total, s.number(2, 20), s.number(2, 9)
        s.do(before, "+", s.do(m, "*", j))
        s.say(
            f"there {s.verb('are/were')} also {m} {s.pick(*COLOURS)} ones with {j} {counted} each."
        )
        return s.pick(f"how many {counted} is that in total?", f"how many {counted} in all?")
    if s.rng.random() < 0.5:
        more = s.number(2, 60)
        s.do(s.total, "+", more)
        s.say(
            f"then {more} {counted} {s.verb('come/came')} on top.",
            f"add {more} {counted} to it.", f"{more} more {counted} {s.verb('come/came')} later.",
        )  # fmt: skip
    else:
        less = s.number(1, min(60, s.total - 1))
        s.do(s.total, "-", less)
        s.say(
            f"then {less} {counted} {s.verb('are/were')} taken off.",
            f"{less} {counted} {s.verb('are/were')} already {s.pick('gone', 'paid', 'missing')}.",
        )
    if level == 4:
        m = s.number(2, 5)
        s.do(s.total, "*", m)
        s.say(f"{s.other} {s.verb('has/had')} {m} times as many.")
        return f"how many {counted} {s.verb('does/did')} {s.other} have?"
    return s.pick(f"how many {counted} is that?", f"how many {counted} is that now?")


@dataclass(frozen=True, slots=True)
class _Told:
    """What one is worth, that there are many, the question about many, and what is counted."""

    one: str
    many: str
    asked: str
    counted: str


def _price(s: Story, k: int, n: int) -> _Told:
    money, things = s.pick("dollars", "$", "euros", "cents", "pounds"), s.thing
    one, price = singular(things), worth(k, money)
    said = s.pick(
        f"{s.pick(*PLACES)} sells {things} for {price} each.", f"a {one} costs {price}.",
        f"one {one} costs {price}.", f"each {one} costs {price}.", f"{things} cost {price} each.",
        f"{things} are {price} each.", f"the price of one {one} is {price}.",
        f"{s.pick(*PLACES)} sells {things} at {price} each.",
    )  # fmt: skip
    many = f"{s.name} {s.verb('buys/bought', 'wants/wanted')} {n} {things}."
    asked = s.pick(
        f"how much do {n} {things} cost?", f"how much is the price of {n} {things}?",
        f"how much are {n} {things}?", f"how much will {n} {things} cost?",
        f"how much does {s.name} pay for {n}?", f"how much must {s.name} pay for {n} {things}?",
    )  # fmt: skip
    if s.rng.random() < 0.25:
        said = f"{said} {many}"
        asked = s.pick("how much is that?", f"how much {s.verb('does/did')} {s.pronoun} pay?")
    return _Told(said, many, asked, "dollars" if money == "$" else money)


def _part(s: Story, k: int, n: int) -> _Told:
    things, parts = s.pick(*_PARTS).split(" ")
    if s.rng.random() < 0.2:
        things = s.pick(*BOXES)
        parts = s.thing
    one = singular(things)
    said = s.pick(
        f"a {one} has {k} {parts}.", f"each {one} has {k} {parts}.",
        f"every {one} has {k} {parts}.", f"one {one} has {k} {parts}.",
        f"there are {k} {parts} in each {one}.", f"a {one} holds {k} {parts}.",
        f"each {one} is made of {k} {parts}.",
    )  # fmt: skip
    many = f"{s.pick(f'{s.name} has', 'there are', f'{s.pick(*PLACES)} has')} {n} {things}."
    asked = s.pick(
        f"how many {parts} do {n} {things} have?", f"how many {parts} are in {n} {things}?",
        f"how many {parts} are there in {n} {things}?", f"how many {parts} have {n} {things}?",
    )  # fmt: skip
    if s.rng.random() < 0.3:
        said = f"{said} {many}"
        asked = s.pick(f"how many {parts} are there?", f"how many {parts} in all?")
    return _Told(said, many, asked, parts)


def _made_of(s: Story, k: int, n: int) -> _Told:
    whole, parts = s.pick(*_MADE_OF).split(" ")
    one = singular(whole)
    said = s.pick(
        f"one {one} needs {k} {parts}.", f"{s.name} needs {k} {parts} for one {one}.",
        f"it takes {k} {parts} to make a {one}.", f"a recipe for one {one} needs {k} {parts}.",
        f"{k} {parts} are used for each {one}.",
    )  # fmt: skip
    asked = s.pick(
        f"how many {parts} are needed for {n} {whole}?", f"how many {parts} for {n} {whole}?",
        f"how many {parts} does {s.name} need for {n} {whole}?",
        f"how many {parts} does it take to make {n} {whole}?",
    )  # fmt: skip
    many = f"{s.name} {s.verb('makes/made', 'wants/wanted')} {n} {whole}."
    return _Told(said, many, asked, parts)


def _weight(s: Story, k: int, n: int) -> _Told:
    unit = s.pick("grams", "kg", "kilograms", "pounds")
    one = singular(s.thing)
    said = s.pick(
        f"one {one} weighs {k} {unit}.", f"each {one} weighs {k} {unit}.",
        f"a {one} weighs {k} {unit}.",
    )  # fmt: skip
    asked = s.pick(
        f"how much do {n} {s.thing} weigh?", f"how many {unit} do {n} {s.thing} weigh?",
        f"how heavy are {n} {s.thing}?",
    )  # fmt: skip
    return _Told(said, f"{s.name} {s.verb('carries/carried')} {n} {s.thing}.", asked, unit)


def _pace(s: Story, k: int, n: int) -> _Told:
    unit, do = s.pick("hour", "day", "minute", "week", "month", "year"), s.pick(
        "makes make", "packs pack", "paints paint", "reads read", "washes wash", "plants plant",
        "sells sell", "saves save", "earns earn", "uses use", "eats eat", "lays lay",
    )  # fmt: skip
    does, plain = do.split(" ")
    what = s.pick("dollars", "dollars", "euros") if plain in ("save", "earn") else s.thing
    who = s.pick(s.name, s.name, "a machine", "a worker", "a baker")
    said = s.pick(
        f"{who} {does} {k} {what} {s.pick('per', 'a', 'every', 'each')} {unit}.",
        f"{who} can {plain} {k} {what} in one {unit}.",
        f"in one {unit} {who} {does} {k} {what}.",
    )
    asked = s.pick(
        f"how many {what} in {n} {unit}s?", f"how many {what} does {s.pick(who, 'that')} "
        f"{plain} in {n} {unit}s?", f"how many {what} is that in {n} {unit}s?",
        f"how many {what} after {n} {unit}s?",
        f"how many {what} can {s.pick(who, s.pronoun)} {plain} in {n} {unit}s?",
    )  # fmt: skip
    return _Told(said, f"that {s.verb('goes/went')} on for {n} {unit}s.", asked, what)


def _each(s: Story, k: int, n: int) -> _Told:
    people = s.pick(*PEOPLE)
    what = s.pick(s.thing, s.thing, "dollars")
    said = s.pick(
        f"{n} {people} each {s.verb('bring/brought', 'have/had', 'buy/bought')} {k} {what}.",
        f"{n} {people} have {k} {what} each.", f"each of {n} {people} has {k} {what}.",
        f"there are {n} {people}. each {singular(people)} gets {k} {what}.",
        f"{s.name} gives {k} {what} to each of {n} {people}.",
    )  # fmt: skip
    asked = s.pick(
        f"how many {what} is that?", f"how many {what} do they have together?",
        f"how many {what} are there in total?", f"how many {what} are needed?",
    )  # fmt: skip
    return _Told(said, s.pick("", "they all came.", "everyone did."), asked, what)


def quotient(s: Story, level: int) -> str:
    """So much in all; how many parts, or how much is one of them?"""
    n, k = s.number(2, 12), s.number(2, 30)
    total, what = n * k, s.thing
    if level >= 2:
        more = s.number(1, 60)
        if s.rng.random() < 0.5 and total > more:
            s.do(total - more, "+", more)
            s.say(f"{s.name} has {total - more} {what} and {s.pick('gets', 'buys')} {more} more.")
            they = s.pick("all of them", "they")
        else:
            s.do(total + more, "-", more)
            s.say(
                f"{s.name} has {total + more} {what}. {more} of them are {s.pick('bad', 'lost')}."
            )
            they = s.pick("the rest", "the others")
        are = "is" if they == "the rest" else "are"
        s.do(total, "/", n)
        box = s.pick(*BOXES)
        if s.rng.random() < 0.5:
            s.say(
                f"{they} {are} packed in {box} of {n}.",
                f"{they} {are} put {n} in each {singular(box)}.",
            )
            asked = s.pick(f"how many {box} are needed?", f"how many {box} does {s.pronoun} need?")
        else:
            s.say(
                f"{they} {are} shared by {n} {s.pick(*PEOPLE)}.", f"{they} {are} put in {n} {box}."
            )
            asked = s.pick("how many are in each?", f"how many {what} does each get?")
        if level == 2:
            return asked
        price = s.number(2, 20)
        s.do(s.total, "*", price)
        s.say(f"each of these {s.verb('costs/cost')} {price} dollars.")
        asked = "how much do they cost together?"
        if level == 4:
            paid = s.number(1, s.total - 1)
            s.do(s.total, "-", paid)
            s.say(f"{paid} dollars {s.verb('are/were')} already paid.")
            asked = s.pick("how much is still to be paid?", "how much is left to pay?")
        return asked
    s.do(total, "/", n)
    said, asked = _packed(s, n, total) if s.rng.random() < 0.5 else _measured(s, n, total)
    s.sentences.append(said)
    return asked


def _packed(s: Story, n: int, total: int) -> tuple[str, str]:
    box, people, what, he = s.pick(*BOXES), s.pick(*PEOPLE), s.thing, s.pronoun
    put = s.verb("packs/packed", "puts/put", "places/placed")
    return s.rng.choice((
        (f"{s.name} {put} {total} {what} in {box} of {n}.", f"how many {box} does {he} need?"),
        (f"{total} {what} are packed in {box} of {n}.", f"how many {box} are there?"),
        (f"{s.name} {put} {total} {what} in {box} of {n}.", f"how many {box} are there?"),
        (f"{s.name} {put} {total} {what} into {box}, {n} in each.", f"how many {box} are filled?"),
        (f"a {singular(box)} holds {n} {what}.", f"how many {box} are needed for {total} {what}?"),
        (f"{n} {people} share {total} {what} equally.", f"how many {what} does each get?"),
        (f"{n} {people} share {total} {what}.", "how many does each one get?"),
        (f"{total} {what} are shared by {n} {people}.",
         f"how many {what} does each {singular(people)} get?"),
        (f"{total} {people} sit in {n} rows.", f"how many {people} are in each row?"),
        (f"{total} {people} form teams of {n}.", "how many teams are there?"),
    ))  # fmt: skip


def _measured(s: Story, n: int, total: int) -> tuple[str, str]:
    things, what, he = s.thing, singular(s.thing), s.pronoun
    counted, does, plain, unit = s.pick(
        "pages reads read day", "cards writes write day", "km walks walk hour",
        "dollars saves save week", "boxes packs pack hour", "cups drinks drink day",
    ).split(" ")  # fmt: skip
    length = s.pick("m", "cm", "meters", "feet")
    rope = s.pick("rope", "ribbon", "stick", "board", "wire")
    return s.rng.choice((
        (f"a {rope} is {total} {length} long. it is cut into {n} equal pieces.",
         "how long is each piece?"),
        (f"a {rope} of {total} {length} is cut into pieces of {n} {length}.",
         "how many pieces are there?"),
        (f"a book has {total} pages. {s.name} reads {n} pages a day.",
         f"how many days does {he} need?"),
        (f"{s.name} {does} {n} {counted} per {unit}.", f"how many {unit}s for {total} {counted}?"),
        (f"{s.name} {does} {n} {counted} each {unit}.",
         f"how long does it take {s.him} to {plain} {total} {counted}?"),
        (f"{n} {things} cost {total} dollars.", f"how much does one {what} cost?"),
        (f"{n} {things} cost ${total}.", f"how much is one {what}?"),
        (f"{s.name} paid {total} dollars for {n} {things}.", f"how much did each {what} cost?"),
        (f"each {what} costs {n} dollars. {s.name} has {total} dollars.",
         f"how many {things} can {he} buy?"),
        (f"{s.name} {s.verb('drives/drove')} {total} km in {n} hours.",
         "how many km is that per hour?"),
    ))  # fmt: skip
