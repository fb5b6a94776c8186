"""Which models there are, and how each is loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .engine import Engine
from .errors import ModelError

BUNDLED = Path(__file__).parent / "models" / "tiny"
DEFAULT = "tiny"


def _bundled() -> Engine:
    return _load_folder(BUNDLED)


def _load_folder(folder: Path) -> Engine:
    from .tiny import TinyEngine

    return TinyEngine(folder)


LOADERS: dict[str, Callable[[], Engine]] = {DEFAULT: _bundled}
"""By name. A program may add its own; any other name is taken for a model's folder."""


def find_model(name: str) -> Callable[[], Engine]:
    """How to load ``name``; cheap: imports and reads nothing. Raises :class:`ModelError`."""
    if name in LOADERS:
        return LOADERS[name]
    folder = Path(name).expanduser()
    if (folder / "config.json").is_file():
        return lambda: _load_folder(folder)
    from difflib import get_close_matches

    near = get_close_matches(name, LOADERS, 1, 0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known models: {', '.join(LOADERS)}"
    raise ModelError(f"unknown model {name!r}, and no folder with a config.json; {hint}")


def fingerprint(engine: Engine) -> str:
    """A short hash of the files behind ``engine``; "" for an engine without files."""
    folder = getattr(engine, "model_dir", None)
    if folder is None:
        return ""
    import hashlib

    digest = hashlib.sha256()
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        digest.update((Path(folder) / name).read_bytes())
    return digest.hexdigest()[:16]
