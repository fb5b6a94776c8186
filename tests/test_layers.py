"""The architecture, enforced: who may import whom, what stays light, what every file is."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from benchmarks import readme

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("reasoner", "search", "selfplay", "verifiers")
HEAVY = ("torch", "transformers", "vllm", "ray", "tokenizers", "matplotlib", "numpy", "networkx")
LONGEST = 300  # lines

# package -> our packages it may import besides itself, and third-party packages it may import
FLOORS: dict[str, tuple[set[str], set[str] | None]] = {
    "search": (set(), {"networkx"}),
    "verifiers": (set(), set()),
    "reasoner": ({"search", "verifiers"}, None),
    "selfplay": ({"reasoner", "search", "verifiers"}, None),
}
# package -> libraries of its extras, which it may import where they are needed, never at its top
LAZY = {
    "verifiers": {
        *("cloudpickle", "jsonschema", "jsonschema_specifications", "math_verify"),
        *("reasoning_gym", "sympy", "z3"),
    }
}
TOP = ("reasoner/cli/", "reasoner/__main__.py", "reasoner/__init__.py")  # may import everything


class Import(NamedTuple):
    """One import. ``name``: dotted and absolute. ``eager``: runs when the module is imported."""

    file: str
    line: int
    name: str
    relative: bool
    eager: bool

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.name}"

    @property
    def root(self) -> str:
        return self.name.split(".")[0]


def modules() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def imports(path: Path) -> Iterator[Import]:
    """Every import of a file, those inside functions included, type-only ones left out."""
    file = path.relative_to(ROOT).as_posix()
    package = path.relative_to(ROOT).parent.parts  # "." of a relative import
    pending: list[tuple[ast.AST, bool]] = [(ast.parse(path.read_text(encoding="utf-8")), True)]
    while pending:
        node, eager = pending.pop()
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield Import(file, node.lineno, alias.name, False, eager)
            case ast.ImportFrom(module=module, level=level, names=names):
                home = package[: len(package) - level + 1] if level else ()
                base = ".".join((*home, *([module] if module else [])))
                for alias in names:
                    yield Import(file, node.lineno, f"{base}.{alias.name}", level > 0, eager)
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                pending += [(child, eager) for child in node.orelse]
            case _:
                inside = eager and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
                pending += [(child, inside) for child in ast.iter_child_nodes(node)]


def every_import() -> list[Import]:
    return [found for path in modules() for found in imports(path)]


def test_each_floor_imports_only_what_lies_below() -> None:
    wrong = []
    for found in every_import():
        if found.file.startswith(TOP):
            continue
        package = found.file.split("/")[0]
        ours, outside = FLOORS[package]
        if found.root in PACKAGES:
            allowed = found.root == package or found.root in ours
            allowed &= package == "reasoner" or not found.name.startswith("reasoner.cli")
        else:
            allowed = outside is None or found.root in outside | sys.stdlib_module_names
            allowed |= not found.eager and found.root in LAZY.get(package, ())
        if not allowed:
            wrong.append(str(found))
    assert not wrong, "\n".join(wrong)


def test_nothing_below_the_top_imports_the_top() -> None:
    wrong = [
        str(found)
        for found in every_import()
        if found.name.startswith(("reasoner.cli", "reasoner.__main__"))
        and not found.file.startswith(TOP)
    ]
    assert not wrong, "\n".join(wrong)


def test_relative_inside_a_package_absolute_across() -> None:
    wrong = []
    for found in every_import():
        inside = found.root == found.file.split("/")[0]
        if inside != found.relative:
            wrong.append(str(found))
    assert not wrong, "\n".join(wrong)


def test_no_import_cycles() -> None:
    """Of imports that run when a module is imported; a lazy import can not deadlock one."""
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in modules()}
    graph: dict[str, set[str]] = {}
    for name, path in names.items():
        graph[name] = {
            target
            for found in imports(path)
            if found.eager
            for target in (found.name, found.name.rpartition(".")[0])
            if target in names and target != name
        }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, "import cycle: " + " -> ".join((*trail, name))
        if name not in done:
            for target in sorted(graph[name]):
                visit(target, (*trail, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())


def test_importing_the_packages_stays_light() -> None:
    code = (
        "import sys, reasoner, search, selfplay, verifiers\n"
        f"print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "", f"expected no heavy import, found {result.stdout}"


def test_every_package_folder_is_in_the_wheel() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = set(project["tool"]["setuptools"]["packages"])
    found = {".".join(path.relative_to(ROOT).parent.parts) for path in modules()}
    assert found == listed


def test_every_package_says_that_it_is_typed() -> None:
    assert all((ROOT / package / "py.typed").exists() for package in PACKAGES)


def test_files_stay_short() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): count
        for path in modules()
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert not long, f"expected at most {LONGEST} lines a file, found {long}; split by noun"


def test_every_module_says_what_it_is() -> None:
    bare = [
        path.relative_to(ROOT).as_posix()
        for path in modules()
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not bare


def test_readme_is_up_to_date() -> None:
    """Its file tree has every module with one line, its tables are those of the result files."""
    text = readme.README.read_text(encoding="utf-8")
    assert readme.render(text) == text, "run: make readme"
    for path in modules():
        assert path.name == "__init__.py" or f" {path.name} " in text


# --- the guards themselves must bite


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import torch", [("torch", False, True)]),
        ("def f():\n    from torch import nn", [("torch.nn", False, False)]),
        ("from ..errors import A", [("reasoner.errors.A", True, True)]),
        ("from . import b", [("reasoner.cli.b", True, True)]),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch", None),
        ("try:\n    import ray\nexcept ImportError:\n    pass", [("ray", False, True)]),
    ],
)
def test_the_scan_sees(
    source: str,
    expected: list[tuple[str, bool, bool]] | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    file = tmp_path / "reasoner" / "cli" / "a.py"
    file.parent.mkdir(parents=True)
    file.write_text(source, encoding="utf-8")
    found = [(i.name, i.relative, i.eager) for i in imports(file) if i.root != "typing"]
    assert found == (expected or [])


# --- a stranger's package of the same name


def import_beside(stranger: Path) -> subprocess.CompletedProcess[str]:
    """Import the guard with ``stranger`` found first, as a foreign distribution would be."""
    code = (
        f"import sys; sys.path[:0] = [{str(stranger)!r}, {str(ROOT)!r}]\n"
        "from reasoner.siblings import check_siblings\n"
        "check_siblings()"
    )
    return subprocess.run(
        [sys.executable, "-c", code], cwd=stranger, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", ["search", "verifiers"])
def test_a_foreign_package_is_named_and_never_run(name: str, tmp_path: Path) -> None:
    package = tmp_path / name
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('the stranger ran')\n")
    result = import_beside(tmp_path)
    assert "ImportError" in result.stderr
    assert f"expected the package {name!r} of system2-reasoner" in result.stderr
    assert str(package) in result.stderr
    assert "the stranger ran" not in result.stderr


def test_our_own_packages_pass(tmp_path: Path) -> None:
    assert import_beside(tmp_path).returncode == 0
