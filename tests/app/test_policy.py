"""The policy reads text as thoughts: what it must never get wrong."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from reasoner.engine import Completion, Finish, Generation, Request
from reasoner.errors import EngineError
from reasoner.policy import AGAIN, LINE_TOKENS, STEP_TOKENS, Policy
from search import Budget, Chain, Job, Meter, Proposal
from verifiers import Problem, Verdict, domain, recognise

STEP = Job(0, (0,), 4)
LINE = replace(STEP, to_end=True)
SYSTEM_1 = replace(LINE, temperature=0.0)


class Says:
    """An engine that says one thing."""

    name = "says"
    capacity = 8

    def __init__(self, *completions: Completion) -> None:
        self.completions = completions
        self.asked: list[Request] = []

    async def generate(self, request: Request) -> Generation:
        self.asked.append(request)
        if not self.completions:
            raise EngineError("out of order")
        return Generation(self.completions, 7)

    def close(self) -> None: ...


def said(text: str, finish: Finish = Finish.END, value: float | None = 0.25) -> Completion:
    return Completion(text, 4, 9, -1.0, finish, value)


def propose(
    engine: Says,
    job: Job = LINE,
    steps: tuple[str, ...] = (),
    question: str = "Use 4 5 6 10 to make 24",
    budget: Budget | None = None,
) -> Proposal:
    problem = replace(recognise(question), reference="peeking")
    family = domain(problem.domain)
    policy = Policy(engine, family, problem, lambda raw: raw / 2, Meter(budget or Budget()))
    return asyncio.run(policy.propose(steps, job))


def only(proposal: Proposal) -> Chain:
    (chain,) = proposal.chains
    return chain


WIN = "10 - 4 = 6 left 5 6 6\n6 * 5 = 30 left 6 30\n30 - 6 = 24"


def test_a_whole_line_becomes_judged_thoughts() -> None:
    chain = only(propose(Says(said(WIN))))
    assert [t.text for t in chain.thoughts] == WIN.split("\n")
    assert chain.count == 4
    last = chain.thoughts[-1]
    assert last.outcome is not None
    assert last.outcome.score == 1.0
    assert last.value == 0.125  # calibrated
    assert [t.value for t in chain.thoughts[:-1]] == [None, None]


def test_the_prompt_holds_the_steps_and_nothing_hidden() -> None:
    engine = Says(said("6 * 5 = 30 left 6 30\n", Finish.STOP))
    chain = only(propose(engine, STEP, ("10 - 4 = 6 left 5 6 6",)))
    (request,) = engine.asked
    assert request.prompt == "countdown 4 5 6 10 to 24\n10 - 4 = 6 left 5 6 6\n"
    assert "peeking" not in request.prompt
    assert (request.stop, request.max_tokens, request.samples) == ("\n", STEP_TOKENS, 4)
    assert chain.thoughts[0].key == "6 30"
    assert chain.thoughts[0].value == 0.125


def test_a_line_ends_at_its_first_illegal_step() -> None:
    chain = only(propose(Says(said("10 - 4 = 6 left 5 6 6\n6 * 5 = 31 left 6 31\n31 - 7 = 24"))))
    assert [t.legal for t in chain.thoughts] == [True, False]
    assert chain.thoughts[-1].value is None  # it was read after other text than this


LOST = "10 + 4 = 14 left 5 6 14\n14 - 6 = 8 left 5 8\n8 * 5 = 40"


PROMPT = "countdown 4 5 6 10 to 24\n"
ANEW = f"{AGAIN}{PROMPT}"


class GoesOn(Says):
    """An engine that has one text in mind, and says it up to each request's stop."""

    def __init__(self, text: str, end: Finish = Finish.END) -> None:
        super().__init__()
        self.text, self.end = text, end

    async def generate(self, request: Request) -> Generation:
        self.asked.append(request)
        rest = f"{PROMPT}{self.text}".removeprefix(str(request.prompt))
        here, stop, _ = rest.partition(str(request.stop))
        finish = Finish.STOP if stop else self.end
        return Generation((Completion(here + stop, 1, 9, -1.0, finish, 0.25),), 7)


@pytest.mark.parametrize("before", [LOST, f"{LOST}{ANEW}{LOST}", "10 + 4 = 14 left 5 6 14"])
def test_a_line_taken_back_does_not_count(before: str) -> None:
    """Whatever it was: what the model says in the end is its answer."""
    chain = only(propose(GoesOn(f"{before}{ANEW}{WIN}"), SYSTEM_1))
    assert [t.text for t in chain.thoughts] == WIN.split("\n")
    assert chain.thoughts[-1].value == 0.125
    chain = only(propose(GoesOn(f"{WIN}{ANEW}{LOST}"), SYSTEM_1))
    assert chain.thoughts[-1].outcome is not None
    assert chain.thoughts[-1].outcome.score == 0.0, "though a verifier would have liked the other"


def test_the_first_line_is_the_likeliest_and_the_others_are_drawn() -> None:
    engine = GoesOn(f"{LOST}{ANEW}{LOST}{ANEW}{LOST}{ANEW}{WIN}")
    proposal = propose(engine, SYSTEM_1)
    assert proposal.tokens == 4 * 7
    first, *others = engine.asked
    assert first.temperature == 0
    assert all(request.temperature > 0 for request in others)
    assert len({request.seed for request in engine.asked}) == 4, "or it would draw the same again"
    assert [request.max_tokens for request in engine.asked] == [
        LINE_TOKENS - 9 * taken_back for taken_back in range(4)
    ]


def test_who_takes_everything_back_comes_to_an_end() -> None:
    engine = GoesOn(f"{LOST}{ANEW}" * 1000)
    chain = only(propose(engine, SYSTEM_1))
    assert [t.text for t in chain.thoughts] == LOST.split("\n")
    assert len(engine.asked) == -(-LINE_TOKENS // 9)


def test_no_room_for_second_thoughts_leaves_the_first() -> None:
    class Short(GoesOn):
        async def generate(self, request: Request) -> Generation:
            if self.asked:
                raise EngineError("expected a shorter prompt")
            return await super().generate(request)

    proposal = propose(Short(f"{LOST}{ANEW}{WIN}"), SYSTEM_1)
    assert proposal.error is None
    assert [t.text for t in only(proposal).thoughts] == LOST.split("\n")


@pytest.mark.parametrize("rest", ["", "10 - 4 = 6 le", "10 - 4 = 6 left 5 6 6\n6 * 5"])
def test_who_runs_out_of_words_said_what_was_last_whole(rest: str) -> None:
    for cut in (f"{LOST}{ANEW}{rest}", f"{WIN}{ANEW}{LOST}{ANEW}{rest}", f"{LOST}{ANEW[:9]}"):
        chain = only(propose(GoesOn(cut, Finish.LENGTH), SYSTEM_1))
        assert [t.text for t in chain.thoughts] == LOST.split("\n")


@pytest.mark.parametrize("numbers", ["4 5 6 11", "4 5 6 10 11", "4 5 6", ""])
def test_another_problem_is_not_the_one_that_was_asked(numbers: str) -> None:
    other = f"{AGAIN}countdown {numbers} to 24\n"
    chain = only(propose(GoesOn(f"{LOST}{other}{WIN}"), SYSTEM_1))
    assert [t.text for t in chain.thoughts] == LOST.split("\n")


def test_a_search_has_no_use_for_second_thoughts() -> None:
    engine = Says(said(LOST + AGAIN, Finish.STOP, value=0.5))
    chain = only(propose(engine))
    assert engine.asked[0].stop == AGAIN
    assert [t.text for t in chain.thoughts] == LOST.split("\n")
    assert chain.thoughts[-1].value == 0.25, "read after it was taken back"


def test_half_a_line_is_not_a_thought() -> None:
    cut = said("10 - 4 = 6 left 5 6 6\n6 * 5 = 3", Finish.LENGTH)
    chain = only(propose(Says(cut)))
    assert [t.text for t in chain.thoughts] == ["10 - 4 = 6 left 5 6 6"]
    assert chain.thoughts[0].value is None
    dead = only(propose(Says(said("10 - 4", Finish.LENGTH)), STEP))
    assert not dead.thoughts[0].legal


def test_stopping_short_of_an_answer_is_a_dead_end() -> None:
    chain = only(propose(Says(said("10 - 4 = 6 left 5 6 6"))))
    assert not chain.thoughts[-1].legal
    assert not only(propose(Says(said("")))).thoughts[-1].legal


def test_an_engine_that_fails_is_data() -> None:
    assert propose(Says()).error == "out of order"


def test_no_request_asks_for_more_tokens_than_are_left() -> None:
    engine = Says(said(WIN))
    for tokens in (1, 5, 3 * (LINE_TOKENS + 1), None):
        propose(engine, budget=Budget(tokens=tokens))
    assert [(request.samples, request.max_tokens) for request in engine.asked] == [
        (1, 1), (1, 4), (3, LINE_TOKENS), (4, LINE_TOKENS),
    ]  # fmt: skip


@pytest.mark.parametrize("limit", [10, 100, 1000, 5000])
def test_requests_in_flight_together_stay_within_the_token_budget(limit: int) -> None:
    class Wordy(Says):
        """Spends all that it is allowed; its prompts cost as well."""

        context = 10_000
        spent = 0

        def count_tokens(self, text: str) -> int:
            return 9

        async def generate(self, request: Request) -> Generation:
            await asyncio.sleep(0)
            tokens = 9 + request.samples * (request.max_tokens + 1)
            self.spent += tokens
            return Generation((said("x", Finish.LENGTH),), tokens)

    engine, meter = Wordy(), Meter(Budget(tokens=limit))
    problem = recognise("Use 4 5 6 10 to make 24")
    policy = Policy(engine, domain(problem.domain), problem, float, meter)

    async def crowd() -> None:
        async def one() -> None:
            while meter.exhausted() is None:
                meter.add(tokens=(await policy.propose((), LINE)).tokens)

        await asyncio.gather(*(one() for _ in range(12)))

    asyncio.run(asyncio.wait_for(crowd(), 20))
    assert limit <= engine.spent <= limit + 12 * 11  # no more than a stub of each in flight


def test_a_cancelled_request_gives_its_tokens_back() -> None:
    class Hangs(Says):
        async def generate(self, request: Request) -> Generation:
            if not self.asked:
                self.asked.append(request)
                await asyncio.sleep(3600)
            return await super().generate(request)

    engine, problem = Hangs(said(WIN)), recognise("Use 4 5 6 10 to make 24")
    policy = Policy(engine, domain("countdown"), problem, float, Meter(Budget(tokens=50)))

    async def both() -> Proposal:
        first, second = (asyncio.create_task(policy.propose((), LINE)) for _ in "ab")
        await asyncio.sleep(0.01)
        assert len(engine.asked) == 1  # the other one waits
        first.cancel()
        return await asyncio.wait_for(second, 10)

    assert asyncio.run(both()).tokens == 7


def test_what_the_model_can_not_value_has_no_value() -> None:
    engine, problem = Says(said(WIN)), recognise("Use 4 5 6 10 to make 24")
    policy = Policy(engine, domain("countdown"), problem, None, Meter(Budget()))
    chain = only(asyncio.run(policy.propose((), LINE)))
    assert [thought.value for thought in chain.thoughts] == [None] * 3
    assert not engine.asked[0].value


def test_a_broken_verifier_never_means_wrong() -> None:
    class Broken:
        def __getattr__(self, name: str) -> object:
            return getattr(domain("countdown"), name)

        def normalise(self, answer: str) -> str:
            raise KeyError(answer)

        def verify(self, problem: Problem, answer: str) -> Verdict:
            raise ZeroDivisionError

    policy = Policy(
        Says(said(WIN)), Broken(), recognise("Use 4 5 6 10 to make 24"), float, Meter(Budget())
    )  # type: ignore[arg-type]
    outcome = only(asyncio.run(policy.propose((), LINE))).thoughts[-1].outcome
    assert outcome is not None
    assert outcome.score is None
    assert "ZeroDivisionError" in outcome.reason


def test_unjudged_answers_stay_unjudged() -> None:
    chain = only(propose(Says(said("Paris")), question="What is the capital of France?"))
    outcome = chain.thoughts[-1].outcome
    assert outcome is not None
    assert outcome.score is None
