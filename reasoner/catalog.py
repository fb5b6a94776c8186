"""Which models there are, and how each is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from search import Meter
from verifiers import Domain, Problem, Verifier

from . import calibration
from .calibration import Calibration
from .engine import Engine
from .errors import ModelError
from .policy import Policy
from .prompted import PromptedPolicy
from .served.address import SCHEME, read_address

if TYPE_CHECKING:
    from .hf import HFEngine
    from .vllm.engine import VLLMEngine

DEFAULT = "tiny"
HF, VLLM, SCRIPTED = "hf:", "vllm:", "scripted:"
BUNDLED = Path(__file__).parent / "models"

MakePolicy = Callable[
    [Engine, Domain, Problem, Callable[[float], float] | None, Meter, Verifier],
    Policy | PromptedPolicy,
]


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


def load_folder(name: str, folder: Path, threads: int | None = None) -> Model:
    """A model in Hugging Face format, on this machine's processor. Raises ``ModelError``.

    ``threads``: None for one a core, up to 4."""
    from .tiny import TinyEngine

    curves = calibration.load(folder)
    return Model(name, TinyEngine(folder, threads), curves, fingerprint(folder))


def load_served(name: str) -> Model:
    """A model behind a URL. Raises ``ModelError``."""
    try:
        from .served.openai import OpenAIEngine
    except ModuleNotFoundError as error:
        raise _missing(error, "openai") from None
    return Model(name, OpenAIEngine(read_address(name)), policy=PromptedPolicy)


def load_hf(name: str) -> Model:
    """Any Hugging Face model: a folder, or what was downloaded before. Raises ``ModelError``."""
    try:
        folder = _downloaded(name.removeprefix(HF))
        from .hf import HFEngine
    except ModuleNotFoundError as error:
        raise _missing(error, "hf") from None
    return _spoken_to(name, HFEngine(folder), folder)


def load_vllm(name: str) -> Model:
    """As ``load_hf``, run by vLLM. Raises ``ModelError``."""
    from .vllm.options import read_options

    options = read_options(name.removeprefix(VLLM))
    try:
        folder = _downloaded(options.model)
        from .vllm.engine import VLLMEngine
    except ModuleNotFoundError as error:
        raise _missing(error, "vllm") from None
    lora = None if options.lora is None else Path(options.lora).expanduser()
    return _spoken_to(name, VLLMEngine(folder, options.engine, lora), folder)


def _spoken_to(name: str, engine: HFEngine | VLLMEngine, folder: Path) -> Model:
    """As its training asks for."""
    if not engine.trained:
        return Model(name, engine, policy=PromptedPolicy)
    try:
        return Model(name, engine, calibration.load(folder), fingerprint(folder))
    except Exception:
        engine.close()
        raise


def load_scripted(name: str) -> Model:
    """A fake that says what a file tells it to. Raises ``ModelError``."""
    from .scripted import ScriptedEngine, read_script

    script = read_script(Path(name.removeprefix(SCRIPTED)).expanduser())
    return Model(name, ScriptedEngine(script), policy=PromptedPolicy)


def _downloaded(wanted: str) -> Path:
    """The folder of a model; nothing is downloaded now."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    folder = Path(wanted).expanduser()
    if folder.is_dir():
        return folder
    try:
        return Path(snapshot_download(wanted, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        raise ModelError(
            f"no folder {wanted!r} and no model of that name was downloaded; "
            f"run: hf download {wanted}"
        ) from None


def _missing(error: ModuleNotFoundError, extra: str) -> ModelError:
    return ModelError(
        f"expected the package {error.name} for this kind of model, found none; "
        f"run: pip install 'system2-reasoner[{extra}]'"
    )


LOADERS: dict[str, Callable[[], Model]] = {
    DEFAULT: partial(load_folder, DEFAULT, BUNDLED / DEFAULT)
}
"""By name; others begin with a scheme as ``find_model`` knows it, or are a folder in the bundled
format."""


def find_model(name: str) -> Callable[[], Model]:
    """How to load ``name``; imports and reads nothing yet. Raises ``ModelError``."""
    if name in LOADERS:
        return LOADERS[name]
    if name.startswith(SCHEME):
        read_address(name)  # what is wrong with it is said at once
        return partial(load_served, name)
    if name.startswith(HF):
        return partial(load_hf, name)
    if name.startswith(VLLM):
        from .vllm.options import read_options

        read_options(name.removeprefix(VLLM))
        return partial(load_vllm, name)
    if name.startswith(SCRIPTED):
        return partial(load_scripted, name)
    folder = Path(name).expanduser()
    if (folder / "config.json").is_file():
        return partial(load_folder, name, folder)
    from difflib import get_close_matches

    near = get_close_matches(name, LOADERS, 1, 0.5)
    kinds = ("hf:FOLDER", "vllm:FOLDER", "openai:URL#MODEL", "scripted:FILE.json")
    there = ", ".join((*LOADERS, *kinds))
    hint = f"did you mean {near[0]!r}?" if near else f"there is {there}"
    raise ModelError(f"no model {name!r} and no folder of that name with a config.json; {hint}")


def fingerprint(folder: Path) -> str:
    """Hash of the files that make the model what it is."""
    import hashlib

    digest = hashlib.sha256()
    weights = sorted(folder.glob("model*.safetensors"))  # large ones are in several files
    for path in (folder / "config.json", folder / "tokenizer.json", *weights):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
