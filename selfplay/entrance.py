"""The entrance: which models and families a run can improve; refusals are one line."""

from __future__ import annotations

from pathlib import Path
from random import Random

from reasoner.catalog import BUNDLED, LOADERS
from reasoner.checkpoint import read_config
from reasoner.errors import ModelError, UsageError
from verifiers import Domain, UnknownDomain, domain


def trainable_model(name: str) -> Path:
    """The folder of a model that can be trained. Raises :class:`ModelError`."""
    if "://" in name:
        raise ModelError(
            f"expected a model's folder, found {name!r}: a model behind an address can not be "
            "trained; --model takes tiny or a folder"
        )
    folder = BUNDLED / name if name in LOADERS else Path(name).expanduser()
    if not (folder / "config.json").is_file():
        raise ModelError(f"no model {name!r} and no folder of that name with a config.json")
    read_config(folder)
    from tokenizers import Tokenizer

    from .corpus import specials

    try:
        specials(Tokenizer.from_file(str(folder / "tokenizer.json")))
    except Exception as error:  # the library raises plain exceptions
        raise ModelError(f"{folder} can not be trained: {error}") from None
    return folder


def playable_domains(names: str) -> tuple[str, ...]:
    """The families in a comma-separated list. Raises :class:`UsageError`."""
    wanted = tuple(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    if not wanted:
        raise UsageError("expected --domains with a family to play, such as countdown; found none")
    for name in wanted:
        try:
            family = domain(name)
        except UnknownDomain as error:
            raise UsageError(str(error.args[0])) from None
        if not judges_itself(family):
            raise UsageError(
                f"{name} makes no problems whose answers a verifier confirms, so there is nothing "
                "to learn from; leave it out of --domains"
            )
    return wanted


def judges_itself(family: Domain) -> bool:
    """Whether a generated problem's demonstrated answer is confirmed."""
    if family.name == "general":  # makes questions without an answer
        return False
    try:
        problem = family.generate(Random(0), family.levels[0])
        steps = tuple(step.text for step in family.demonstrate(problem, Random(0)))
        answer = family.answer(problem, steps)
        return answer is not None and family.verify(problem, answer).passed is True
    except Exception:  # a plug-in without a generator fails in a way of its own
        return False
