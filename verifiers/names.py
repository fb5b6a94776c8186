"""Who and what word problems are about."""

from __future__ import annotations

from random import Random

HE = (
    "tom ben sam omar raj jack leo david ali max john peter paul mark luke james adam eric carlos "
    "ivan noah henry oscar kevin liam daniel felix hugo"
).split()
SHE = (
    "anna maria lena emma lucy mia sara kate jane rosa nina julia ella amy alice zoe eva nora ruth "
    "laura grace clara ines mary susan olivia leila"
).split()
THINGS = (
    "apples books marbles coins stickers pencils cards cookies oranges stamps toys balloons eggs "
    "candies shells flowers pens cakes sweets chocolates bananas pears peaches lemons mangoes "
    "cherries grapes tomatoes potatoes carrots muffins donuts cupcakes sandwiches pizzas bottles "
    "cups plates hats shirts socks shoes dolls cars trucks blocks beads buttons crayons markers "
    "erasers notebooks magazines photos tickets badges keys rocks stones sticks leaves seeds trees "
    "plants roses fish birds cats dogs ducks chickens cows sheep rabbits bricks tiles chairs tables"
).split()
BOXES = "bags boxes packs baskets jars packets crates cartons trays bins".split()
PLACES = (
    "a farm", "a school", "a library", "a shop", "a bakery", "a store", "a class", "a park",
    "a farmer", "a baker", "a teacher", "a garden", "a factory", "a market", "a zoo",
)  # fmt: skip
PEOPLE = "friends children students kids people classmates boys girls neighbors cousins".split()
COLOURS = "red blue green yellow white black orange purple brown pink big small".split()
_ODD = {"leaves": "leaf", "fish": "fish", "sheep": "sheep", "tomatoes": "tomato"}
_ODD |= {"potatoes": "potato", "mangoes": "mango", "sandwiches": "sandwich", "boxes": "box"}
_ODD |= {"peaches": "peach", "classes": "class", "buses": "bus", "shelves": "shelf", "pies": "pie"}
_MADE_UP = 0.08  # names and things nobody has heard of: the story must be read without them


def person(rng: Random) -> tuple[str, str]:
    """A name and its pronoun."""
    he = rng.random() < 0.5
    name = _invented(rng) if rng.random() < _MADE_UP else rng.choice(HE if he else SHE)
    return name, "he" if he else "she"


def thing(rng: Random) -> str:
    """In the plural."""
    return _invented(rng) + "s" if rng.random() < _MADE_UP else rng.choice(THINGS)


def singular(things: str) -> str:
    if things in _ODD:
        return _ODD[things]
    return things[:-3] + "y" if things.endswith("ies") else things.removesuffix("s")


def worth(amount: int, money: str) -> str:
    """``$5``, ``5 euros``."""
    return f"${amount}" if money == "$" else f"{amount} {money}"


def _invented(rng: Random) -> str:
    letters = (
        rng.choice("bcdfghjklmnprstvwz") + rng.choice("aeiou") for _ in range(rng.randint(2, 3))
    )
    return "".join(letters) + rng.choice("bdklmnrt")
