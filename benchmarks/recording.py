"""Record the live view for the README: a real terminal session as one animated SVG."""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import groupby

import pyte

from ._report import ROOT

COLUMNS, LINES = 92, 14
FRAME_S = 0.12  # changes that come closer together share a frame
HOLD_S = 3.0  # how long the last frame stays before the loop starts again
CHAR_W, LINE_H = 8.4, 18.0  # px
ANSWERED = (0, 3, 4)  # exit codes: 3 and 4 are answers too, only not right ones
COLOURS = {
    "default": "#c9d1d9", "black": "#484f58", "red": "#ff7b72", "green": "#3fb950",
    "brown": "#d29922", "blue": "#58a6ff", "magenta": "#bc8cff", "cyan": "#39c5cf",
    "white": "#b1bac4",
}  # fmt: skip

Run = tuple[str, str, bool]  # text, colour, bold
Screen = tuple[tuple[Run, ...], ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """``at_s``: seconds since the command was started."""

    at_s: float
    screen: Screen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--question", default="Use 1 4 6 7 8 12 to make 97")
    parser.add_argument("--think", default="12s")
    parser.add_argument("--stop-when", default="budget")
    options = parser.parse_args()
    shown = f'reasoner ask "{options.question}" --think {options.think}'
    shown += f" --stop-when {options.stop_when}"
    command = [sys.executable, "-m", "reasoner", "ask", options.question, "--no-save"]
    command += ["--think", options.think, "--stop-when", options.stop_when]
    frames = list(record(command, shown))
    path = ROOT / "docs" / "live.svg"
    path.write_text(draw(frames), "utf-8")
    print(f"{path.relative_to(ROOT)}: {len(frames)} frames, {frames[-1].at_s:.1f} s")


def record(command: list[str], shown: str) -> Iterator[Frame]:
    """Run ``command`` in a pseudo-terminal and yield what its screen shows.

    The last frame is the whole of it. Raises SystemExit when the command fails.
    """
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    stream.feed(f"\x1b[32m$\x1b[0m {shown}\r\n".encode())
    terminal, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    size = {"COLUMNS": str(COLUMNS), "LINES": str(LINES)}
    with subprocess.Popen(
        command, stdin=inner, stdout=inner, stderr=inner,
        env={**os.environ, "TERM": "xterm-256color", **size},
    ) as process:  # fmt: skip
        os.close(inner)
        try:
            yield from _watch(terminal, screen, stream)
        finally:
            os.close(terminal)
    if process.returncode not in ANSWERED:
        said = " ".join(" ".join(screen.display).split())
        raise SystemExit(f"expected an answer, found exit code {process.returncode}: {said}")


def _watch(terminal: int, screen: pyte.Screen, stream: pyte.ByteStream) -> Iterator[Frame]:
    began = last = time.monotonic()
    yield Frame(0.0, _picture(screen))
    before = _picture(screen)
    while True:
        ready, _, _ = select.select([terminal], [], [], FRAME_S)
        try:
            data = os.read(terminal, 65536) if ready else b""
        except OSError:  # the command is gone
            break
        if ready and not data:
            break
        stream.feed(data)
        now = time.monotonic()
        if now - last >= FRAME_S and (picture := _picture(screen)) != before:
            yield Frame(now - began, picture)
            before, last = picture, now
    yield Frame(time.monotonic() - began, _picture(screen))


def _picture(screen: pyte.Screen) -> Screen:
    rows = []
    for y in range(LINES):
        cells = [screen.buffer[y][x] for x in range(COLUMNS)]
        runs = groupby(cells, key=lambda cell: (cell.fg, cell.bold))
        row = tuple(("".join(c.data for c in part), fg, bold) for (fg, bold), part in runs)
        rows.append(row)
    return tuple(rows)


def draw(frames: list[Frame]) -> str:
    """One SVG without scripts: frames are shown in turn by CSS animation."""
    total = frames[-1].at_s + HOLD_S
    width, height = COLUMNS * CHAR_W + 32, LINES * LINE_H + 56
    style, body = [], []
    for n, frame in enumerate(frames):
        end = frames[n + 1].at_s if n + 1 < len(frames) else total
        start_pct, end_pct = 100 * frame.at_s / total, 100 * end / total
        style.append(
            f"@keyframes f{n}{{0%{{visibility:{'visible' if n == 0 else 'hidden'}}}"
            f"{start_pct:.3f}%{{visibility:visible}}{end_pct:.3f}%,100%{{visibility:hidden}}}}"
            f"#f{n}{{animation:f{n} {total:.2f}s step-end infinite}}"
        )
        body.append(f'<g id="f{n}" visibility="hidden">{_text(frame.screen)}</g>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}"><style>text{{font:14px ui-monospace,Menlo,Consolas,'
        f'"DejaVu Sans Mono",monospace;white-space:pre}}{"".join(style)}</style>'
        f'<rect width="100%" height="100%" rx="10" fill="#0d1117"/>'
        + "".join(
            f'<circle cx="{22 + 20 * i}" cy="20" r="6" fill="{c}"/>'
            for i, c in enumerate(("#ff5f57", "#febc2e", "#28c840"))
        )
        + "".join(body)
        + "</svg>\n"
    )


def _text(screen: Screen) -> str:
    out = []
    for y, row in enumerate(screen):
        column = 0
        for text, colour, bold in row:
            if text.strip():
                fill = COLOURS.get(colour.removeprefix("bright"), f"#{colour}")
                x, at = 16 + column * CHAR_W, 52 + y * LINE_H
                wide = len(text) * CHAR_W
                weight = ' font-weight="700"' if bold else ""
                out.append(
                    f'<text x="{x:.1f}" y="{at:.0f}" fill="{fill}" textLength="{wide:.1f}"'
                    f'{weight} xml:space="preserve">{escape(text)}</text>'
                )
            column += len(text)
    return "".join(out)


if __name__ == "__main__":
    main()
