"""Linear equations in one unknown, and systems of two in two.

One unknown: each step is the next equivalent equation, ``2 x + 5 = 11``, ``2 x = 6``, ``x = 3``.
Two unknowns: Cramer's rule, one determinant a step. Checked by substitution. People may name
their unknowns as they like and write fractions and parentheses: the model sees x and y, multiplied
out, with whole numbers.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from random import Random

from .domain import Step
from .linear import Form, read_linear
from .phrasing import plain, without_thousands
from .problem import Problem
from .solution import VALUE, read_values
from .verdict import Verdict, right, wrong

Line = tuple[int, int, int]  # a x + b y = c

MAX_COEFFICIENT = 10**6
_STEP = re.compile(r"(?:[DXYxy0-9]|[-+*/=] |[-+*/=]$| )+", re.ASCII)
_ASKED = re.compile(  # "for x", "find x and y": the unknowns asked for, not part of an equation
    r"\b(?:for|is|are|find|of|determine|solve|does|makes?|what)\s+[a-z](?:\s*;\s*[a-z])?"
    r"(?![a-z])(?!\s*[-+*/=(\d])"
)
_FILLER = re.compile(
    r"\b(?:solve|find|what(?:\s+is|'s|\s+are)?|the|values?|of|for|if|when|given|that|system|"
    r"equations?|simultaneous(?:ly)?|and|where|both|please|unknowns?|let|such|determine|is|"
    r"linear|following|can|you|me|tell|compute|calculate|work|out|know|suppose|then|with|to|"
    r"makes?|true|holds?|satisf(?:y|ies)|does|equal|solutions?|which|variables?)\b"
    # "a" and "i" may be unknowns: words only where a word follows and no sum is before them
    r"|(?<![-+*/=(\d] )\b[ai]\b(?=\s+[a-z]{2,})"
)


class Equations:
    name = "equations"
    version = "4"
    levels = (1, 2, 3, 4, 5)
    self_checking = True

    def recognise(self, question: str) -> Problem | None:
        text = re.sub(r"[,;&]|\band\b", " ; ", without_thousands(plain(question)))
        rest = _FILLER.sub(" ", _ASKED.sub(" ", text))
        # The whole part or nothing: half an equation understood is another equation.
        parts = [part for part in (p.strip(" :?.!") for p in rest.split(";")) if part]
        found = _read(parts)
        if found is None:
            return None
        names, lines = found
        if len(names) == 1 and len(lines) == 1 and _gather(lines[0])[0]:
            return self.problem(lines, question, names=names)
        if len(names) == 2 and len(lines) == 2:
            rows = [_gather(line) for line in lines]
            if _solve(rows) is not None:
                lines = [((a, b, 0), (0, 0, c)) for a, b, c in rows]
                return self.problem(lines, question, names=names)
        return None

    def problem(
        self,
        lines: list[tuple[Line, Line]],
        question: str = "",
        level: int = 0,
        names: str = "xy",
    ) -> Problem:
        """``lines``: each a left and right side as (x, y, constant) coefficients; ``names``: what
        the person who asked calls x (and y)."""
        text = " ; ".join(_write_line(left, right_) for left, right_ in lines)
        gathered = tuple(n for line in lines for n in _gather(line))
        return Problem(
            domain=self.name,
            prompt=f"solve {text}\n",
            question=question or f"Solve {text.replace(' ;', ',')}",
            data={"coefficients": gathered, "text": text, "names": names[: len(lines)]},
            level=level,
        )

    def generate(self, rng: Random, level: int) -> Problem:
        def some(low: int, high: int) -> int:
            return rng.choice([n for n in range(low, high + 1) if n])

        while True:
            x, y = some(-12, 12), some(-12, 12)
            if level <= 3:
                x = rng.randint(1, 20) if level == 1 else x
                a = some(2, 9) if level == 1 else some(-9, 12)
                b = 0 if level == 1 and rng.random() < 0.5 else some(-30, 30)
                a = 1 if level == 1 and b else a
                c = some(-9, 9) if level == 3 else 0
                if a == c:
                    continue
                d = a * x + b - c * x
                return self.problem([((a, 0, b), (c, 0, d))], level=level)
            top = 5 if level == 4 else 9
            if level == 4:
                x, y = some(-9, 9), some(-9, 9)
            rows = [(some(-top, top), some(-top, top)) for _ in range(2)]
            if rows[0][0] * rows[1][1] == rows[0][1] * rows[1][0]:
                continue
            system = [((a, b, 0), (0, 0, a * x + b * y)) for a, b in rows]
            return self.problem(system, level=level)

    def demonstrate(self, problem: Problem, rng: Random, slip: float = 0.0) -> tuple[Step, ...]:
        steps: list[Step] = []
        for text in _expert(problem):
            if rng.random() < slip:
                steps.append(Step(_misprint(text, rng), teach=False, good=False))
                break
            steps.append(Step(text))
        return tuple(steps)

    def state_key(self, problem: Problem, steps: tuple[str, ...]) -> str | None:
        if not steps:
            return str(problem.data["text"])
        if not _STEP.fullmatch(steps[-1]) or len(steps[-1]) > 200 or "=" not in steps[-1]:
            return None
        # A line of a system needs the determinants before it; one equation stands for itself.
        return "\n".join(steps) if len(_rows(problem)) == 2 else steps[-1].strip()

    def answer(self, problem: Problem, steps: tuple[str, ...]) -> str | None:
        if not steps:
            return None
        found = VALUE.findall(_final(steps[-1]))
        names = _names(problem)
        if "".join(name for name, *_ in found) != "xy"[: len(names)]:
            return None
        return ", ".join(
            f"{name} = {sign}{top}{f'/{bottom}' if bottom else ''}"
            for name, (_, sign, top, bottom) in zip(names, found, strict=True)
        )

    def normalise(self, answer: str) -> str:
        values = read_values(answer)
        if values is None:
            return re.sub(r"\s+", "", answer)
        return ",".join(f"{name}={values[name]}" for name in sorted(values))

    def verify(self, problem: Problem, answer: str) -> Verdict:
        by = f"{self.name}@{self.version}"
        values, names = read_values(answer), _names(problem)
        if values is None or set(values) != set(names):
            wanted = ", ".join(f"{name} = ..." for name in names)
            return wrong(by, f"expected '{wanted}', got {answer[:40]!r}")
        x, y = values[names[0]], values.get(names[1:], Fraction(0))
        for a, b, c in _rows(problem):
            if a * x + b * y != c:
                return wrong(by, f"substituting gives {a * x + b * y}, expected {c}")
        return right(by, "holds when substituted")

    def canonical(self, problem: Problem) -> str:
        return f"equations {sorted(_rows(problem))}"


def _names(problem: Problem) -> str:
    return str(problem.data.get("names", "xy"))[: len(_rows(problem))]  # old traces have none


def _rows(problem: Problem) -> list[Line]:
    flat = problem.data["coefficients"]
    assert isinstance(flat, tuple)
    n = [int(v) for v in flat]
    return [(n[i], n[i + 1], n[i + 2]) for i in range(0, len(n), 3)]


def _gather(line: tuple[Line, Line]) -> Line:
    """Both sides brought to a x + b y = c."""
    (a, b, c), (d, e, f) = line
    return a - d, b - e, f - c


def _solve(rows: list[Line]) -> tuple[Fraction, Fraction] | None:
    (a, b, c), (d, e, f) = rows
    det = a * e - d * b
    return None if det == 0 else (Fraction(c * e - f * b, det), Fraction(a * f - d * c, det))


def _read(equations: list[str]) -> tuple[str, list[tuple[Line, Line]]] | None:
    """The unknowns in the order of the alphabet, and each equation in whole numbers."""
    sides = [[read_linear(side) for side in text.split("=")] for text in equations]
    forms = [[form for form in pair if form is not None] for pair in sides]
    if not forms or {len(pair) for pair in sides} | {len(pair) for pair in forms} != {2}:
        return None
    names = "".join(sorted({name for pair in forms for form in pair for name in form} - {""}))
    if not 1 <= len(names) <= 2:
        return None
    lines = []
    for left, right_ in forms:
        scale = math.lcm(*(n.denominator for n in (*left.values(), *right_.values())))
        line = _whole(left, names, scale), _whole(right_, names, scale)
        if max(abs(n) for side in line for n in side) > MAX_COEFFICIENT:
            return None
        lines.append(line)
    return names, lines


def _whole(form: Form, names: str, scale: int) -> Line:
    """Coefficients of the first and second unknown and the constant, times ``scale``."""
    x, y, constant = (int(scale * form.get(n, 0)) for n in (names[0], names[1:] or "no", ""))
    return x, y, constant


def _signed(n: int) -> str:
    return f"- {-n}" if n < 0 else str(n)


def _write_side(side: Line) -> str:
    text = ""
    for n, name in zip(side, ("x", "y", ""), strict=True):
        if n == 0:
            continue
        size = name if name and abs(n) == 1 else f"{abs(n)} {name}".strip()
        sign = ("- " if n < 0 else "") if not text else (" - " if n < 0 else " + ")
        text += sign + size
    return text or "0"


def _write_line(left: Line, right_: Line) -> str:
    return f"{_write_side(left)} = {_write_side(right_)}"


def _expert(problem: Problem) -> list[str]:
    rows = _rows(problem)
    if len(rows) == 1:
        return _one_unknown(str(problem.data["text"]))
    (a, b, c), (d, e, f) = rows
    det, top_x, top_y = a * e - d * b, c * e - f * b, a * f - d * c

    def determinant(name: str, p: int, q: int, r: int, s: int) -> str:
        products = f"{_signed(p * q)} - {_signed(r * s)}"
        work = f"{_signed(p)} * {_signed(q)} - {_signed(r)} * {_signed(s)}"
        return f"{name} = {work} = {products} = {_signed(p * q - r * s)}"

    x, y = Fraction(top_x, det), Fraction(top_y, det)
    return [
        determinant("D", a, e, d, b),
        determinant("X", c, e, f, b),
        determinant("Y", a, f, d, c),
        f"x = {_signed(top_x)} / {_signed(det)} = {_fraction(x)} "
        f"y = {_signed(top_y)} / {_signed(det)} = {_fraction(y)}",
    ]


def _fraction(value: Fraction) -> str:
    return _signed(value.numerator) + (f" / {value.denominator}" if value.denominator > 1 else "")


def _one_unknown(text: str) -> list[str]:
    found = _read([text])
    assert found is not None
    (_, [((a, _, b), (c, _, d))]) = found
    steps = []
    if c:
        a, c = a - c, 0
        steps.append(f"{_write_side((a, 0, b))} = {_signed(d)}")
    if b:
        d, b = d - b, 0
        steps.append(f"{_write_side((a, 0, 0))} = {_signed(d)}")
    if a != 1:
        steps.append(f"x = {_fraction(Fraction(d, a))}")
    return steps


def _final(step: str) -> str:
    """``x = - 15 / - 5 = 3 y = ...`` keeps the last value of each unknown."""
    if "y" not in step or "x" not in step:
        return step if step.strip().startswith("x =") else ""
    x, _, y = step.strip().partition(" y = ")
    return f"x = {x.rpartition('= ')[2]} ; y = {y.rpartition('= ')[2]}"


def _misprint(step: str, rng: Random) -> str:
    """One wrong number after an equals sign."""
    head, _, tail = step.rpartition("= ")
    places = list(re.finditer(r"\d+", tail))
    spot = rng.choice(places)
    wrong_number = max(0, int(spot[0]) + rng.choice((-10, -3, -2, -1, 1, 2, 3, 10)))
    wrong_number += wrong_number == int(spot[0])
    return f"{head}= {tail[: spot.start()]}{wrong_number}{tail[spot.end() :]}"
