"""Ask any question with a thinking-time budget; get the best answer that time can buy.

The public door: names load when they are first used, so importing this costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from search import Budget as Budget
    from search import StopReason as StopReason
    from verifiers import Problem as Problem
    from verifiers import Verdict as Verdict
    from verifiers import verifier as verifier

    from .agent import Reasoner as Reasoner
    from .agent import ask as ask
    from .answer import Answer as Answer
    from .catalog import Model as Model
    from .errors import EngineError as EngineError
    from .errors import ModelError as ModelError
    from .errors import ReasonerError as ReasonerError
    from .errors import RunError as RunError
    from .errors import UsageError as UsageError
    from .prompted import PromptedPolicy as PromptedPolicy
    from .scripted import Reply as Reply
    from .scripted import ScriptedEngine as ScriptedEngine
    from .thinking import Progress as Progress
    from .thinking import Thinking as Thinking

_HOMES = {
    "ask": "reasoner.agent",
    "Reasoner": "reasoner.agent",
    "Answer": "reasoner.answer",
    "Model": "reasoner.catalog",
    "PromptedPolicy": "reasoner.prompted",
    "ScriptedEngine": "reasoner.scripted",
    "Reply": "reasoner.scripted",
    "Thinking": "reasoner.thinking",
    "Progress": "reasoner.thinking",
    "ReasonerError": "reasoner.errors",
    "UsageError": "reasoner.errors",
    "RunError": "reasoner.errors",
    "ModelError": "reasoner.errors",
    "EngineError": "reasoner.errors",
    "Budget": "search",
    "StopReason": "search",
    "Problem": "verifiers",
    "Verdict": "verifiers",
    "verifier": "verifiers",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'reasoner' has no attribute {name!r}")
    from .siblings import check_siblings

    check_siblings()
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
