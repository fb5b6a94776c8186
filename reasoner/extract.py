"""Final answers found in what a model wrote: boxed, announced, a document, or simply last."""

from __future__ import annotations

import json
import re
from contextlib import suppress

THINK, THOUGHT = "<think>", "</think>"
_THOUGHTS = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_BOXED = re.compile(r"\\(?:boxed|fbox)\s*\{")
_ANNOUNCED = re.compile(
    r"\banswer\b[*_]*(?:\s+is\b\s*:?|\s*[:=])(?P<rest>.*)$", re.IGNORECASE | re.MULTILINE
)
_NAMED = re.compile(r"\\(?:text|mathrm|mathbf|textbf|operatorname)\s*\{([^{}]*)\}")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_COMMANDS = {
    r"\times": "*", r"\cdot": "*", r"\div": "/", r"\left": "", r"\right": "", r"\,": "",
    r"\;": "", r"\!": "", r"\ ": " ", r"\(": "", r"\)": "", r"\[": "", r"\]": "", r"\$": "$",
    r"\%": "%",
}  # fmt: skip
_COMMAND = re.compile("|".join(map(re.escape, sorted(_COMMANDS, key=len, reverse=True))))
_LONGEST = 2_000  # characters of a last line that could be an answer
_LONGEST_DOCUMENT, _MOST_TRIES = 100_000, 200
_OPENING, _DECODER = re.compile(r"[{\[]"), json.JSONDecoder()


def unmarked(text: str) -> str:
    """``text`` without the marks of thinking; what was thought stays."""
    return text.replace(THINK, "").replace(THOUGHT, "").strip()


def said(text: str) -> str:
    """``text`` without what was thought before it, finished or not."""
    return _THOUGHTS.sub("", text).replace(THOUGHT, "").strip()


def announced(text: str) -> str | None:
    """The last boxed expression, else the last line that announces an answer, else None.

    The answer comes without markup; see :func:`bare`.
    """
    text = said(text)
    boxes = list(_BOXED.finditer(text))
    if boxes and (inside := _balanced(text, boxes[-1].end())):
        return bare(inside) or None
    rests = [match["rest"] for match in _ANNOUNCED.finditer(text)]
    return next((found for rest in reversed(rests) if (found := bare(rest))), None)


def final_answer(text: str) -> str | None:
    """What is :func:`announced`, else the last line; None when nothing was said."""
    if (found := announced(text)) is not None:
        return found
    lines = [line for raw in said(text).splitlines() if (line := bare(raw))]
    return lines[-1][:_LONGEST] if lines else None


def document(text: str) -> str | None:
    """The last JSON object or array that was said, as it was written; None when there is none.

    Of ones inside each other it is the outermost.
    """
    text = said(text)[-_LONGEST_DOCUMENT:]
    found, end, tries = None, 0, 0
    for opening in _OPENING.finditer(text):
        if opening.start() < end:
            continue
        tries += 1
        if tries > _MOST_TRIES:  # each may read all the rest
            break
        with suppress(ValueError, RecursionError):
            _, end = _DECODER.raw_decode(text, opening.start())
            found = text[opening.start() : end]
    return found


def _balanced(text: str, start: int) -> str | None:
    """``text`` from ``start`` to the brace that closes the one before; None when none does."""
    depth = 1
    for i in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[i], 0)
        if not depth:
            return text[start:i]
    return None


def bare(text: str) -> str:
    """Without Markdown and LaTeX around it: ``**$\\frac{1}{2}$.**`` is ``1/2``."""
    text = _NAMED.sub(r"\1", text)
    text = _FRACTION.sub(lambda m: f"{_grouped(m[1])}/{_grouped(m[2])}", text)
    text = _COMMAND.sub(lambda match: _COMMANDS[match[0]], text)
    text = text.replace("**", "").replace("__", "").replace("`", "").strip()
    if text.count("$") == 2 and text.startswith("$"):
        text = text.replace("$", "")
    return text.strip().removesuffix(".").strip("$ \t").strip()


def _grouped(part: str) -> str:
    part = part.strip()
    return part if re.fullmatch(r"\w+", part) else f"({part})"
