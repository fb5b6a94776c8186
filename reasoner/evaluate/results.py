"""The results file: one JSON line a measured answer, appended at once, so a killed run resumes."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from search import StopWhen

from ..errors import RunError


class Setting(BaseModel):
    """What an answer depends on besides the program; rows of several settings may share one file.

    ``model``: its name and, where it has one, the fingerprint of its weights. ``verifier``: who
    judged in the domain's place, as ``name@version``; "" for the domain itself.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    strategy: str
    arm: str
    stop_when: StopWhen
    seed: int
    one_at_a_time: bool
    verifier: str = ""


class Row(BaseModel):
    """One question asked under one setting.

    ``right``: None when nothing could judge the answer (no reference). ``covered``: some answer
    the search wrote was right, None likewise. ``error``: set when asking or judging failed; such
    a row is asked again on resume.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    setting: Setting
    item: str
    answer: str | None = None
    right: bool | None = None
    covered: bool | None = None
    confidence: float = 0.0  # in [0, 1]
    verified: bool | None = None
    stop_reason: str = ""
    first_answer_s: float | None = None
    used_s: float = 0.0
    tokens: int = 0
    nodes: int = 0
    error: str | None = None


class Results:
    """Rows of one run, in memory and (with a folder) in ``results.jsonl``."""

    def __init__(self, folder: Path | None) -> None:
        self._rows: dict[tuple[Setting, str], Row] = {}
        self._file: Path | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = folder / "results.jsonl"
            if self._file.exists():
                self._read(self._file)

    def _read(self, file: Path) -> None:
        data = file.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        for n, line in enumerate(whole.split(b"\n")[:-1], start=1):
            try:
                row = Row.model_validate_json(line)
            except ValidationError as error:
                raise RunError(
                    f"expected a result on line {n} of {file}, found something else; "
                    "delete that line, or choose another --out"
                ) from error
            self._rows[row.setting, row.item] = row
        if len(whole) < len(data):  # the tail of a killed run: its question is asked again
            os.truncate(file, len(whole))

    def get(self, setting: Setting, item: str) -> Row | None:
        return self._rows.get((setting, item))

    def done(self, setting: Setting, item: str) -> bool:
        row = self.get(setting, item)
        return row is not None and row.error is None

    def add(self, row: Row) -> None:
        self._rows[row.setting, row.item] = row
        if self._file is not None:
            with self._file.open("a", encoding="utf-8") as out:
                out.write(row.model_dump_json() + "\n")
