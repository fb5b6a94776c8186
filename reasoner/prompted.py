"""The policy of a model without our training: it is asked in words, and its words are read."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

from search import Chain, Job, Meter, Proposal, Thought
from verifiers import Domain, Problem, Verifier, self_checking

from .engine import Chat, Completion, Engine, Finish, Measured, Paced, Request
from .errors import EngineError
from .extract import THINK, THOUGHT, unmarked
from .judging import Judging
from .metered import Metered
from .policy import coolness
from .prompts import FINISH, RATE, form

LINE_TOKENS = 8192  # a whole line of thought; time ends most lines that run away
STEP_TOKENS = 1024
FINISH_TOKENS = 64  # for the answer of a line that is out of time
_BREAK = "\n\n"  # between steps
_WAIT = "\n\nWait,"
_REMEMBERED = 64
_SHARES = 4  # of the tokens left, a line may take one
_RATINGS = 4  # yes-or-no samples where an engine tells no log-probabilities
# Of the time left, while nobody knows how fast the engine is; at least and at most, in seconds.
_RESERVE, _LEAST_S, _MOST_S = 0.1, 0.3, 10.0
_MARGIN = 1.5  # of the measured time that an answer takes
_LAST_S = 0.1  # before the deadline, for what is left to do with an answer


class PromptedPolicy:
    """Proposes next thoughts for one problem; implements ``search.Proposer``.

    A step is a paragraph; everything that a reasoning model writes (it begins with ``<think>``)
    is one step. Budget forcing (s1, Muennighoff et al. 2025): lines still being written when only
    the time for an answer is left are cut short and asked for it; a thought that ended in vain is
    gone on with, every other time, instead of a new one, and whenever a new one would not end in
    time. Where no verifier judges, the model's own yes or no is the value.
    """

    def __init__(
        self,
        engine: Engine,
        domain: Domain,
        problem: Problem,
        calibrate: Callable[[float], float] | None,
        meter: Meter,
        verifier: Verifier | None = None,
    ) -> None:
        """As ``Policy``; ``calibrate``: the model's own P(yes) -> P(right)."""
        self._engine = Metered(engine, meter)
        self._measured = engine if isinstance(engine, Measured) else None
        self._pace = engine.pace if isinstance(engine, Paced) else None
        self._problem = problem.public()
        by = verifier or domain
        self._form = form(self._problem, by)
        self.judging = Judging(by, domain, self._problem, meter)
        self._coolness = coolness(by)
        self._calibrate = None if self_checking(by) else calibrate
        self._meter = meter
        self._reasons = False  # the model writes <think> blocks
        self._vain: deque[str] = deque(maxlen=_REMEMBERED)  # thoughts whose answer was not right
        self._line_tokens = 0  # of the latest line that ended by itself
        self._longer = False  # rather than wider: whose turn it is
        self._wide = self._long = self._cut = 0  # lines begun, gone on with, out of time

    @property
    def prompt(self) -> Chat:
        """What the model reads before any step."""
        return Chat(self._form.system, self._problem.question)

    def close(self) -> None:
        """Give up what is still being judged."""
        self.judging.close()

    async def propose(self, steps: tuple[str, ...], job: Job) -> Proposal:
        """Draw ``job.samples`` continuations; an engine's failure comes back as data."""
        whole = job.to_end or self._reasons
        if (time_left := self._time_for_thought()) is not None and time_left <= 0:
            await asyncio.get_running_loop().create_future()  # the rest is for answers
        opened = "" if steps or not self._reasons else self._thought(time_left)
        self._long, self._wide = self._long + bool(opened), self._wide + (not opened)
        begun = opened or "".join(step + _BREAK for step in steps)
        prompt = replace(self.prompt, begun=begun)
        request = Request(
            prompt=prompt,
            samples=job.samples,
            max_tokens=self._tokens(LINE_TOKENS if whole else STEP_TOKENS, prompt),
            stop=None if whole else _BREAK,
            temperature=job.temperature * self._coolness,
            seed=job.seed,
            timeout_s=time_left,
        )
        try:
            generation = await self._engine.generate(request)
        except EngineError as error:
            return Proposal((), error=str(error))
        if not whole and any(c.text.startswith(THINK) for c in generation.completions):
            self._reasons = True  # and the stop cut its thinking short
            again = await self.propose(steps, job)
            return replace(again, tokens=again.tokens + generation.tokens)
        read = await asyncio.gather(
            *(self._chain(steps, request, opened, c) for c in generation.completions)
        )
        tokens = generation.tokens + sum(spent for _, spent in read)
        return Proposal(tuple(chain for chain, _ in read), tokens)

    async def _chain(
        self, steps: tuple[str, ...], request: Request, opened: str, completion: Completion
    ) -> tuple[Chain, int]:
        """One completion as successive thoughts, and the tokens spent on asking about it.

        ``opened``: the thought it goes on with."""
        text, spent = completion.text, 0
        self._reasons |= text.startswith(THINK)
        if opened:
            text = opened + text.removeprefix(THINK)
        texts = [text.strip()] if self._reasons else paragraphs(text)
        ended = completion.finish is Finish.END
        answer = self._form.final(text) if ended else self._form.announced(text)
        if completion.finish is Finish.LENGTH and answer is None:
            answer, spent = await self._finish(request, opened, text)
            if answer is not None:
                texts.append(FINISH.strip() + " " + answer)
        thoughts = []
        for part in texts or [text]:
            steps = (*steps, part)
            thoughts.append(Thought(part, _key(steps)))
        last = thoughts[-1]
        if answer is not None:
            answer = self._form.read(answer)
            await self.judging.settle([answer])
            outcome = self.judging.outcome(answer)
            last = replace(last, outcome=outcome)
            if self._reasons and completion.finish is Finish.END:
                self._line_tokens = completion.tokens
                if outcome.score is None or outcome.score < 1.0:
                    self._vain.append(text.partition(THOUGHT)[0].rstrip())
        elif completion.finish is not Finish.STOP:
            last = Thought(last.text, None)  # it ended without an answer
        if self._calibrate is not None and last.legal:
            value, asked = await self._rate(steps)
            last, spent = replace(last, value=value), spent + asked
        return Chain((*thoughts[:-1], last), completion.count, completion.weights), spent

    def _thought(self, time_left: float | None) -> str:
        """A thought to go on with, or "" for a new one."""
        line_s = None if self._pace is None else self._pace.seconds(self._line_tokens)
        hurried = time_left is not None and line_s is not None and line_s > time_left
        self._longer = not self._longer
        return self._vain.popleft() + _WAIT if self._vain and (self._longer or hurried) else ""

    def explain(self) -> Iterator[str]:
        """How time was shared between longer and wider thinking, and by what measure."""
        known = (self._pace and self._pace.words) or "nothing yet"
        left, line_s = self._time_for_thought(), None
        if self._pace is not None and self._line_tokens:
            line_s = self._pace.seconds(self._line_tokens)
        takes = "" if line_s is None else f"; {self._line_tokens} tokens take {line_s:.2g} s"
        yield f"measured: {known}{takes}"
        kept = self._meter.seconds_left
        if left is not None and kept is not None:
            yield f"kept for the answer: the last {kept - left:.2g} s"
        longer = f"{self._long} gone on with" if self._reasons else "none gone on with"
        yield f"lines: {self._wide} begun (wider), {longer} (longer), {self._cut} asked in time"

    async def _finish(self, request: Request, opened: str, text: str) -> tuple[str | None, int]:
        """The answer of a line that was cut short, and the tokens it took."""
        assert isinstance(request.prompt, Chat)
        begun = text if opened else request.prompt.begun + text
        if begun.count(THINK) > begun.count(THOUGHT):
            begun += "\n" + THOUGHT
        self._cut += 1
        chat = replace(request.prompt, begun=begun + FINISH)
        found, spent = await self._ask(Request(chat, max_tokens=FINISH_TOKENS, temperature=0))
        return (self._form.final("Answer: " + unmarked(found[0].text)) if found else None), spent

    async def _rate(self, steps: tuple[str, ...]) -> tuple[float | None, int]:
        """The model's own P(right so far), calibrated, and the tokens it took."""
        assert self._calibrate is not None
        if self._reasons:
            return None, 0  # it would think as long about the rating as about the question
        solution = _BREAK.join(steps)
        chat = Chat(RATE, f"Problem:\n{self._problem.question}\n\nSolution:\n{solution}")
        found, spent = await self._ask(Request(chat, max_tokens=1, temperature=0))
        if found and found[0].logprob is not None:
            yes, sure = _yes(found[0].text), math.exp(min(0.0, found[0].logprob))
            raw = None if yes is None else sure if yes else 1.0 - sure
        else:
            found, more = await self._ask(Request(chat, samples=_RATINGS, max_tokens=1))
            votes = [(_yes(c.text), c.count) for c in found]
            said_yes = sum(count for yes, count in votes if yes)
            total = sum(count for yes, count in votes if yes is not None)
            raw = (said_yes + 1) / (total + 2) if total else None
            spent += more
        return (None if raw is None else round(self._calibrate(raw), 4)), spent

    async def _ask(self, request: Request) -> tuple[tuple[Completion, ...], int]:
        """A short question on the side: completions and tokens, none of either on failure."""
        left = self._meter.seconds_left
        if left is not None and left <= _LAST_S:
            return (), 0
        timeout = None if left is None else left - _LAST_S
        try:
            generation = await self._engine.generate(replace(request, timeout_s=timeout))
        except EngineError:
            return (), 0
        return generation.completions, generation.tokens

    def _tokens(self, most: int, prompt: Chat) -> int:
        """How long a line may be: no more than leaves room in the context to ask for its answer,
        and than a part of a token budget, as answers need some."""
        if self._measured is not None:
            room = self._measured.context - self._measured.count_tokens(prompt) - 2 * FINISH_TOKENS
            most = max(1, min(most, room))
        limit = self._meter.budget.tokens
        if limit is None:
            return most
        return max(FINISH_TOKENS, min(most, (limit - self._meter.tokens) // _SHARES))

    def _time_for_thought(self) -> float | None:
        """Seconds until only the time for an answer is left; None without a deadline."""
        left = self._meter.seconds_left
        if left is None:
            return None
        measured = None if self._pace is None else self._pace.seconds(FINISH_TOKENS // 2)
        wanted = _RESERVE * left if measured is None else _MARGIN * measured
        budget = self._meter.budget.seconds or left
        return left - min(max(wanted, _LEAST_S), _MOST_S, budget / 2)


def paragraphs(text: str) -> list[str]:
    """Steps of a text without blanks around them; lines, where no line is empty."""
    parts = text.strip().split(_BREAK)
    if len(parts) == 1:
        parts = text.strip().split("\n")
    return [part.strip() for part in parts if part.strip()]


def _key(steps: tuple[str, ...]) -> str:
    return " ".join(" ".join(steps).split()).casefold()


def _yes(text: str) -> bool | None:
    """What a one-word reply means; None when it is neither word."""
    word = text.strip().strip("*\"'.").casefold()
    return {"yes": True, "no": False}.get(word)
