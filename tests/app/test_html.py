"""The exported page: one file, no network, and no text in it is ever code."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from reasoner import html
from reasoner.agent import Reasoner
from reasoner.calibration import Calibration
from reasoner.catalog import Model
from reasoner.engine import Completion, Finish, Generation, Request
from reasoner.html import page_data, render
from reasoner.recorder import revive
from reasoner.sync import run
from reasoner.traces import Trace
from tests.app.conftest import PUZZLE
from tests.app.toy import ToyEngine

PAYLOADS = (
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "[[script]] [[data]] [[style]] [[policy]]",
    "\\u003c/script\\u003e \u2028 & &lt;",
)


class Hostile(ToyEngine):
    async def generate(self, request: Request) -> Generation:
        text = PAYLOADS[request.seed % len(PAYLOADS)]
        return Generation((Completion(text, request.samples, 9, -1.0, Finish.END),), 9)


class Page(HTMLParser):
    """Elements and the text of each, as a browser would cut them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self._open, data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def trace_of(question: str, engine: ToyEngine, **options: object) -> Trace:
    reasoner = Reasoner(Model("toy", engine))
    answer = reasoner.ask(question, think=5, **options)  # type: ignore[arg-type]
    assert answer.run_id is not None
    return reasoner.store.read(answer.run_id)


def test_hostile_text_stays_text() -> None:
    trace = trace_of("Who are you? " + " ".join(PAYLOADS), Hostile(), max_nodes=20)
    text = render(trace)
    page, clean = Page(text), Page(render(trace_of(PUZZLE, ToyEngine())))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in clean.tags]
    for tag, attrs in page.tags:
        assert not any(name.startswith("on") for name in attrs), tag
    assert trace.corrupt == 0
    data = json.loads(next(words for tag, words in page.texts if tag == "script"))
    assert data == json.loads(json.dumps(page_data(trace)))
    assert all(payload in data["question"] for payload in PAYLOADS if "\u2028" not in payload)


def test_the_page_needs_nothing_from_outside() -> None:
    text = render(trace_of(PUZZLE, ToyEngine()))
    page = Page(text)
    for tag, attrs in page.tags:
        assert not {"src", "href", "action", "srcset"} & set(attrs), tag
    assert "url(" not in text
    assert "@import" not in text
    assert "fetch(" not in text
    assert "innerHTML" not in text


def test_the_policy_admits_exactly_this_script_and_style() -> None:
    text = render(trace_of(PUZZLE, ToyEngine()))
    policy = next(
        attrs["content"] or "" for attrs in Page(text).all("meta") if "http-equiv" in attrs
    )
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    script = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)[-1]
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)[0]
    for body in (script, style):
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_the_tree_is_whole_and_in_order() -> None:
    trace = trace_of(PUZZLE, ToyEngine())
    data = page_data(trace)
    rows = data["tree"]
    assert data["left_out"] == 0
    assert rows[0]["parent"] == -1
    assert all(row["parent"] < at for at, row in enumerate(rows))
    assert data["best"][0] == 0
    assert [rows[at]["text"] for at in data["best"][1:]] == data["steps"]
    assert rows[data["best"][-1]]["state"] == "right"
    assert {"open", "solved", "wrong"} <= {row["state"] for row in rows}
    assert all(0 <= row["t"] <= data["used_s"] for row in rows)
    assert [change["t"] for change in data["changes"]] == sorted(
        change["t"] for change in data["changes"]
    )


def test_a_large_tree_is_cut_by_visits(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = trace_of(PUZZLE, ToyEngine(), stop_when="budget", max_nodes=60)
    whole = page_data(trace)
    monkeypatch.setattr(html, "MAX_NODES", 12)
    data = page_data(trace)
    assert len(data["tree"]) == 12
    assert data["left_out"] == len(whole["tree"]) - 12
    assert [data["tree"][at]["text"] for at in data["best"][1:]] == data["steps"]
    assert sum(row["hidden"] for row in data["tree"]) > 0
    monkeypatch.setattr(html, "MAX_CHANGES", 2)
    assert page_data(trace)["changes"][-1] == whole["changes"][-1]


def test_a_run_without_an_answer_has_a_page() -> None:
    whole = trace_of(PUZZLE, ToyEngine())
    trace = replace(whole, records=())  # killed before its first answer
    data = page_data(trace)
    assert data["answer"] is None
    assert data["stop"] is None
    assert "No answer yet" in render(trace)


def test_the_page_ranks_and_calibrates_as_the_last_sitting_did() -> None:
    class Torn(ToyEngine):
        """Says one thing often, and another rarely but with more value."""

        def __init__(self) -> None:
            super().__init__()

        async def generate(self, request: Request) -> Generation:
            often = Completion("often", max(1, request.samples - 1), 1, -1.0, Finish.END, 0.4)
            rare = Completion("rare", 1, 1, -2.0, Finish.END, 0.9)
            return Generation((often, rare) if request.samples > 1 else (often,), 2)

    curves = Calibration(confidence={"general": [(0.0, 0.0), (1.0, 0.5)]})
    reasoner = Reasoner(Model("toy", Torn(), curves))
    first = reasoner.ask("Who?", think=5, strategy="sample", max_tokens=50, stop_when="budget")
    page = page_data(reasoner.store.read(str(first.run_id)))
    assert first.answer == page["answer"] == "often"
    assert page["confidence"] == first.confidence

    again = run(reasoner.resume(str(first.run_id), 0.1, strategy="best-of-n").result())
    trace = reasoner.store.read(str(first.run_id))
    page = page_data(trace)
    assert again.answer == page["answer"] == revive(trace).best().answer == "rare"  # type: ignore[union-attr]
    assert page["facts"]["strategy"] == "best-of-n"
    assert [round(a["confidence"], 4) for a in page["alternatives"]] == [
        a.confidence for a in again.alternatives
    ]
    assert page["alternatives"][0]["confidence"] < 0.5  # raw agreement were well above
    third = run(reasoner.resume(str(first.run_id), 0.05).result())
    assert third.strategy == "best-of-n"  # as before, which was not as at first
