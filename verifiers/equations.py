"""Linear equations in one unknown, and systems of two in two.

A step is one sum, worked in columns, and the equation that it leaves (see ``elimination``). Checked
by substitution. People may name their unknowns as they like and write fractions and parentheses:
the model sees x and y, multiplied out, with whole numbers.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from random import Random

from .columns import misprint
from .domain import Step
from .elimination import Line, one_unknown, two_unknowns, write_side
from .linear import Form, read_linear
from .phrasing import plain, without_thousands
from .problem import Problem
from .solution import VALUE, read_values
from .verdict import Verdict, right, wrong
from .working import true

_LETTERS = str.maketrans("DXY", "duv")
MAX_COEFFICIENT = 10**6
_STEP = re.compile(r"[DXYxy0-9()+*/= -]{1,200}", re.ASCII)
_BETWEEN = re.compile(r"(?<=[\dxy])[-+=]")
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
    version = "5"
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
            (a, b, _), (d, e, _) = rows
            if a * e != d * b:
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
        text = " ; ".join(_write_line(*line) for line in lines)
        gathered = tuple(n for line in lines for n in _gather(line))
        asked = _BETWEEN.sub(r" \g<0> ", text).replace(" ;", ",")
        return Problem(
            domain=self.name,
            prompt=f"solve {text}\n",
            question=question or f"Solve {asked}",
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
                steps.append(Step(misprint(text, rng), teach=False, good=False))
                break
            steps.append(Step(text))
        return tuple(steps)

    def state_key(self, problem: Problem, steps: tuple[str, ...]) -> str | None:
        if not steps:
            return str(problem.data["text"])
        if not _STEP.fullmatch(steps[-1]) or "=" not in steps[-1]:
            return None
        # A line of a system needs those before it; one equation stands for itself.
        left = [step.split(" ")[-1] for step in steps]
        return " ".join(left) if len(_rows(problem)) == 2 else left[-1]

    def answer(self, problem: Problem, steps: tuple[str, ...]) -> str | None:
        names, found = _names(problem), dict[str, str]()
        for step in steps:
            left = step.split(" ")[-1]
            if VALUE.fullmatch(left):
                found[left[0]] = left[2:]
        wanted = "xy"[: len(names)]
        if not steps or not steps[-1].split(" ")[-1].startswith(f"{wanted[-1]}="):
            return None
        if any(name not in found for name in wanted):
            return None
        values = zip(names, map(found.__getitem__, wanted), strict=True)
        return ", ".join(f"{name} = {value}" for name, value in values)

    def sound(self, problem: Problem, steps: tuple[str, ...]) -> bool:
        known = _unknowns(_rows(problem))
        return all(true(step.translate(_LETTERS), known) for step in steps)

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
        """The same lines turned round or with all signs changed are the same problem."""
        rows = sorted(max(row, (-row[0], -row[1], -row[2])) for row in _rows(problem))
        return f"equations {rows}"


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


def _unknowns(rows: list[Line]) -> dict[str, Fraction]:
    """What the letters of a step stand for, those of Cramer's rule as :data:`_LETTERS` has them."""
    if len(rows) == 1:
        ((a, _, c),) = rows
        return {"x": Fraction(c, a)}
    (a, b, c), (d, e, f) = rows
    tops = {"d": a * e - d * b, "u": c * e - f * b, "v": a * f - d * c}
    found = {name: Fraction(n) for name, n in tops.items()}
    return found | {"x": found["u"] / found["d"], "y": found["v"] / found["d"]}


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


def _write_line(left: Line, right_: Line) -> str:
    return f"{write_side(left)}={write_side(right_)}"


def _expert(problem: Problem) -> list[str]:
    rows = _rows(problem)
    if len(rows) == 2:
        return two_unknowns(*rows)
    found = _read([str(problem.data["text"])])
    assert found is not None
    (_, [((a, _, b), (c, _, d))]) = found
    return one_unknown(a, b, c, d)
