"""Running, judging and resuming an evaluation with a scripted asker."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from reasoner.errors import RunError, UsageError
from reasoner.evaluate import Arm, Item, Plan, Results, Row, load, parse_arms, report, run
from reasoner.evaluate.run import AT_ONCE, Reply, judge
from reasoner.evaluate.table import caption
from search import StopWhen
from tests.eval.helpers import Script, reply
from verifiers import Problem, verifier

ARMS = parse_arms("greedy,1s", "auto")


def plan(suite: str = "arithmetic", limit: int = 4, alone: bool = True) -> Plan:
    return Plan(tuple(load(suite, limit)), ARMS, model="fake@1", one_at_a_time=alone)


def execute(plan: Plan, script: Script, results: Results) -> list[Row]:
    rows: list[Row] = []
    asyncio.run(run(plan, script, results, rows.append))
    return rows


def right_at_1s(items: tuple[Item, ...]) -> Script:
    answers = {item.problem.prompt: item.problem.reference for item in items}

    def say(problem: Problem, arm: Arm) -> Reply:
        right = answers[problem.prompt] or ""
        return reply("0" if arm.think_s is None else right, 0.9, others=("0", right))

    return Script(say)


# --- budgets


def test_budgets_are_ordered_and_greedy_uses_its_own_strategy() -> None:
    assert parse_arms("3s, greedy,500ms", "mcts") == (
        Arm("greedy", "greedy", None),
        Arm("500ms", "mcts", 0.5),
        Arm("3s", "mcts", 3.0),
    )


@pytest.mark.parametrize("budgets", ["", ",", "0s", "-1", "10 minuts", "1s,1000ms", "nan"])
def test_bad_budgets(budgets: str) -> None:
    with pytest.raises(UsageError):
        parse_arms(budgets, "auto")


def test_unknown_strategy_is_refused_before_anything_runs() -> None:
    with pytest.raises(UsageError, match="mcts"):
        parse_arms("1s", "mtcs")


# --- running and judging


def test_the_search_never_sees_a_reference_and_judging_does() -> None:
    task = plan()
    script = right_at_1s(task.items)
    rows = execute(task, script, Results(None))
    assert all(problem.reference is None for problem, _ in script.asked)
    assert [row.right for row in rows] == [False, True] * 4
    assert all(row.covered for row in rows)


def test_arms_of_one_question_follow_each_other() -> None:
    task = plan()
    script = right_at_1s(task.items)
    execute(task, script, Results(None))
    assert [arm.label for _, arm in script.asked] == ["greedy", "1s"] * 4
    assert script.asked[0][0] == script.asked[1][0]


@pytest.mark.parametrize(("alone", "most"), [(True, 1), (False, AT_ONCE)])
def test_how_many_at_once(alone: bool, most: int) -> None:
    now, seen = 0, 0

    async def ask(problem: Problem, arm: Arm, seed: int) -> Reply:
        nonlocal now, seen
        now += 1
        seen = max(seen, now)
        await asyncio.sleep(0)
        now -= 1
        return reply(None)

    task = plan(limit=20, alone=alone)
    asyncio.run(run(task, ask, Results(None), lambda row: None))
    assert seen == most


def test_no_answer_is_wrong_and_no_reference_is_not_judged() -> None:
    def judged(problem: Problem, *answers: str) -> bool | None:
        return asyncio.run(judge(problem, answers))

    problem = load("arithmetic", 1)[0].problem
    assert judged(problem) is False
    assert judged(problem.public()) is None
    assert judged(problem.public(), "5") is None
    assert judged(problem, "-1", problem.reference or "") is True
    assert judged(load("game24", 1)[0].problem) is False


def test_one_failing_question_is_a_row_and_its_siblings_live_on() -> None:
    def say(problem: Problem, arm: Arm) -> Reply:
        if problem == task.items[1].problem.public():
            raise RuntimeError("boom")
        return reply("0")

    task = plan()
    rows = execute(task, Script(say), Results(None))
    assert [row.error for row in rows].count("RuntimeError: boom") == 2
    assert len(rows) == 8
    summary = report("arithmetic", task, keep(rows))
    assert [(arm.asked, arm.judged, arm.errors) for arm in summary.arms] == [(4, 3, 1)] * 2


def test_one_question_that_breaks_its_judge_is_a_row_and_its_siblings_live_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def choke(problem: Problem, answers: Iterable[str], verifier: None) -> bool | None:
        if problem == task.items[1].problem:
            raise ValueError("reference of no kind known")
        return await judge(problem, answers)

    task = plan()
    monkeypatch.setattr(import_module("reasoner.evaluate.run"), "judge", choke)
    rows = execute(task, right_at_1s(task.items), Results(None))
    assert [row.error for row in rows].count("ValueError: reference of no kind known") == 2
    assert [row.right for row in rows if row.error is None] == [False, True] * 3


def keep(rows: list[Row]) -> Results:
    results = Results(None)
    for row in rows:
        results.add(row)
    return results


# --- resuming


def test_a_killed_run_resumes_where_it_was(tmp_path: Path) -> None:
    task = plan()
    whole = execute(task, right_at_1s(task.items), Results(tmp_path))
    file = tmp_path / "results.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:3]) + lines[3][:40])  # killed inside its fourth row

    script = right_at_1s(task.items)
    results = Results(tmp_path)
    assert len(execute(task, script, results)) == 5
    assert file.read_bytes() == b"".join(lines)
    assert report("a", task, results) == report("a", task, keep(whole))


def test_failed_questions_are_asked_again(tmp_path: Path) -> None:
    def fail(problem: Problem, arm: Arm) -> Reply:
        raise OSError("engine gone")

    task = plan()
    execute(task, Script(fail), Results(tmp_path))
    results = Results(tmp_path)
    execute(task, right_at_1s(task.items), results)
    assert [arm.errors for arm in report("a", task, results).arms] == [0, 0]
    assert task.todo(Results(tmp_path)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"model": "fake@2"},
        {"seed": 1},
        {"one_at_a_time": False},
        {"arms": ARMS[:1]},
        {"arms": tuple(replace(arm, stop_when=StopWhen.VERIFIED) for arm in ARMS)},
    ],
)
def test_other_settings_are_never_mixed_up(tmp_path: Path, change: dict[str, object]) -> None:
    task = plan()
    execute(task, right_at_1s(task.items), Results(tmp_path))
    other = replace(task, **change)  # type: ignore[arg-type]
    expected = 0 if change == {"arms": ARMS[:1]} else 8
    assert len(other.todo(Results(tmp_path))) == expected


def test_a_strange_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").write_text('{"hello": 1}\n')
    with pytest.raises(RunError, match="line 1 of"):
        Results(tmp_path)


# --- the report


def test_report_numbers() -> None:
    task = plan(limit=4)
    rows = execute(task, right_at_1s(task.items), Results(None))
    greedy, second = report("arithmetic", task, keep(rows)).arms
    assert (greedy.right, second.right, second.judged) == (0, 4, 4)
    assert second.accuracy.point == 1.0
    assert greedy.gain is None
    assert second.gain is not None
    assert second.gain.point == 1.0
    assert greedy.upper_bound.point == 1.0
    assert greedy.brier == pytest.approx(0.81)
    assert second.brier == pytest.approx(0.01)
    assert second.calibration_error == pytest.approx(0.1)
    assert second.stop_reasons == {"time": 4}


def test_report_of_unjudged_and_unanswered_questions() -> None:
    items = tuple(replace(item, problem=item.problem.public()) for item in load("arithmetic", 3))
    task = Plan(items, ARMS[:1], model="fake")
    rows = execute(task, Script(lambda problem, arm: reply(None)), Results(None))
    arm = report("mine", task, keep(rows)).arms[0]
    assert (arm.asked, arm.judged, arm.no_answer, arm.brier) == (3, 0, 3, None)
    assert report("mine", task, Results(None)).arms == ()


# --- a verifier of one's own


def test_a_verifier_grades_in_the_domains_place_with_the_reference() -> None:
    graded: list[str] = []

    def check(answer: str, reference: str) -> bool:
        graded.append(reference)
        return answer == "0"

    mine = verifier("mine", isolation="trusted")(check)
    task = replace(plan(), verifier=mine)
    rows = execute(task, right_at_1s(task.items), Results(None))
    assert [row.right for row in rows] == [True, False] * 4
    assert [row.covered for row in rows] == [True, True] * 4
    assert set(graded) == {item.problem.reference for item in task.items}
    assert {row.setting.verifier for row in rows} == {"mine@1"}


def test_a_verifier_that_fails_is_an_error_and_never_wrong() -> None:
    failing = verifier("failing", isolation="trusted")(lambda answer: 2.0)
    task = replace(plan(), verifier=failing)
    rows = execute(task, right_at_1s(task.items), Results(None))
    assert all(row.right is None and row.error is not None for row in rows)
    why = "failing@1 failed: error: expected a bool"
    assert why in (rows[0].error or "")
    results = Results(None)
    execute(task, right_at_1s(task.items), results)
    assert why in caption(report("mine", task, results), "one at a time")


def test_results_of_two_verifiers_are_kept_apart(tmp_path: Path) -> None:
    yes, no = (verifier("mine", version=v, isolation="trusted")(lambda answer: True) for v in "12")
    for verify in (None, yes, no):
        task = replace(plan(), verifier=verify)
        assert task.todo(Results(tmp_path)), "no answer of the others counts"
        execute(task, right_at_1s(task.items), Results(tmp_path))
        assert not task.todo(Results(tmp_path))
