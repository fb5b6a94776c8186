"""A guard: the packages beside this one are ours, not a stranger's of the same name."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

# package -> a module that ours imports from and a stranger's would not
SIBLINGS = {"search": "proposal", "verifiers": "problem"}


def check_siblings() -> None:
    """Raise ImportError when another distribution's package would be imported instead of ours.

    Reads the package's ``__init__.py`` as text and runs none of it: a stranger's could be slow,
    or fail in ways that say nothing of the cause. One that was installed over ours is seen too.
    """
    for name, module in SIBLINGS.items():
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise ImportError(
                f"expected the package {name!r} of system2-reasoner, found none; "
                "install system2-reasoner again: pip install --force-reinstall system2-reasoner"
            )
        if f"{module} import " not in Path(spec.origin).read_text(encoding="utf-8"):
            raise ImportError(
                f"expected the package {name!r} of system2-reasoner, found a stranger's in "
                f"{Path(spec.origin).parent}; give system2-reasoner an environment of its own"
            )
