"""Models without our training: asked in words, their words read as thoughts and answers."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from reasoner import Answer, Model, Reasoner, Reply, ScriptedEngine
from reasoner.cli.app import run as main
from reasoner.engine import Chat, Finish, Generation, Request
from reasoner.extract import announced, document, final_answer
from reasoner.prompted import FINISH_TOKENS, PromptedPolicy, paragraphs
from reasoner.prompts import FORMS, GENERAL
from reasoner.scripted import Script
from search import Budget, Chain, Job, Meter, Proposal
from verifiers import Problem, domain, recognise

from .conftest import run

PUZZLE = "Use 4 5 6 10 to make 24"
LINE = Job(0, (0,), 1, to_end=True)
STEP = Job(0, (0,), 1)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("So it is \\boxed{42}.", "42"),
        ("\\boxed{1} no, \\boxed{\\frac{1}{2}}", "1/2"),
        ("\\boxed{\\text{yes}}", "yes"),
        ("\\boxed{(a+b)^{2}}", "(a+b)^{2}"),
        ("Answer: 7", "7"),
        ("**Answer:** $7$", "7"),
        ("**Final answer**: 7.", "7"),
        ("The answer is 7.", "7"),
        ("the final answer is: **seven apples**", "seven apples"),
        ("Answer: 6\nWait.\nAnswer: 7\nI am sure.", "7"),
        ("Answer: 3 \\times 4", "3 * 4"),
        ("One.\n\nTwo.", "Two"),
        ("<think>\\boxed{1}</think>\n\nAnswer: 2", "2"),
        ("<think>Answer: 1", None),
        ("", None),
        ("\\boxed{", "\\boxed{"),
        ("Answer:", "Answer:"),
    ],
)
def test_final_answers(text: str, answer: str | None) -> None:
    assert final_answer(text) == answer


@pytest.mark.parametrize(
    "text", ["", "One.\n\nTwo.", "an answer to think about", "<think>answer: 1"]
)
def test_nothing_is_announced(text: str) -> None:
    assert announced(text) is None


@pytest.mark.parametrize(
    ("name", "answer", "read"),
    [
        ("countdown", "the expression (10 - 4) * 5 - 6 = 24", "(10 - 4) * 5 - 6 = 24"),
        ("countdown", "(10 − 4) × 5", "4) × 5"),
        ("arithmetic", "1,234 apples", "1,234"),
        ("arithmetic", "no idea", "no idea"),
        ("word_problems", "12 + 6 = 18 dollars", "18"),
        ("equations", "x = 3/2 and y = -1", "x = 3/2, y = -1"),
        ("equations", "x = 3.5", "x = 3.5"),
        ("general", "Paris, I think", "Paris, I think"),
    ],
)
def test_the_part_of_an_answer_that_counts(name: str, answer: str, read: str) -> None:
    assert FORMS.get(name, GENERAL).read(answer) == read


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('It is {"a": [1, 2]}.', '{"a": [1, 2]}'),
        ('First {"a": 1}, no:\n```json\n{\n  "a": 2\n}\n```\nDone.', '{\n  "a": 2\n}'),
        ("<think>[1]</think> Answer: [1, [2]] as asked", "[1, [2]]"),
        ('a [broken, then {"fine": "}"}', '{"fine": "}"}'),
        ("<think>[1]", None),
        ("nothing {at all", None),
        ("7", None),
        ("[" * 100_000, None),
        ("[1," * 30_000, None),
    ],
)
def test_the_last_document(text: str, found: str | None) -> None:
    assert document(text) == found


def test_documents_by_a_schema() -> None:
    """Asked for by the schema itself, read over several lines, judged."""
    schema = '{"type": "object", "required": ["age"]}'
    problem = Problem("general", "age\n", "How old?", {"schema": schema})
    said = 'Easy.\n\nAnswer: {\n"age": 36\n}'
    engine = ScriptedEngine(lambda prompt: said if schema in prompt else "the schema is missing")
    with Reasoner(Model("scripted", engine, policy=PromptedPolicy)) as reasoner:
        answer = reasoner.ask(problem, 20, verifier="schema", save=False)
    assert answer.answer is not None
    assert json.loads(answer.answer) == {"age": 36}
    assert answer.verified


def test_steps() -> None:
    assert paragraphs("One,\ntwo.\n\n\n Three. \n") == ["One,\ntwo.", "Three."]
    assert paragraphs("One.\nTwo.\n") == ["One.", "Two."]
    assert paragraphs(" \n\n ") == []


def propose(
    engine: ScriptedEngine, question: str = PUZZLE, job: Job = LINE, *steps: str
) -> tuple[Chain, ...]:
    problem = recognise(question)
    family = domain(problem.domain)
    policy = PromptedPolicy(engine, family, problem, float, Meter(Budget(seconds=60)))
    proposal = run(policy.propose(steps, job))
    assert proposal.error is None
    return proposal.chains


def says(*replies: Script) -> Callable[[str], Script]:
    """A script that says one thing after another, and "yes" whenever it is asked to rate."""
    left = list(replies)

    def script(prompt: str) -> Script:
        if "yes or no" in prompt:
            return [Reply("yes", 3), Reply("no", 1)]
        return left.pop(0)

    return script


def test_a_line_is_paragraphs_and_a_judged_answer() -> None:
    engine = ScriptedEngine(says("10 - 4 = 6\n\n6 * 5 = 30\n\nAnswer: (10 - 4) * 5 - 6"))
    (chain,) = propose(engine)
    assert [thought.text for thought in chain.thoughts[:2]] == ["10 - 4 = 6", "6 * 5 = 30"]
    outcome = chain.thoughts[-1].outcome
    assert outcome is not None
    assert (outcome.answer, outcome.score) == ("(10 - 4) * 5 - 6", 1.0)
    assert chain.thoughts[-1].value is None  # where a verifier judges, nobody else is asked


def test_the_question_and_the_steps_are_what_it_reads() -> None:
    engine = ScriptedEngine(says("c\n\nAnswer: 1"))
    propose(engine, PUZZLE, STEP, "a", "b")
    chat = engine.requests[0].prompt
    assert isinstance(chat, Chat)
    assert (chat.user, chat.begun) == (PUZZLE, "a\n\nb\n\n")
    assert "each given number once" in chat.system


def test_a_step_ends_at_a_blank_line_and_is_open() -> None:
    engine = ScriptedEngine(says("10 - 4 = 6\n\n6 * 5 = 30"))
    (chain,) = propose(engine, PUZZLE, STEP)
    (thought,) = chain.thoughts
    assert (thought.text, thought.outcome) == ("10 - 4 = 6", None)
    assert thought.legal


def test_a_step_may_announce_the_answer_before_the_end() -> None:
    engine = ScriptedEngine(says("Answer: (10 - 4) * 5 - 6\n\nI hope this helps!"))
    (chain,) = propose(engine, PUZZLE, STEP)
    assert chain.thoughts[-1].outcome is not None


def test_nothing_said_is_a_dead_end() -> None:
    (chain,) = propose(ScriptedEngine(says("")))
    assert not chain.thoughts[-1].legal


def test_equal_states_in_other_spacing_are_equal() -> None:
    keys = [
        propose(ScriptedEngine(says(text)))[0].thoughts[-1].key
        for text in ("One  step.\n\nAnswer: 1", "one step.\nanswer: 1")
    ]
    assert keys[0] == keys[1]


def test_an_unjudged_answer_is_rated_by_the_model_itself() -> None:
    (chain,) = propose(ScriptedEngine(says("Answer: Paris")), "What is the capital of France?")
    assert chain.thoughts[-1].outcome.score is None
    assert chain.thoughts[-1].value == pytest.approx(0.75, abs=1e-3)  # P(yes), by its logprob


def test_without_log_probabilities_a_few_are_asked() -> None:
    class Mute(ScriptedEngine):
        async def generate(self, request: Request) -> Generation:
            from dataclasses import replace

            found = await super().generate(request)
            plain = tuple(replace(completion, logprob=None) for completion in found.completions)
            return Generation(plain, found.tokens)

    engine = Mute(says("Answer: Paris"))
    (chain,) = propose(engine, "What is the capital of France?")
    assert engine.requests[-1].samples == 4
    assert chain.thoughts[-1].value in {round((n + 1) / 6, 4) for n in range(5)}


def test_what_a_reasoning_model_writes_is_one_step() -> None:
    text = "<think>\nFirst this.\n\nThen that. Answer: 3\n</think>\n\nSo.\n\nAnswer: 4"
    engine = ScriptedEngine(says(text), name="reasoning")
    (chain,) = propose(engine, "What is 2 + 2 in words?")
    assert len(chain.thoughts) == 1
    assert chain.thoughts[0].outcome.answer == "4"
    assert len(engine.requests) == 1  # it would think about a rating, too


def test_a_step_that_cuts_thinking_short_is_drawn_whole() -> None:
    text = "<think>\nFirst this.\n\nThen that.\n</think>\n\nAnswer: (10 - 4) * 5 - 6"
    engine = ScriptedEngine(says(text, text))
    (chain,) = propose(engine, PUZZLE, STEP)
    assert chain.thoughts[-1].outcome.score == 1.0


class Cut(ScriptedEngine):
    """Runs out of length on everything but the question for the answer."""

    async def generate(self, request: Request) -> Generation:
        from dataclasses import replace

        found = await super().generate(request)
        if request.prompt.begun.endswith("Answer:"):
            return found
        cut = tuple(replace(c, finish=Finish.LENGTH) for c in found.completions)
        return Generation(cut, found.tokens)


def test_a_line_that_is_cut_short_is_asked_for_its_answer() -> None:
    engine = Cut(says("10 - 4 = 6\n\n6 * 5 is", " (10 - 4) * 5 - 6"))
    (chain,) = propose(engine)
    assert [t.text for t in chain.thoughts] == [
        "10 - 4 = 6",
        "6 * 5 is",
        "Answer: (10 - 4) * 5 - 6",
    ]
    assert chain.thoughts[-1].outcome.score == 1.0


def test_thinking_that_is_cut_short_is_closed_first() -> None:
    engine = Cut(says("<think>\n10 - 4 = 6, so", "(10 - 4) * 5 - 6"))
    (chain,) = propose(engine)
    assert engine.requests[-1].prompt.begun == "<think>\n10 - 4 = 6, so\n</think>\n\nAnswer:"
    assert chain.thoughts[-1].outcome.score == 1.0


def test_a_thought_that_ended_in_vain_is_gone_on_with() -> None:
    wrong = "<think>\n4 + 5 + 6 + 10?\n</think>\n\nAnswer: 4 + 5 + 6 + 10"
    better = " no: 10 - 4 first.\n</think>\n\nAnswer: (10 - 4) * 5 - 6"
    engine = ScriptedEngine(says(wrong, better, wrong))
    problem = recognise(PUZZLE)
    policy = PromptedPolicy(engine, domain("countdown"), problem, None, Meter(Budget(seconds=60)))

    async def main() -> list[Chain]:
        return [(await policy.propose((), LINE)).chains[0] for _ in range(3)]

    first, second, _ = run(main())
    assert first.thoughts[0].outcome.score == 0.0
    assert engine.requests[1].prompt.begun == "<think>\n4 + 5 + 6 + 10?\n\nWait,"
    assert second.thoughts[0].text.startswith("<think>\n4 + 5 + 6 + 10?\n\nWait, no: 10 - 4")
    assert second.thoughts[0].outcome.score == 1.0
    assert engine.requests[2].prompt.begun == ""  # nothing is left to go on with


def test_a_line_leaves_room_for_its_answer() -> None:
    class Short(ScriptedEngine):
        context = 400

        def count_tokens(self, prompt: object) -> int:
            return len(str(prompt).split())

    engine = Short(says("Answer: 1", "Answer: 1", " 1"))
    propose(engine, PUZZLE, LINE, "word " * 100)
    (request,) = engine.requests
    written = engine.count_tokens(request.prompt) + request.max_tokens
    assert engine.context - written == 2 * FINISH_TOKENS
    propose(engine, PUZZLE, LINE, "word " * 400)
    assert engine.requests[1].max_tokens == 1  # and then it is asked


def test_requests_end_before_the_time_does() -> None:
    engine = ScriptedEngine(says("Answer: 1"))
    propose(engine)
    assert 50 <= engine.requests[0].timeout_s <= 55  # of 60: a tenth is for answers


def test_nothing_new_begins_when_only_the_time_for_answers_is_left() -> None:
    problem = recognise(PUZZLE)
    engine = ScriptedEngine(says())
    policy = PromptedPolicy(engine, domain("countdown"), problem, None, Meter(Budget(seconds=1e-9)))

    async def main() -> Proposal:
        return await asyncio.wait_for(policy.propose((), LINE), 0.05)

    with pytest.raises(TimeoutError):
        run(main())
    assert not engine.requests


def test_a_whole_question_from_its_beginning_to_its_end() -> None:
    def script(prompt: str) -> Script:
        if "yes or no" in prompt:
            return [Reply("yes", 3), Reply("no", 1)]
        return [Reply("Hm.\n\nAnswer: Paris", 4), Reply("Well.\n\nAnswer: **Lyon**", 1)]

    model = Model("mine", ScriptedEngine(script), policy=PromptedPolicy)
    with Reasoner(model) as reasoner:
        answer: Answer = reasoner.ask("What is the capital of France?", 20, save=False)
    assert answer.answer == "Paris"
    assert answer.verified is None
    assert answer.confidence > 0.5


def test_the_plan_is_explained(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Before the first thought, and then with what was measured: each fact once."""
    path = tmp_path / "script.json"
    path.write_text('{"": "<think>Hm.</think>Answer: 7"}')
    command = ["ask", "How many days?", "--model", f"scripted:{path}", "--think", "0.5s"]
    assert main([*command, "--stop-when", "budget", "--explain", "--no-save"]) == 0
    said, err = capsys.readouterr()
    assert said == "7\n"
    facts = [line for line in err.splitlines() if line.startswith("plan: ")]
    assert len(set(facts)) == len(facts)
    for words in ("agreement decides", "16 samples at once", "0.5 seconds", "auto:", "lines: "):
        assert any(words in fact for fact in facts), words
    begun, longer = (int(n) for n in re.findall(r"(\d+) (?:begun|gone on with)", facts[-1]))
    assert begun > 0
    assert longer > 0
