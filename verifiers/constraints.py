"""Models of constraints, judged by z3: the extra ``[smt]``.

A *model* says a value for every unknown. It is put into the constraints and they are worked out;
what an answer claims about itself counts for nothing, and neither does ``unknown``.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from .function import Function
from .phrasing import unfenced
from .source import Source
from .verdict import Verdict, right, unjudged, wrong

MAX_LENGTH = 20_000  # characters of an answer
MAX_DIGITS = 300  # of one number
SOLVE_MS = 1_500  # for what values alone do not decide: quantifiers, and claims of "unsat"
_NAME = r"[A-Za-z_][\w.$!@?']*|\|[^|\\]*\|"
_LINE = re.compile(rf"\s*({_NAME})\s*=\s*(\S(?:.*\S)?)\s*", re.ASCII)
_DEFINED = re.compile(rf"\s*\(define-fun\s+({_NAME})\s+\(\s*\)\s+(?:\w+|\([^()]*\))\s+", re.ASCII)
_NUMBER = re.compile(r"([-+]?)\s*([0-9]+)(?:\.([0-9]+)|\s*/\s*([0-9]+))?")
_BITS = re.compile(r"#x([0-9A-Fa-f]+)|#b([01]+)")
_BEYOND = re.compile(r"\(\s*(maximize|minimize|assert-soft|push|pop|reset|include)\b")
_DECLARED = r"\(\s*declare-(?:const|fun)\s+\|?{}\|?[\s(]"


class _NoModel(ValueError):
    """The text is no model of these constraints. The message says what was found."""


def smt(expected: str | None = None) -> Function:
    """Passes a model of the public field ``constraints`` (SMT-LIB 2), or of ``expected``.

    An answer is ``x = 3, y = -1/2, b = true`` on one line or several, or ``(define-fun x () Int
    3)`` as solvers print it, fenced or not; or ``unsat``, which passes when z3 can show it, too.
    Unknowns are of Bool, Int, Real and bit vectors; with others, and where z3 can not tell, there
    is no verdict. What is left open by a division by zero must hold whatever it gives.
    """
    return Function(
        judged,
        "smt",
        version="2",
        examples=EXAMPLES,
        source=Source("module", __name__, judged.__name__, _warm.__name__),
        given={"constraints": expected},
    )


def _warm() -> None:
    import z3

    z3.simplify(z3.IntVal(1) + 1)  # its context, too: a fifth of a second


def judged(answer: str, constraints: str) -> Verdict:
    """Needs z3, and a process that can be killed: its time limit does not hold everywhere."""
    import z3

    if (found := _BEYOND.search(constraints)) is not None:
        return unjudged("", f"expected assertions alone, found {found[1]!r}")
    goals = list(z3.parse_smt2_string(constraints))
    if not goals:
        return unjudged("", "expected at least one assertion, found none")
    if answer.strip().lower() in ("unsat", "unsatisfiable"):
        return _unsatisfiable(z3, goals)
    unknowns, strange = _unknowns(z3, goals)
    if strange:
        return unjudged("", f"expected Bool, Int, Real and bit vectors, found {strange}")
    try:
        values = _model(answer)
        for name in values.keys() - unknowns.keys():
            if re.search(_DECLARED.format(re.escape(name)), constraints) is None:
                raise _NoModel(f"a value for {name!r}, which the constraints do not have")
        if missing := sorted(unknowns.keys() - values.keys()):
            raise _NoModel(f"no value for {', '.join(missing[:5])}")
        pairs = [(unknowns[name], _value(z3, unknowns[name], values[name])) for name in unknowns]
    except _NoModel as error:
        return wrong("", f"expected a model such as 'x = 3, y = 1/2', found {error}"[:300])
    return _holds(z3, [z3.simplify(z3.substitute(goal, *pairs)) for goal in goals])


def _holds(z3: Any, goals: list[Any]) -> Verdict:
    """Whether all of them, with the values put in, are true."""
    undecided = []
    for number, goal in enumerate(goals, 1):
        if z3.is_false(goal):
            return wrong("", f"constraint {number} of {len(goals)} does not hold")
        if not z3.is_true(goal):
            undecided.append(goal)
    if not undecided:
        return right("")
    result = _check(z3, [z3.Not(z3.And(undecided))])
    if result == z3.unsat:
        return right("")
    if result == z3.sat:
        return wrong("", f"{len(undecided)} of {len(goals)} constraints need not hold")
    return unjudged("", "z3 could not tell whether the constraints hold with these values")


def _unsatisfiable(z3: Any, goals: list[Any]) -> Verdict:
    result = _check(z3, goals)
    if result == z3.unknown:
        return unjudged("", "z3 could not tell whether the constraints have a model")
    return right("") if result == z3.unsat else wrong("", "the constraints have a model")


def _check(z3: Any, goals: list[Any]) -> Any:
    solver = z3.Solver()
    solver.set("timeout", SOLVE_MS)
    solver.add(*goals)
    return solver.check()


def _unknowns(z3: Any, goals: list[Any]) -> tuple[dict[str, Any], str]:
    """The constants to be found, by name; and the first thing that no value can be put in for."""
    found: dict[str, Any] = {}
    seen, pending = set[int](), list(goals)
    while pending:
        node = pending.pop()
        if node.get_id() in seen:
            continue
        seen.add(node.get_id())
        if z3.is_quantifier(node):
            pending.append(node.body())
            continue
        if z3.is_var(node):
            continue
        pending.extend(node.children())
        if node.decl().kind() != z3.Z3_OP_UNINTERPRETED:
            continue
        simple = (z3.Z3_BOOL_SORT, z3.Z3_INT_SORT, z3.Z3_REAL_SORT, z3.Z3_BV_SORT)
        if node.num_args() or node.sort().kind() not in simple:
            return {}, f"{node.decl().name()} of {node.decl().range()}"
        found[node.decl().name()] = node
    return found, ""


def _model(answer: str) -> dict[str, str]:
    """Values as text, by name."""
    if len(answer) > MAX_LENGTH:
        raise _NoModel(f"{len(answer):,} characters")
    text = unfenced(answer).replace("−", "-").strip()
    text = re.sub(r"sat\s+(?=\()", "", text, count=1) if text.startswith("sat") else text
    pairs = _defined(text) if text.startswith("(") else _lines(text)
    values: dict[str, str] = {}
    for name, value in pairs:
        name = name.strip("|")
        if name in values:
            raise _NoModel(f"two values for {name!r}")
        values[name] = value
    if not values:
        raise _NoModel("none")
    return values


def _lines(text: str) -> list[tuple[str, str]]:
    if text.startswith("[") and text.endswith("]"):  # as z3's Python prints it
        text = text[1:-1]
    pairs = []
    for part in re.split(r"[,;\n]|\band\b", text.removesuffix(".")):
        if not part.strip():
            continue
        match = _LINE.fullmatch(part)
        if match is None:
            raise _NoModel(repr(part.strip()[:60]))
        pairs.append((match[1], _flat(match[2])))
    return pairs


def _defined(text: str) -> list[tuple[str, str]]:
    """``(define-fun x () Int 3)``, any number of them, in parentheses or not."""
    inner = re.fullmatch(r"\(\s*(?:model\b)?\s*(\(define-fun.*\))\s*\)", text, re.DOTALL)
    text = inner[1] if inner is not None else text
    pairs, at = [], 0
    while text[at:].strip():
        match = _DEFINED.match(text, at)
        if match is None:
            raise _NoModel(repr(text[at : at + 60].strip()))
        at = end = match.end()
        depth = 1
        while depth and end < len(text):
            depth += (text[end] == "(") - (text[end] == ")")
            end += 1
        if depth:
            raise _NoModel("an open parenthesis")
        pairs.append((match[1], _flat(text[at : end - 1])))
        at = end
    return pairs


def _flat(value: str) -> str:
    """``(- (/ 1.0 2.0))`` as ``-1/2``."""
    value = " ".join(value.split())
    minus = re.fullmatch(r"\(- (.+)\)", value)
    sign, value = ("-", minus[1]) if minus is not None else ("", value)
    ratio = re.fullmatch(r"\(/ ([0-9]+)(?:\.0)? ([0-9]+)(?:\.0)?\)", value)
    return sign + (f"{ratio[1]}/{ratio[2]}" if ratio is not None else value)


def _value(z3: Any, unknown: Any, text: str) -> Any:
    """The value of an unknown's own sort. Raises :class:`_NoModel`."""
    sort, name = unknown.sort(), unknown.decl().name()
    kind = sort.kind()
    if kind == z3.Z3_BOOL_SORT:
        if text.lower() not in ("true", "false"):
            raise _NoModel(f"{name} = {text[:40]!r} instead of true or false")
        return z3.BoolVal(text.lower() == "true")
    if kind == z3.Z3_BV_SORT:
        return z3.BitVecVal(_bits(sort.size(), name, text), sort.size())
    number = _number(name, text)
    if kind == z3.Z3_REAL_SORT:
        return z3.RealVal(f"{number.numerator}/{number.denominator}")
    if number.denominator != 1:
        raise _NoModel(f"{name} = {text[:40]!r} instead of a whole number")
    return z3.IntVal(number.numerator)


def _bits(size: int, name: str, text: str) -> int:
    if (match := _BITS.fullmatch(text)) is not None and len(text) <= MAX_DIGITS:
        digits, width = (match[1], 4) if match[1] else (match[2], 1)
        if len(digits) * width == size:
            return int(digits, 16 if match[1] else 2)
    elif text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS and int(text) < 1 << size:
        return int(text)
    raise _NoModel(f"{name} = {text[:40]!r} instead of {size} bits")


def _number(name: str, text: str) -> Fraction:
    match = _NUMBER.fullmatch(text)
    if match is None or len(text) > MAX_DIGITS or (match[4] and not match[4].strip("0")):
        raise _NoModel(f"{name} = {text[:40]!r} instead of a number")
    sign, whole, decimals, below = match.groups()
    number = Fraction(f"{whole}.{decimals}") if decimals else Fraction(int(whole), int(below or 1))
    return -number if sign == "-" else number


def _asked(constraints: str) -> dict[str, str]:
    return {
        "question": f"Find values with which all of this holds: {constraints}",
        "domain": "general",
        "constraints": constraints,
    }


_CLOCK = _asked(
    "(declare-const x Int) (declare-const y Int) (declare-const b Bool)"
    "(assert (= (+ (* 3 x) (* 5 y)) 41)) (assert (< 0 x y)) (assert (=> b (> x 6)))"
)
_HALF = _asked(
    "(declare-const u Real) (declare-const v (_ BitVec 8))"
    "(assert (= (* u u u) (/ (- 1.0) 8.0)))"
    "(assert (= (bvmul v #x03) #xff)) (assert (bvult v #x60))"
)
_ALL = _asked("(declare-const n Int) (assert (forall ((k Int)) (>= (+ (* k k) n) 7)))")
_NONE = _asked("(declare-const x Int) (assert (> (* x x) 4)) (assert (< (* x x) 9))")
_DIVIDED = _asked("(declare-const x Real) (assert (= (/ 1.0 x) 5.0))")
EXAMPLES: Any = (
    (_CLOCK, "x = 2, y = 7, b = false", True),
    (_CLOCK, "[y = 7, b = False, x = 2]", True),
    (
        _CLOCK,
        "((define-fun b () Bool false) (define-fun x () Int 2) (define-fun y () Int 7))",
        True,
    ),
    (_CLOCK, "x = 2, y = 7, b = true", False),
    (_CLOCK, "x = 7, y = 4, b = true", False),
    (_CLOCK, "x = 2, y = 8, b = false", False),
    (_CLOCK, "x = 2, y = 7", False),
    (_CLOCK, "x = 2, y = 7, b = false, z = 1", False),
    (_CLOCK, "x = 3, x = 2, y = 7, b = false", False),
    (_CLOCK, "x = 2.5, y = 6.7, b = false", False),
    (_CLOCK, "sat", False),
    (_CLOCK, "unsat", False),
    (_HALF, "u = -1/2, v = 85", True),
    (_HALF, "(define-fun u () Real (- (/ 1.0 2.0))) (define-fun v () (_ BitVec 8) #x55)", True),
    (_HALF, "u = -0.5; v = #x55", True),
    (_HALF, "u = 1/2, v = 85", False),
    (_HALF, "u = -1/2, v = 341", False),
    (_HALF, "u = -0.4999999999, v = 85", False),
    (_ALL, "n = 7", True),
    (_ALL, "n = 6", False),
    (_NONE, "unsat", True),
    (_NONE, "x = 2", False),
    (_DIVIDED, "x = 0.2", True),
    (_DIVIDED, "x = 0", False),
)
