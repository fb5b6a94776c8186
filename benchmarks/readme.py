"""Fill the README's tables from the result files and its file tree from the docstrings.

Between ``<!-- bench:NAME -->`` and ``<!-- /bench:NAME -->`` stands the ``table`` of
``results/NAME.json`` and a line on where it was measured. Between
``<!-- tree -->`` and ``<!-- /tree -->`` stands every module with the first line of its docstring.
Nothing there is typed by hand; ``--check`` changes nothing and fails when the README is stale.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ._report import RESULTS, ROOT

README = ROOT / "README.md"
PACKAGES = ("reasoner", "search", "selfplay", "verifiers", "benchmarks")
TREE = re.compile(r"<!-- tree -->\n.*?<!-- /tree -->", re.DOTALL)
REGION = re.compile(r"<!-- bench:([\w-]+) -->\n.*?<!-- /bench:\1 -->", re.DOTALL)


def render(text: str, results: Path = RESULTS, root: Path = ROOT) -> str:
    """``text`` with every region filled; a table without a result file stays empty."""

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        path = results / f"{name}.json"
        body = section(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else ""
        return f"<!-- bench:{name} -->\n{body}<!-- /bench:{name} -->"

    lines = "\n".join(line for package in PACKAGES for line in tree(root / package))
    filled = f"<!-- tree -->\n```text\n{lines}\n```\n<!-- /tree -->"
    return TREE.sub(lambda _: filled, REGION.sub(fill, text))


def tree(folder: Path, depth: int = 0) -> Iterator[str]:
    """The folder and, indented below it, its modules and then its packages."""
    init = folder / "__init__.py"
    yield line(depth, f"{folder.name}/", gloss(init) if init.exists() else "")
    for path in sorted(folder.glob("*.py")):
        if path != init:
            yield line(depth + 1, path.name, gloss(path))
    for path in sorted(folder.iterdir()):
        if any(path.glob("*.py")):
            yield from tree(path, depth + 1)


def line(depth: int, name: str, gloss: str) -> str:
    return f"{'  ' * depth}{name:<{24 - 2 * depth}}{gloss}".rstrip()


def gloss(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0].removesuffix(".")


def section(result: dict[str, Any]) -> str:
    """The table and its source. ``result["table"]``: rows, each column name to text."""
    rows = result["table"]
    columns = list(rows[0])
    lines: list[list[str]] = [columns, ["---"] + ["---:"] * (len(columns) - 1)]
    lines += [[str(row[column]) for column in columns] for row in rows]
    table = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |"
                      for line in lines)  # fmt: skip
    return f"\n{table}\n\n{source(result)}\n\n"


def source(result: dict[str, Any]) -> str:
    header = result["header"]
    hardware, versions = header["hardware"], header["versions"]
    parts = [f"{hardware['cpu']}, {hardware['cores']} cores"]
    parts += [f"{name} {versions[name]}" for name in ("torch", "python") if name in versions]
    seed = result["workload"].get("seed")
    parts += [f"seed {seed}"] if seed is not None else []
    parts += [f"commit {header['commit']}", header["date"]]
    return f"<sub>{result['workload']['what']} Measured on {', '.join(parts)}.</sub>"


def main() -> None:
    text = README.read_text(encoding="utf-8")
    fresh = render(text)
    if "--check" in sys.argv[1:]:
        if fresh != text:
            sys.exit("expected README.md to agree with benchmarks/results; run: make readme")
    elif fresh != text:
        README.write_text(fresh, encoding="utf-8")


if __name__ == "__main__":
    main()
