"""Answers in LaTeX: numbers, expressions, sets, intervals, matrices. The extra ``[math]``.

``math-verify`` reads them, in a child; it is not left alone with them. By itself it finds 5 in
``4 = 5`` and in ``y = 5``, takes 50 for 50 %, 0.333333 for 1/3, ``1 2`` for 3, ``5 m`` for
``5 cm``, ``0:30`` for ``0:45``, 12 in base 3 for 12, the interval (1, 2) for the set {1, 2}, any
order of letters for a word, and overhears what is said in words beside a number.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from .function import Function
from .judge import VerifierError
from .math_form import TEXT, THOUSANDS, alike
from .math_text import Unreadable, final
from .source import Source
from .verdict import Verdict, right, unjudged, wrong

_WARM = (  # each builds tables that take a second, and that a fork would lose again
    (r"\sqrt{8} + e", r"2\sqrt{2} + e"),
    (r"[0, \frac{1}{2})", r"[0, \frac{3}{2})"),
    (r"\{1, \sqrt{2}\}", "1, 2"),
    ("(x + 1)^2", "x^2 + 2x"),
    (r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", r"\begin{pmatrix} 1 \\ 3 \end{pmatrix}"),
    ("1 < x < 2", "(1, 3)"),
)
_PRECISION = 100  # digits to which numbers must agree that can not be shown to be equal
_RATIONAL = re.compile(
    r"([-+]?) ?(?:(\d+(?:\.\d+)?|\.\d+)|(\d+) ?/ ?(\d+)"
    r"|\\frac ?(?:\{(\d+)\} ?\{(\d+)\}|(\d) ?(\d)))"
)
_WORDS = re.compile(r"\(?([A-Za-z][A-Za-z' -]*)\)?")
_BASED = re.compile(r"([0-9A-F]+) ?_ ?\{?([0-9]{1,2})\}?")


def math_answers(expected: str | None = None) -> Function:
    """Passes an answer that is mathematically the reference, or ``expected``.

    The last ``\\boxed{...}`` counts, else the whole answer. Values must be exactly equal: 0.5 is
    1/2 and 50 %, 0.333 is not 1/3. A list is a set unless brackets say otherwise; the kinds of
    brackets must agree, and so must units where both have one. What is too large or too deep to
    be worked with is wrong. Raises :class:`VerifierError` for an ``expected`` without an answer.
    """
    if expected is not None:
        try:
            final(expected)
        except Unreadable as error:
            raise VerifierError(f"expected a mathematical answer, found {error}") from error
    return Function(
        judged,
        "math",
        timeout=10.0,
        version="2",
        examples=EXAMPLES,
        source=Source("module", __name__, judged.__name__, _warm.__name__),
        given={"reference": expected},
    )


def _warm() -> None:
    for expected, found in _WARM:
        _equal(expected, found)


def judged(answer: str, reference: str) -> Verdict:
    """Needs math-verify, and a process that can be killed: equality can take for ever."""
    try:
        expected = final(reference)
    except Unreadable as error:
        return unjudged("", f"expected a reference that is mathematics, found {error}")
    try:
        found = final(answer)
        if (known := _decided(expected, found)) is None:
            expected, found = alike(expected, found)
            known = _equal(expected, found)
    except Unreadable as error:
        return wrong("", f"expected a mathematical answer, found {error}"[:300])
    if known is None:
        return unjudged("", f"expected a reference that is mathematics, found {reference[:60]!r}")
    return right("") if known else wrong("", f"expected {reference[:60]!r}, found {found[:60]!r}")


def _decided(expected: str, found: str) -> bool | None:
    """Numbers and words, which need no algebra; None when it takes more."""
    numbers = _rational(expected), _rational(found)
    if None not in numbers:
        return numbers[0] == numbers[1]
    words = _words(expected), _words(found)
    if None not in words:
        return words[0] == words[1]
    if words[0] is not None and len(words[0]) > 1:  # a word is no product of its letters
        return False
    if ":" in expected + found:  # a time is no division
        return expected.replace(" ", "") == found.replace(" ", "")
    based = _BASED.fullmatch(expected), _BASED.fullmatch(found)
    if based[0] is not None:
        return found == based[0][1] if based[1] is None else based[0].groups() == based[1].groups()
    return None if based[1] is None else False


def _rational(text: str) -> Fraction | None:
    text = text.replace(r"\%", "%").replace(r"\$", "")
    percent = text.endswith("%")
    text = text.rstrip("% ") if percent else text
    if THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    match = _RATIONAL.fullmatch(text)
    if match is None:
        return None
    sign, number, *parts = match.groups()
    above, below = next(
        ((a, b) for a, b in zip(parts[::2], parts[1::2], strict=True) if a), (number, "1")
    )
    if not below.strip("0"):
        raise Unreadable("a division by zero")
    value = Fraction(above) / Fraction(below) / (100 if percent else 1)
    return -value if sign == "-" else value


def _words(text: str) -> str | None:
    match = _WORDS.fullmatch(TEXT.sub(r"\1", text).strip())
    return None if match is None else match[1].strip().casefold()


def _equal(expected: str, found: str) -> bool | None:
    """The library's word; None when it can not read what is expected."""
    import logging

    from math_verify import LatexExtractionConfig, parse, verify

    logging.getLogger("math_verify").setLevel(logging.CRITICAL)  # it warns that nothing stops it
    # Never its ExprExtractionConfig: that hands text to sympy's parse_expr, which evaluates it.
    latex = [LatexExtractionConfig(boxed_match_priority=0)]
    trees = []
    for text in (expected, found):
        parsed: list[Any] = parse(
            rf"\boxed{{{text}}}",
            latex,
            fallback_mode="no_fallback",
            extraction_mode="first_match",
            parsing_timeout=None,  # SIGALRM; the child is killed instead
        )
        trees.append([tree for tree in parsed if not isinstance(tree, str)][:1])
    if not trees[0]:
        return None
    if not trees[1]:
        raise Unreadable(repr(found[:60]))
    return bool(
        verify(
            *trees, float_rounding=_PRECISION, numeric_precision=_PRECISION, timeout_seconds=None
        )
    )


def _asked(question: str, reference: str) -> dict[str, str]:
    return {"question": question, "domain": "general", "reference": reference}


_SHARE = _asked("Which share of the cake is left?", r"\frac{3}{4}")
_WHERE = _asked("Where is the root defined?", r"\left(2, \frac{11}{2}\right]")
_ROOTS = _asked("Solve the equation for every root.", r"\{-\sqrt{8}, 7\}")
_FORM = _asked("Expand it, please.", "x^2 + 2x - 3")
_TURN = _asked("What is the matrix of this turn?", r"\begin{pmatrix} 0 & -1 \\ 1 & 0 \end{pmatrix}")
_SEVEN = _asked("What is x?", "7")
_LENGTH = _asked("How long is it?", r"12\text{ cm}")
_COLOUR = _asked("Which colour is it?", r"\text{blue}")
EXAMPLES: Any = (
    (_SHARE, "3/4", True),
    (_SHARE, r"So it is \boxed{5}, no:" + "\n" + r"$\boxed{\dfrac34}$.", True),
    (_SHARE, "75\\%", True),
    (_SHARE, "4/3", False),
    (_SHARE, "0.7499999999", False),
    (_SHARE, r"$\boxed{\frac34}$" + "\n" + r"$\boxed{\frac43}$", False),
    (_SHARE, r"\boxed{\frac43} or \boxed{\frac34}", False),
    (_SHARE, r"not \boxed{\frac34}", False),
    (_SHARE, "75", False),
    (_WHERE, "(2, 5.5]", True),
    (_WHERE, r"\boxed{(2,\frac{22}{4}]}", True),
    (_WHERE, "[2, 5.5]", False),
    (_WHERE, "(2, 5.5)", False),
    (_WHERE, r"\{2, 5.5\}", False),
    (_WHERE, "(2, 5.6]", False),
    (_ROOTS, r"7, -2\sqrt{2}", True),
    (_ROOTS, r"\boxed{7}, \boxed{-2\sqrt2}", True),
    (_ROOTS, r"(-\sqrt{8}, 7)", False),
    (_ROOTS, r"7, 2\sqrt{2}", False),
    (_ROOTS, r"7, -2.8284271247461903", False),
    (_ROOTS, "7", False),
    (_FORM, "$(x+3)(x-1)$", True),
    (_FORM, "(x+3)(x-1) + 0.0000001", False),
    (_FORM, "(y+3)(y-1)", False),
    (_TURN, r"\begin{bmatrix}0&-1\\1&0\end{bmatrix}", True),
    (_TURN, r"\begin{bmatrix}0&1\\-1&0\end{bmatrix}", False),
    (_SEVEN, "x = 7", True),
    (_SEVEN, "7.0", True),
    (_SEVEN, "6 = 7", False),
    (_SEVEN, "3 4", False),
    (_SEVEN, "7\\%", False),
    (_SEVEN, "7 or 8", False),
    (_LENGTH, "12 cm", True),
    (_LENGTH, "12", True),
    (_LENGTH, "12 m", False),
    (_COLOUR, "Blue", True),
    (_COLOUR, "lbue", False),
)
