"""Which models there are, and how each is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from search import Meter, Proposer
from verifiers import Domain, Problem

from . import calibration
from .address import SCHEME, read_address
from .calibration import Calibration
from .engine import Engine
from .errors import ModelError
from .policy import Policy
from .prompted import PromptedPolicy

DEFAULT = "tiny"
BUNDLED = Path(__file__).parent / "models"


MakePolicy = Callable[[Engine, Domain, Problem, Callable[[float], float] | None, Meter], Proposer]


@dataclass(frozen=True, slots=True)
class Model:
    """An engine at work and what is known of its weights.

    ``fingerprint``: of its files, or "". ``policy``: how it is spoken to; ``Policy`` for a model
    with our training, ``PromptedPolicy`` for any other.
    """

    name: str
    engine: Engine
    calibration: Calibration = field(default_factory=Calibration)
    fingerprint: str = ""
    policy: MakePolicy = Policy


def load_folder(name: str, folder: Path) -> Model:
    """A model in Hugging Face format, on this machine's processor. Raises ``ModelError``."""
    from .tiny import TinyEngine

    curves = calibration.load(folder)
    return Model(name, TinyEngine(folder), curves, _fingerprint(folder))


def load_served(name: str) -> Model:
    """A model behind a URL. Raises ``ModelError``."""
    try:
        from .openai import OpenAIEngine
    except ModuleNotFoundError as error:
        raise ModelError(
            f"expected the package {error.name} for a served model, found none; "
            "run: pip install 'system2-reasoner[openai]'"
        ) from None
    return Model(name, OpenAIEngine(read_address(name)), policy=PromptedPolicy)


LOADERS: dict[str, Callable[[], Model]] = {
    DEFAULT: partial(load_folder, DEFAULT, BUNDLED / DEFAULT)
}
"""By name; any other name is taken for a model's folder."""


def find_model(name: str) -> Callable[[], Model]:
    """How to load ``name``; imports and reads nothing yet. Raises ``ModelError``."""
    if name in LOADERS:
        return LOADERS[name]
    if name.startswith(SCHEME):
        read_address(name)  # what is wrong with it is said at once
        return partial(load_served, name)
    folder = Path(name).expanduser()
    if (folder / "config.json").is_file():
        return partial(load_folder, name, folder)
    from difflib import get_close_matches

    near = get_close_matches(name, LOADERS, 1, 0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(LOADERS)}"
    raise ModelError(f"no model {name!r} and no folder of that name with a config.json; {hint}")


def _fingerprint(folder: Path) -> str:
    import hashlib

    digest = hashlib.sha256()
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:16]
