"""Which models there are, and how each is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from . import calibration
from .calibration import Calibration
from .engine import Engine
from .errors import ModelError

DEFAULT = "tiny"
BUNDLED = Path(__file__).parent / "models"


@dataclass(frozen=True, slots=True)
class Model:
    """An engine at work and what is known of its weights. ``fingerprint``: of its files, or ""."""

    name: str
    engine: Engine
    calibration: Calibration = field(default_factory=Calibration)
    fingerprint: str = ""


def load_folder(name: str, folder: Path, threads: int | None = None) -> Model:
    """A model in Hugging Face format, on this machine's processor. Raises ``ModelError``.

    ``threads``: None for one a core, up to 4."""
    from .tiny import TinyEngine

    curves = calibration.load(folder)
    return Model(name, TinyEngine(folder, threads), curves, fingerprint(folder))


LOADERS: dict[str, Callable[[], Model]] = {
    DEFAULT: partial(load_folder, DEFAULT, BUNDLED / DEFAULT)
}
"""By name; any other name is taken for a model's folder."""


def find_model(name: str) -> Callable[[], Model]:
    """How to load ``name``; imports and reads nothing yet. Raises ``ModelError``."""
    if name in LOADERS:
        return LOADERS[name]
    folder = Path(name).expanduser()
    if (folder / "config.json").is_file():
        return partial(load_folder, name, folder)
    from difflib import get_close_matches

    near = get_close_matches(name, LOADERS, 1, 0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(LOADERS)}"
    raise ModelError(f"no model {name!r} and no folder of that name with a config.json; {hint}")


def fingerprint(folder: Path) -> str:
    """Hash of the files that make the model what it is."""
    import hashlib

    digest = hashlib.sha256()
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:16]
