"""The policy: an engine's text read as thoughts about one problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from search import Chain, Job, Meter, Proposal, Thought
from verifiers import Domain, Problem, Verifier, self_checking

from .engine import Completion, Engine, Finish, Generation, Request
from .errors import EngineError
from .judging import Judging
from .metered import Metered

STEP_TOKENS = 64  # a step is 6-15 tokens; a runaway line is cut here
LINE_TOKENS = 400  # a whole line of thought: two equations in two unknowns
AGAIN = "\nor\n"  # what a model writes that takes its line back; then the prompt, and another line
_ANOTHER = 0.5  # temperature of the lines that System 1 writes after one that it took back
_AGREE = 0.7  # temperature, where the search asks for 1


class Policy:
    """Proposes next thoughts for one problem; implements ``search.Proposer``.

    A prompt is the problem's own prompt followed by the steps so far, one line each. The hidden
    reference is removed at the door: nothing below can see it. Values are rounded to 4 digits
    so that a saved trace replays to exactly the same tree.
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
        """``calibrate``: raw P(good) -> P(ends verified), for this domain; None: the model can not
        tell here, so nothing is valued. ``meter``: requests together ask for no more tokens than
        it has left. ``verifier``: judges answers in the domain's place."""
        self._engine = Metered(engine, meter)
        self._domain = domain
        self._problem = problem.public()
        self._calibrate = calibrate
        by = verifier or domain
        self._coolness = coolness(by)
        self.judging = Judging(by, domain, self._problem, meter)

    @property
    def prompt(self) -> str:
        """What the model reads before any step."""
        return self._problem.prompt

    def close(self) -> None:
        """Give up what is still being judged."""
        self.judging.close()

    async def propose(self, steps: tuple[str, ...], job: Job) -> Proposal:
        """Draw ``job.samples`` continuations; an engine's failure comes back as data."""
        request = Request(
            prompt=self.prompt + "".join(step + "\n" for step in steps),
            samples=job.samples,
            max_tokens=LINE_TOKENS if job.to_end else STEP_TOKENS,
            stop=AGAIN if job.to_end else "\n",
            temperature=job.temperature * self._coolness,
            seed=job.seed,
            value=self._calibrate is not None,
        )
        try:
            if job.to_end and not job.temperature:
                generation = await self._think_twice(request)
            else:
                generation = await self._engine.generate(request)
        except EngineError as error:
            return Proposal((), error=str(error))
        chains = tuple(self._chain(steps, completion) for completion in generation.completions)
        ends = [chain.thoughts[-1].outcome for chain in chains]
        await self.judging.settle(end.answer for end in ends if end is not None)
        return Proposal(tuple(map(self._judged, chains)), generation.tokens)

    async def _think_twice(self, request: Request) -> Generation:
        """System 1: its likeliest line and, as often as it takes one back, another, until it stands
        by one or has written ``request.max_tokens``. The last whole one is the completion.

        Others are drawn, for the likeliest would mostly be what it has just taken back: of fresh
        countdowns with four numbers 60 % end right so, and 36 % if each is the likeliest.
        """
        generation = await self._engine.generate(request)
        [line] = generation.completions
        kept, tokens, left = line, generation.tokens, request.max_tokens - line.tokens
        while line.finish is Finish.STOP and left > 0:
            request = replace(
                request,
                prompt=f"{request.prompt}{line.text}",
                max_tokens=left,
                temperature=_ANOTHER,
                seed=request.seed + 1,
            )
            try:
                generation = await self._engine.generate(request)
            except EngineError:
                break  # no room for another
            [line] = generation.completions
            tokens, left = tokens + generation.tokens, left - line.tokens
            if line.finish is not Finish.LENGTH and line.text.startswith(self.prompt):
                kept = replace(line, text=line.text.removeprefix(self.prompt))
        return Generation((kept,), tokens)

    def _chain(self, steps: tuple[str, ...], completion: Completion) -> Chain:
        """One completion as successive thoughts, up to its end or its first illegal line."""
        cut = completion.finish is Finish.LENGTH
        *lines, tail = completion.text.removesuffix(AGAIN).split("\n")
        if tail and not cut:
            lines.append(tail)
        thoughts: list[Thought] = []
        for line in lines:
            steps = (*steps, line)
            key = self._domain.state_key(self._problem, steps)
            answer = None if key is None else self._domain.answer(self._problem, steps)
            outcome = None if answer is None else self.judging.outcome(answer)
            thoughts.append(Thought(line, key, outcome=outcome))
            if key is None or outcome is not None:
                break
        whole = len(thoughts) == len(lines) and not cut
        if not thoughts:
            thoughts.append(Thought(tail, None))
        last = thoughts[-1]
        if completion.finish is Finish.END and last.legal and last.outcome is None:
            thoughts[-1] = Thought(last.text, None)  # the model stopped short of an answer
        elif whole and last.legal and completion.value is not None and self._calibrate:
            value = round(self._calibrate(completion.value), 4)
            thoughts[-1] = Thought(last.text, last.key, value, last.outcome)
        return Chain(tuple(thoughts), completion.count, completion.weights)

    def _judged(self, chain: Chain) -> Chain:
        """The same chain, its end as it is known by now."""
        *before, last = chain.thoughts
        if last.outcome is None:
            return chain
        outcome = self.judging.outcome(last.outcome.answer)
        return replace(chain, thoughts=(*before, replace(last, outcome=outcome)))


def coolness(verifier: Verifier) -> float:
    """What a search's temperature is multiplied by where ``verifier`` judges.

    Where a verifier judges, variety pays: one right line is enough. Where only agreement can
    tell, lines are drawn colder (Wang et al. 2022 use 0.5 to 0.7): on fresh arithmetic and word
    problems 0.7 votes better than 1 and better than 0.5.
    """
    return 1.0 if self_checking(verifier) else _AGREE
