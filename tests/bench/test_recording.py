"""The README's moving picture: a real terminal's text, whole, as one SVG without scripts."""

from __future__ import annotations

import sys
from xml.etree import ElementTree

import pytest

from benchmarks.recording import COLUMNS, HOLD_S, LINES, Frame, draw, record

SVG = "{http://www.w3.org/2000/svg}"


def play(code: str) -> list[Frame]:
    return list(record([sys.executable, "-c", code], "ask"))


def lines(frame: Frame) -> list[str]:
    return ["".join(text for text, _, _ in row).rstrip() for row in frame.screen]


def test_a_command_is_recorded_to_its_last_line() -> None:
    frames = play("print('one'); print('two')")
    assert lines(frames[0])[0] == "$ ask"
    assert [line for line in lines(frames[-1]) if line] == ["$ ask", "one", "two"]
    times = [frame.at_s for frame in frames]
    assert times == sorted(times)


def test_the_command_sees_a_terminal_of_this_size() -> None:
    code = (
        "import os, sys; print(sys.stderr.isatty(), *os.get_terminal_size(1), os.environ['TERM'])"
    )
    assert lines(play(code)[-1])[1] == f"True {COLUMNS} {LINES} xterm-256color"


def test_colours_are_kept_and_text_can_not_leave_its_element() -> None:
    frames = play(r"print('\x1b[1;31m<script>&\x1b[0m')")
    picture = ElementTree.fromstring(draw(frames))
    assert not list(picture.iter(f"{SVG}script"))
    found = [text for text in picture.iter(f"{SVG}text") if text.text == "<script>&"]
    assert {(text.get("fill"), text.get("font-weight")) for text in found} == {("#ff7b72", "700")}


def test_frames_take_turns_until_the_loop_starts_again() -> None:
    blank = ((("x", "default", False),),)
    drawn = draw([Frame(0.0, blank), Frame(1.0, blank)])
    assert len(list(ElementTree.fromstring(drawn).iter(f"{SVG}g"))) == 2
    assert f"f1 {1 + HOLD_S:.2f}s" in drawn
    assert "25.000%{visibility:visible}100.000%" in drawn  # the second of two, from 1 s of 4


def test_a_failed_command_is_no_picture() -> None:
    with pytest.raises(SystemExit, match=r"exit code 5: .*no model"):
        play("print('no model'); raise SystemExit(5)")
