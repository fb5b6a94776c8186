"""Word problems that ask for what the story leaves out: the change, the other part, the gap."""

from __future__ import annotations

from .events import happen
from .names import COLOURS, PLACES
from .stories import Story, Untold

_WHOLES = (
    "students girls boys", "children girls boys", "people adults children", "people men women",
    "animals cows sheep", "animals cats dogs", "pets dogs cats", "birds ducks chickens",
    "fruits apples pears", "fruits oranges lemons", "flowers roses tulips", "seats free taken",
    "vehicles cars trucks", "drinks teas coffees", "balls red blue", "questions easy hard",
    "tickets sold unsold", "lights on off", "books old new", "eggs broken whole",
)  # fmt: skip
_TRAFFIC = (
    # who, where, come, go
    ("people", "on a bus", "get on/got on", "get off/got off"),
    ("passengers", "on a train", "get on/got on", "get off/got off"),
    ("birds", "in a tree", "land/landed", "fly away/flew away"),
    ("children", "in a park", "come/came", "go home/went home"),
    ("people", "at a party", "arrive/arrived", "leave/left"),
    ("cars", "in a parking lot", "drive in/drove in", "drive away/drove away"),
    ("students", "in a class", "join/joined", "leave/left"),
    ("fish", "in a pond", "are added/were added", "are caught/were caught"),
    ("liters of water", "in a tank", "are added/were added", "are used/were used"),
    ("people", "in line", "join/joined", "go away/went away"),
    ("guests", "in a hotel", "check in/checked in", "check out/checked out"),
    ("books", "on a shelf", "are added/were added", "are taken/were taken"),
)


def change(s: Story, level: int) -> str:
    """What came or went in between?"""
    before = s.total = s.number(5, 90)
    had, did = s.verb("has/had"), s.verb("does/did")
    where = s.pick("", "", " in a box", " in a bag")
    s.say(f"{s.name} {had} {before} {s.thing}{where}.")
    if level >= 2:
        happen(s, level - 1)
        before = s.total
    now = s.number(1, 99)
    if now == before:
        raise Untold
    if now < before:
        s.do(before, "-", now)
        plain, past = s.pick(
            "lose/lost", "eat/ate", "sell/sold", "use/used", "give away/gave away", "drop/dropped"
        ).split("/")  # fmt: skip
        s.say(
            f"{s.pronoun} {past} some{s.pick('', ' of them')} and now {s.pronoun} has {now}.",
            f"after {s.pronoun} {past} some, {now} are left.",
            f"now {s.pronoun} has {now} {s.pick('left', s.thing)}.",
            f"{s.pronoun} {past} some and {now} {s.thing} are left.",
        )
        return s.pick(
            f"how many {s.pick('', s.thing + ' ')}did {s.pronoun} {plain}?",
            f"how many {s.thing} did {s.name} {plain}?",
        )
    s.do(now, "-", before)
    need = s.pick("needs", "wants")
    get, past = s.pick("find/found", "buy/bought", "get/got", "win/won", "pick/picked").split("/")
    if s.rng.random() < 0.5:
        s.say(f"{s.pronoun} {need} {now} {s.pick(s.thing, 'in all', '')}.".replace(" .", "."))
        return s.pick(
            f"how many more {s.pick('', s.thing + ' ')}does {s.pronoun} need?",
            f"how many are {s.pick('missing', 'still needed')}?",
            f"how many more {s.thing} {did} {s.name} have to get?",
        )
    s.say(
        f"{s.pronoun} {past} some more and now {s.pronoun} has {now}.",
        f"then {s.pronoun} {past} more. now there are {now} {s.thing}.",
        f"after {s.pronoun} {past} some more {s.pronoun} has {now} {s.thing}.",
    )
    return s.pick(
        f"how many {s.pick('', s.thing + ' ')}did {s.pronoun} {get}?",
        f"how many {s.thing} did {s.name} {get}?",
    )


def parts(s: Story, level: int) -> str:
    """So many in all, so many of one kind: how many of the other?"""
    whole, one, other = s.pick(*_WHOLES).split(" ")
    place = s.pick("", " in a class", " in a school", " in a room", " on a farm", " in a park")
    a, b = s.number(2, 90), s.number(2, 90)
    are = s.verb("are/were")
    if s.rng.random() < 0.4:
        s.do(a, "+", b)
        s.say(
            f"there {are} {a} {one} and {b} {other}{place}.",
            f"{s.pick(*PLACES)} {s.verb('has/had')} {a} {one} and {b} {other}.",
            f"{s.name} {s.verb('has/had', 'sees/saw')} {a} {one} and {b} {other}.",
        )
        asked = s.pick(
            f"how many {whole} are there?", f"how many {whole} are there in total?",
            f"how many {whole} {s.verb('does/did')} {s.pronoun} have?", f"how many {whole} in all?",
            f"how many {whole} is that altogether?",
        )  # fmt: skip
        counted = whole
    else:
        s.do(a + b, "-", a)
        said = s.pick(
            f"there {are} {a + b} {whole}{place}. {a} {are} {one}.",
            f"there {are} {a + b} {whole}{place}, {a} of them {are} {one}.",
            f"of {a + b} {whole}{place} {a} {are} {one}.", f"{a} of {a + b} {whole} {are} {one}.",
            f"{s.pick(*PLACES)} {s.verb('has/had')} {a + b} {whole}. {a} of them {are} {one}.",
            f"{a + b} {whole}, {a} {are} {one}.",
        )  # fmt: skip
        said += s.pick("", "", f" the {s.pick('rest', 'others')} {are} {other}.")
        s.sentences.append(said)
        asked = s.pick(
            f"how many {are} {other}?", f"how many {other} {are} there?",
            f"how many {whole} {are} {other}?", f"how many {are} not {one}?",
        )  # fmt: skip
        counted = other
    if level == 1:
        return asked
    if level >= 3:
        k = s.number(2, 9)
        s.do(s.total, "*", k)
        coin = s.pick("dollars", "points", "coins", "books", "pens")
        s.say(f"each of the {counted} {s.verb('gets/got', 'needs/needed')} {k} {coin}.")
        asked = s.pick(f"how many {coin} is that?", f"how many {coin} are needed?")
        counted = coin
    if level in (2, 4):
        k = s.number(1, min(60, s.total - 1)) if s.rng.random() < 0.5 else -s.number(2, 60)
        s.do(s.total, "-" if k > 0 else "+", abs(k))
        s.say(
            f"then {k} {counted} {s.verb('leave/left', 'are taken away/were taken away')}."
            if k > 0
            else f"then {-k} more {counted} {s.verb('come/came', 'are added/were added')}."
        )
        asked = s.pick(f"how many {counted} are there now?", f"how many {counted} is that now?")
    return asked


def three_kinds(s: Story, level: int) -> str:
    """Three parts of a whole; the third is asked for."""
    a, b, c = s.number(2, 60), s.number(2, 60), s.number(2, 60)
    colours, are = s.rng.sample(COLOURS, 3), s.verb("are/were")
    if level == 1:
        raise Untold
    left = s.do(a + b + c, "-", a)
    s.do(left, "-", b)
    s.say(
        f"{s.name} {s.verb('has/had')} {a + b + c} {s.thing}.",
        f"there {are} {a + b + c} {s.thing}{s.pick('', ' in a bag', ' in a box')}.",
    )
    s.say(
        f"{a} {are} {colours[0]}, {b} {are} {colours[1]} and the rest {are} {colours[2]}.",
        f"{a} {are} {colours[0]} and {b} {are} {colours[1]}. the others {are} {colours[2]}.",
    )
    if level > 2:
        happen(s, level)
        return f"how many {colours[2]} {s.thing} are there now?"
    return s.pick(f"how many are {colours[2]}?", f"how many {colours[2]} {s.thing} are there?")


def traffic(s: Story, level: int) -> str:
    """Some come, some go."""
    who, where, come, go = s.rng.choice(_TRAFFIC)
    s.total = s.number(5, 80)
    are = s.verb("are/were")
    s.say(
        f"there {are} {s.total} {who} {where}.", f"{s.total} {who} {are} {where}.",
        f"at first there {are} {s.total} {who} {where}.",
    )  # fmt: skip
    events = list[str]()
    while s.operations < level:
        k = s.number(1, 60)
        if s.rng.random() < 0.5:
            s.do(s.total, "+", k)
            events.append(f"{k}{s.pick('', ' more', f' more {who}')} {s.verb(come)}")
        else:
            s.do(s.total, "-", k)
            events.append(f"{k}{s.pick('', f' {who}', ' of them')} {s.verb(go)}")
    while events:
        said = s.pick("", "", "then ", "at the next stop ", "later ") + events.pop(0)
        if events and s.rng.random() < 0.5:
            said += s.pick(" and ", ", then ", " and then ") + events.pop(0)
        s.say(f"{said}.")
    return s.pick(
        f"how many {who} are {where} now?", f"how many {who} are there now?",
        f"how many {who} are left?", f"how many are {where} now?", f"how many {who} are there?",
    )  # fmt: skip


def rectangle(s: Story, level: int) -> str:
    """Areas, and ways around."""
    if level > 2:
        raise Untold
    what = s.pick("rectangle", "garden", "field", "room", "box", "table", "park", "wall")
    unit, a, b = s.pick("m", "cm", "meters", "feet"), s.number(2, 40), s.number(2, 24)
    s.say(
        f"a {what} is {a} {unit} long and {b} {unit} wide.",
        f"a {what} has a length of {a} {unit} and a width of {b} {unit}.",
        f"the sides of a {what} are {a} {unit} and {b} {unit}.",
    )
    if level == 1:
        s.do(a, "*", b)
        return s.pick(
            "what is the area?", f"what is the area of the {what}?", "how big is the area?"
        )
    s.do(s.do(a, "+", b), "*", 2)
    return s.pick(
        "what is the perimeter?", f"what is the perimeter of the {what}?",
        "how long is the fence around it?",
    )  # fmt: skip
