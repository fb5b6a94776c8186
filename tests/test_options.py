"""The command line, frozen: a flag is a promise. Change this list only with a reason."""

from __future__ import annotations

from typer.core import TyperGroup
from typer.main import get_command

from reasoner.cli.app import app

OPTIONS = {
    "ask": {
        "--think",
        "--model",
        "--strategy",
        "--stop-when",
        "--max-tokens",
        "--max-nodes",
        "--max-dollars",
        "--seed",
        "--verifier",
        "--unsafe-exec",
        "--explain",
        "--json",
        "--no-save",
    },
    "doctor": {"--json"},
    "eval": {
        "--budgets",
        "--model",
        "--strategy",
        "--one-at-a-time",
        "--verifier",
        "--unsafe-exec",
        "--seed",
        "--limit",
        "--json",
        "--plot",
        "--out",
    },
    "improve": {
        "--out",
        "--model",
        "--domains",
        "--hours",
        "--minutes",
        "--generations",
        "--think",
        "--workers",
        "--ray-address",
        "--seed",
        "--lora",
        "--from-runs",
        "--resume",
        "--dry-run",
    },
    "improve status": set[str](),
    "improve rescore": set[str](),
    "improve rollback": set[str](),
    "improve export": {"--out"},
    "improve report": {"--html"},
    "pretrain": {"--out", "--work", "--seed", "--scale", "--from"},
    "runs list": {"--json"},
    "runs show": set[str](),
    "runs resume": {"--think", "--strategy", "--stop-when", "--unsafe-exec", "--json"},
    "runs export": {"--html"},
    "runs mark": set[str](),
    "runs rm": set[str](),
    "verifiers list": {"--json"},
    "verifiers show": {"--json"},
    "verifiers test": {"--unsafe-exec", "--json"},
}


def options(group: TyperGroup, trail: tuple[str, ...] = ()) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, command in group.commands.items():
        here = (*trail, name)
        flags = {
            flag
            for parameter in command.params
            for flag in (*parameter.opts, *parameter.secondary_opts)
            if flag.startswith("--")
        }
        if isinstance(command, TyperGroup):
            found |= options(command, here)
        if flags or not isinstance(command, TyperGroup):
            found[" ".join(here)] = flags
    return found


def test_no_new_options() -> None:
    root = get_command(app)
    assert isinstance(root, TyperGroup)
    assert options(root) == OPTIONS
