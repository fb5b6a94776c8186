"""Which part of a text is its mathematical answer, and whether it is small enough to be read."""

from __future__ import annotations

import re

MAX_TEXT = 1_000_000  # characters of a whole answer
MAX_ANSWER = 4_096  # characters of what is boxed
MAX_DEPTH = 64  # brackets inside each other
MAX_RUN = 256  # digits in a row
MAX_DIGITS = 2_048
MAX_POWER = 10_000  # of an exponent in digits, and of what stands before "!"
MAX_CELLS = 256  # of a matrix

_THOUGHT = re.compile(r"</?think(?:ing)?>", re.IGNORECASE)
_BOX = re.compile(r"\\f?boxed\s*\{|\\fbox\s*\{")
_DENIED = re.compile(r"(?:\bnot|n't|≠|\\neq?)[\s$]*$", re.IGNORECASE)
_LEAD = re.compile(
    r"(?:(?:so|thus|hence|therefore),? )?(?:the )?(?:final )?answer(?: is\b:?|:)\s*", re.IGNORECASE
)
_PAIRS = (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"))
_SAME = str.maketrans(
    {
        **dict.fromkeys("−–", "-"),
        "×": r"\times ",
        "·": r"\cdot ",
        "π": r"\pi ",
        "∞": r"\infty ",
        "≤": r"\le ",
        "≥": r"\ge ",
        "∪": r"\cup ",
        "∩": r"\cap ",
        "∅": r"\emptyset ",
        "°": r"^\circ ",
    }
)
_SPACING = re.compile(r"(?<!\\)\\[,;:! ]|\\(?:quad|qquad|displaystyle)\b|~")
_THOUSANDS = re.compile(r"(?<=\d)\{,\}(?=\d{3})")
_TASK = re.compile(
    r"\\(?:i*int|sum|prod|lim|limsup|liminf|det|ldots|dots|cdots|approx|sim)(?![A-Za-z])|\.\."
)
_COMMAND = re.compile(r"\\[A-Za-z]+")
_SYNONYMS = ((r"\dfrac", r"\frac"), (r"\tfrac", r"\frac"), (r"\varnothing", r"\emptyset"))


class Unreadable(ValueError):
    """No answer, or none that will be looked at. The message says what was found."""


def final(text: str) -> str:
    """The answer of a text, cleaned: what the last box holds, else the text if it is an answer.

    Text before ``</think>`` is no answer. Boxes on one line are one answer, a list; what an
    earlier line boxed is superseded. Raises :class:`Unreadable`.
    """
    if len(text) > MAX_TEXT:
        raise Unreadable(f"{len(text):,} characters")
    text = outspoken(text)
    starts = [match.start() for match in _BOX.finditer(text)]
    found = _boxed(text, starts) if starts else _plain(text)
    return _small(_clean(found))


def outspoken(text: str) -> str:
    """What stands behind a model's thinking. Raises :class:`Unreadable` when that does not end."""
    thoughts = list(_THOUGHT.finditer(text))
    if not thoughts:
        return text
    if not thoughts[-1][0].startswith("</"):
        raise Unreadable("a thought that does not end")
    return text[thoughts[-1].end() :]


def _boxed(text: str, starts: list[int]) -> str:
    line = text.rfind("\n", 0, starts[-1]) + 1
    parts: list[str] = []
    end = 0
    for start in starts:
        if start < line or start < end:  # superseded, or a box in a box
            continue
        if _DENIED.search(text[max(line, end) : start]):
            raise Unreadable("an answer that is denied")
        opened = text.index("{", start) + 1
        end = _closing(text, opened)
        parts.append(_BOX.sub("{", text[opened:end]).strip())
    return ", ".join(dict.fromkeys(parts))


def _closing(text: str, at: int) -> int:
    """Where the brace opened before ``at`` closes."""
    depth = 1
    for place in range(at, min(len(text), at + MAX_ANSWER + 1)):
        if text[place - 1] != "\\":
            depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return place
    raise Unreadable("a box that does not end")


def _plain(text: str) -> str:
    text = text.strip()
    if len(text) > MAX_ANSWER:
        raise Unreadable(f"{len(text):,} characters without a box")
    text = _LEAD.sub("", text, count=1) if _LEAD.match(text) else text
    if "\n" in text and r"\begin" not in text:
        raise Unreadable("several lines without a box")
    return text


def _clean(text: str) -> str:
    text = text.strip().translate(_SAME)
    text = text[:-1].strip() if text.endswith(".") else text
    for left, right in _PAIRS:
        if len(text) > len(left + right) and text.startswith(left) and text.endswith(right):
            text = text[len(left) : -len(right)].strip()
    text = _THOUSANDS.sub("", _SPACING.sub(" ", text))
    for name, usual in _SYNONYMS:
        text = text.replace(name, usual)
    return " ".join(text.split())


def _small(text: str) -> str:
    """The text, if working with it is sure to be cheap. Raises :class:`Unreadable`."""
    if not text:
        raise Unreadable("nothing")
    if len(text) > MAX_ANSWER:
        raise Unreadable(f"{len(text):,} characters")
    if not text.isascii() or not text.isprintable():
        raise Unreadable("a character that is no mathematics")
    depth = deepest = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH or len(re.findall(r"[-+]\s*(?=[-+])", text)) > 4:
        raise Unreadable("too deep a nesting")
    runs = [len(run) for run in re.findall(r"\d+", text)]
    if max(runs, default=0) > MAX_RUN or sum(runs) > MAX_DIGITS:
        raise Unreadable("too many digits")
    for power in re.findall(r"(?:\^\s*\{?\s*-?\s*|\*\*\s*-?)(\d+)|(\d+)\s*!", text):
        if int("".join(power)) > MAX_POWER:
            raise Unreadable(f"a power or factorial beyond {MAX_POWER}")
    if text.count("&") + text.count("\\\\") > MAX_CELLS:
        raise Unreadable(f"more than {MAX_CELLS} cells")
    if re.search(r"!\s*!", text) or (not letters(text) and _towers(text)):
        raise Unreadable("a tower of powers or factorials")
    if (task := _TASK.search(text)) is not None:
        raise Unreadable(f"{task[0]!r} instead of a value")
    if re.search(r"\d\s+\d|\d\s*\\\s+\d", text) or "**" in text:  # the library would add "1 2" up
        raise Unreadable("two numbers with nothing between them")
    return text


def letters(text: str) -> bool:
    """Whether it names anything, commands apart."""
    return re.search("[A-Za-z]", _COMMAND.sub("", text)) is not None


def _towers(text: str) -> bool:
    nested = re.search(r"\^\s*(?:\{[^{}]*\^|\{[^{}]*\{[^{}]*\^|[^\s{}]\s*\^|\{[^{}]*\}\s*\^)", text)
    outer = re.search(r"[)}\]]\s*(?:!|\^\s*\{?\s*-?\d{3})", text)
    return nested is not None or outer is not None
