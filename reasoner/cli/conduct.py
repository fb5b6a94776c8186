"""See one question through: show it, heed signals, print the answer, choose the exit code."""

from __future__ import annotations

import json as json_text
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from search import StopReason
from verifiers import self_checking

from ..answer import Answer
from ..plain import plain
from ..sync import run
from ..thinking import Thinking
from .text import duration, say, standing
from .view import View, choose_view

_MORE = {
    StopReason.TIME: "; allow more with --think",
    StopReason.TOKENS: "; allow more with --max-tokens",
    StopReason.NODES: "; allow more with --max-nodes",
    StopReason.DOLLARS: "; allow more with --max-dollars",
    StopReason.EXHAUSTED: ": nothing is left to try; put the question in other words",
}


def conduct(thinking: Thinking, *, json: bool, explain: bool = False) -> int:
    """Think to the end and report; returns the exit code. For the main thread: owns its signals.

    ``explain``: say the plan, before the first thought and with what was measured in the end.
    """
    watched = _Watched(thinking, explain)
    with watched.signals():
        answer = run(watched.through())
        if json:
            print(json_text.dumps(answer.as_dict()), flush=True)
        elif answer.answer is not None:
            print(plain(answer.answer), flush=True)
        watched.explain()
        for line in verdict(answer, self_checking(thinking.plan.verifier)):
            say(line)
    return watched.signalled or exit_code(answer)


def exit_code(answer: Answer) -> int:
    """As documented in ``--help``."""
    if answer.answer is None:
        return 5 if answer.stop_reason is StopReason.ENGINE else 3
    return 4 if answer.verified is False else 0


def verdict(answer: Answer, checked: bool) -> Iterator[str]:
    """What to say of an answer, for people. ``checked``: a verifier looked at every one."""
    used = duration(answer.budget.used_s)
    if answer.stop_reason is StopReason.INTERRUPTED:
        yield f"interrupted after {used}"
    if answer.answer is None:
        if answer.stop_reason is StopReason.ENGINE:
            yield f"no answer: the model keeps failing: {answer.reason}"
        else:
            found = "no answer verified" if checked else "no answer"
            why = f": {answer.reason}" if answer.reason else _MORE.get(answer.stop_reason, "")
            yield f"{found} in {used}{why}"
    elif answer.verified:
        yield f"verified in {used}"
    else:
        before = "" if answer.verified is None else f"no answer verified in {used}; this one: "
        why = f": {answer.reason}" if checked and answer.reason else ""
        yield before + standing(answer.confidence, answer.verified) + why
    if answer.note:
        yield f"note: {answer.note}"
    facts = f"{answer.budget.tokens:,} tokens, {answer.budget.nodes:,} nodes in {used}"
    if answer.budget.dollars:
        facts = f"${answer.budget.dollars:.4f}, {facts}"
    yield facts if answer.run_id is None else f"{facts}; saved as {answer.run_id}"


class _Watched:
    """A question on its way, with a view on it and an ear for signals."""

    def __init__(self, thinking: Thinking, explain: bool) -> None:
        self.signalled = 0  # 128 + the signal's number once one came
        self._thinking, self._explain = thinking, explain
        self._said = set[str]()
        self._view: View | None = None

    def explain(self) -> None:
        """Say what is new of the plan, where it was asked for."""
        for fact in self._thinking.explain() if self._explain else ():
            if fact not in self._said:
                say(f"plan: {fact}")
            self._said.add(fact)

    async def through(self) -> Answer:
        try:
            async for progress in self._thinking:
                if self._view is None:  # made while the model loads
                    if self._explain and not self._thinking.started:
                        continue  # a plan is not to be written across a live view
                    self.explain()
                    self._view = choose_view(self._thinking)
                self._view.show(progress)
        finally:
            self._close()
        return await self._thinking.result()

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Interrupt and terminate end the search; a second one ends the process."""
        old = {which: signal.signal(which, self._heed) for which in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for which, handler in old.items():
                signal.signal(which, handler)

    def _heed(self, number: int, frame: FrameType | None) -> None:
        out = self.signalled or not self._thinking.started  # nothing to wait for yet, or no longer
        self.signalled = 128 + number
        self._thinking.stop()
        if out:
            self._close()
            say("stopped")
            sys.stdout.flush()
            os._exit(self.signalled)  # at once: a model that is loading can not be interrupted

    def _close(self) -> None:
        if self._view is not None:
            self._view.close()
