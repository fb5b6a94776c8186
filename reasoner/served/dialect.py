"""What one server understands: requests in its words, learnt from what it refuses."""

from __future__ import annotations

from typing import Any

from ..engine import Chat, Request

_PREFILL = {"continue_final_message": True, "add_generation_prompt": False}
_OPTIONAL = ("logprobs", "stream_options", "seed", "temperature")
_GO_ON = "Go on from exactly where you stopped. Repeat nothing."


class Refusal(Exception):
    """A failure that will not pass by itself. ``status``: of HTTP."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Dialect:
    """Begins with everything and leaves out, for good, what the server refuses by name.

    A reply that has begun is given as the assistant's turn with vLLM's two fields for going on
    with it; Ollama and llama.cpp go on without them; a server that refuses is asked to go on.
    """

    def __init__(self, model: str, context: int | None) -> None:
        """``context``: of the model in tokens, when the server tells."""
        self._model, self._context = model, context
        self._refused: set[str] = set()
        self._chats = True  # until it says that it has no chat template

    def body(self, request: Request, index: int, halvings: int) -> tuple[str, dict[str, Any]]:
        """Path and body for sample ``index``, its length halved so often."""
        tokens = request.max_tokens
        if self._context is not None:  # some refuse what could not fit even without a prompt
            tokens = max(1, min(tokens, self._context // 2))
        newer = "max_tokens" in self._refused
        body: dict[str, Any] = {
            "model": self._model,
            "max_completion_tokens" if newer else "max_tokens": max(1, tokens >> halvings),
            "temperature": request.temperature,
            "seed": (request.seed + index) % 2**31,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        prompt = request.prompt
        if isinstance(prompt, str) or not self._chats:
            path = "/completions"
            body |= {"prompt": str(prompt), "logprobs": 0}
        else:
            path = "/chat/completions"
            body |= {"messages": self._messages(prompt), "logprobs": True}
            body |= _PREFILL if prompt.begun else {}
        return path, {name: body[name] for name in body if name not in self._refused}

    def _messages(self, chat: Chat) -> list[dict[str, str]]:
        turns = [("system", chat.system), ("user", chat.user)]
        if chat.begun:
            turns.append(("assistant", chat.begun))
            if self._refused >= _PREFILL.keys():
                turns.append(("user", _GO_ON))
        return [{"role": role, "content": content} for role, content in turns]

    def learn(self, refusal: Refusal, body: dict[str, Any]) -> bool:
        """Leave out what was refused; False when nothing of ``body`` can be left out."""
        if refusal.status not in (400, 404, 422):
            return False
        said = str(refusal).lower()
        named = {option for option in _OPTIONAL if option in body and option in said}
        if "max_tokens" in body and "max_completion_tokens" in said and not too_long(refusal):
            named.add("max_tokens")
        if any(option in said for option in _PREFILL) or not named:
            # It may not name them, only say that the last turn must be the user's.
            named |= body.keys() & _PREFILL.keys()
        if not named and "messages" in body and "chat template" in said:
            self._chats = False
            return True
        self._refused |= named
        return bool(named)


def too_long(refusal: Refusal) -> bool:
    """Whether the prompt and what was asked for exceed the model's context together."""
    return refusal.status in (400, 413, 422) and "context" in str(refusal).lower()
