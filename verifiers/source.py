"""Where a verifier's code is, so that another process can find it as well."""

from __future__ import annotations

import ast
import base64
import sys
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import blake2b
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from .judge import Verifier, VerifierError
from .verdict import explain


@dataclass(frozen=True, slots=True)
class Source:
    """``kind``: ``name`` (of a registered verifier), ``module``, ``file`` or ``pickle``.

    ``target``: that name, module, path or base64 text. ``attribute``: dotted name inside it.
    ``warm``: that of a function beside it which a child calls once, so that what it imports and
    builds is there in every verdict's fork.
    """

    kind: str
    target: str
    attribute: str = ""
    warm: str = ""

    def load(self) -> object:
        """What stands there. Raises :class:`VerifierError`; runs the code of a module or file."""
        if self.kind == "name":
            from .registry import find_verifier

            return find_verifier(self.target)
        if self.kind == "pickle":
            from cloudpickle import loads

            return loads(base64.b64decode(self.target))
        module = _file(Path(self.target)) if self.kind == "file" else _module(self.target)
        return _inside(module, self)

    def __str__(self) -> str:
        return f"{self.target}:{self.attribute}" if self.attribute else self.target


def parse(spec: str) -> Source:
    """``NAME``, ``./file.py:function`` or ``package.module:function``."""
    target, colon, attribute = spec.rpartition(":")
    if not colon:
        if spec.endswith(".py"):
            raise VerifierError(
                f"expected a function in that file, found {spec!r}; write {spec}:FUNCTION"
            )
        return Source("name", spec)
    if not target or not attribute:
        raise VerifierError(
            f"expected NAME, ./file.py:function or package.module:function, found {spec!r}"
        )
    if target.endswith(".py") or "/" in target:
        return Source("file", str(Path(target).expanduser().absolute()), attribute)
    return Source("module", target, attribute)


def source_of(function: object) -> Source:
    """Where ``function`` can be found again. Raises :class:`VerifierError` when nowhere.

    By its module's name where that can be imported, else by its module's file, else (a notebook,
    a closure) as a copy, which needs cloudpickle.
    """
    name = getattr(function, "__module__", None) or ""
    attribute = getattr(function, "__qualname__", "")
    module = sys.modules.get(name)
    if attribute and "<" not in attribute and module is not None:
        file = Path(found).absolute() if (found := getattr(module, "__file__", None)) else None
        if name == "__main__":
            if file is not None and _guarded(file):
                return Source("file", str(file), attribute)
        elif file is not None and not _importable(name, file):
            return Source("file", str(file), attribute)
        elif file is not None:
            return Source("module", name, attribute)
    return _copied(function)


def _copied(function: object) -> Source:
    label = getattr(function, "__qualname__", type(function).__name__)
    try:
        import cloudpickle
    except ImportError:
        raise VerifierError(
            f"expected a verifier that another process can import, found {label!r} of a notebook, "
            "a closure or a script without 'if __name__ == \"__main__\":'; put it at the top of "
            "a file of its own, or: pip install 'system2-reasoner[notebook]'"
        ) from None
    try:
        return Source("pickle", base64.b64encode(cloudpickle.dumps(function)).decode())
    except Exception as error:  # whatever the closure holds
        raise VerifierError(
            f"expected a verifier that can be copied, found {label!r}: {explain(error)}; "
            "put it at the top of a file of its own"
        ) from error


def _guarded(file: Path) -> bool:
    """Whether importing this script only defines things: what it does is under its main guard."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return False
    return any(
        isinstance(node, ast.If) and "__main__" in ast.unparse(node.test) for node in tree.body
    )


def _importable(name: str, file: Path) -> bool:
    """Whether ``import name`` in a fresh process would find this very file."""
    spec = PathFinder.find_spec(name.partition(".")[0])
    if spec is None:
        return False
    if spec.submodule_search_locations is None:
        return spec.origin is not None and Path(spec.origin).absolute() == file
    return any(file.is_relative_to(Path(at).absolute()) for at in spec.submodule_search_locations)


def _module(name: str) -> ModuleType:
    try:
        return import_module(name)
    except (Exception, SystemExit) as error:
        hint = "name an installed module, or ./file.py:function"
        raise VerifierError(
            f"expected a module to import, found {name!r}: {explain(error)}; {hint}"
        ) from error


def _file(path: Path) -> ModuleType:
    """The module in a file, run once until it changes. Its folder is searched last, for helpers."""
    if not path.is_file():
        raise VerifierError(f"expected a Python file, found none at {path}; check the path")
    text = f"{path} {path.stat().st_mtime_ns}"
    name = f"_verifier_{path.stem}_{blake2b(text.encode(), digest_size=6).hexdigest()}"
    if name in sys.modules:
        return sys.modules[name]
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise VerifierError(f"expected a Python file, found {path}; name a file ending in .py")
    module = sys.modules[name] = module_from_spec(spec)
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise VerifierError(
            f"expected a file that can be imported, found {path}: {explain(error)}{_line(error)}; "
            "mend it"
        ) from error
    return module


def _line(error: BaseException) -> str:
    """Where it happened: the innermost line of the traceback."""
    if isinstance(error, SyntaxError) or (trace := error.__traceback__) is None:
        return ""  # a syntax error says so itself
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f" (line {trace.tb_lineno} of {Path(trace.tb_frame.f_code.co_filename).name})"


def _inside(module: ModuleType, source: Source) -> object:
    found: object = module
    for part in source.attribute.split("."):
        if not hasattr(found, part):
            names = _own(module)
            near = get_close_matches(source.attribute, names, n=2)
            hint = f"did you mean {' or '.join(near)}?" if near else f"it has {_some(names)}"
            raise VerifierError(
                f"expected {source.attribute!r} in {source.target}, found no such name; {hint}"
            )
        found = getattr(found, part)
    return found


def _own(module: ModuleType) -> list[str]:
    """Functions, classes and verifiers made in a module; what it imports is no use as one."""
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (getattr(value, "__module__", "") == module.__name__ or _is_made(value))
    ]


def _is_made(value: object) -> bool:
    """Whether it is a verifier without a home of its own, ``all_of(...)`` say."""
    return isinstance(value, Verifier) and "__module__" not in vars(value)


def _some(names: list[str], most: int = 6) -> str:
    shown = ", ".join(names[:most]) or "no function"
    return shown + (", ..." if len(names) > most else "")
