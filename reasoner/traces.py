"""Append-only trace files: one record a line, ``crc32 json``.

Each record reaches the operating system in one unbuffered write, so a killed process loses at
most the record it was writing. A torn last line is dropped, a damaged line in the middle is
counted and skipped, and the reader reports both.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from search import Chain, Job, Outcome, Proposal, Span, Thought

from .errors import RunError
from .records import SCHEMA, BestAnswer, Event, Growth, Header, Limits, Record, Resume, Stop

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_PATIENCE_S = 0.1  # somebody who only looks whether a trace is in use holds its lock for a moment
MAX_BYTES = 256 * 2**20  # one run never fills the disk; the think goes on unsaved


def encode(record: Record) -> bytes:
    text = json.dumps(record, default=_as_dict, separators=(",", ":"), ensure_ascii=False)
    body = text.encode("utf-8", "replace")  # a lone surrogate has no encoding
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _as_dict(item: object) -> dict[str, Any]:
    always, optional = _FIELDS[type(item)]
    written = {name: getattr(item, name) for name in always}
    for name in optional:
        if (value := getattr(item, name)) is not None:
            written[name] = value
    return written


_WRITTEN = (
    Header,
    Limits,
    Growth,
    BestAnswer,
    Stop,
    Resume,
    Job,
    Proposal,
    Chain,
    Thought,
    Outcome,
    Span,
)
_FIELDS: dict[type, tuple[list[str], list[str]]] = {
    # Left out when None, as that is their default: a third less to write. "kind" leads, so that
    # a reader can tell records apart without parsing them.
    kind: (
        sorted((f.name for f in fields(kind) if f.default is not None), key="kind".__ne__),
        [f.name for f in fields(kind) if f.default is None],
    )
    for kind in _WRITTEN
}


class TraceWriter:
    """Holds one trace file open and locked; never lets the disk stop a think.

    The lock is the kernel's, so it goes with the process however that ends.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        """Create the file, or open an existing one to continue it.

        Raises ``RunError`` when another process is writing it and ``OSError`` when the disk
        refuses.
        """
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC
        self._fd = -1
        self._fd = os.open(path, flags | (os.O_CREAT | os.O_EXCL if create else 0), 0o600)
        self.path = path
        try:
            lock(self._fd, path, _PATIENCE_S)
            self._bytes = os.fstat(self._fd).st_size
        except BaseException:
            self.close()
            raise

    @classmethod
    def begin(cls, path: Path, header: Header) -> TraceWriter:
        """A new trace; raises ``OSError``, and leaves no file, when the header does not fit."""
        writer = cls(path)
        try:
            writer._append(encode(header))
        except BaseException:
            writer.close()
            path.unlink(missing_ok=True)
            raise
        return writer

    def truncate(self, size: int) -> None:
        """Cut the file to its good bytes: a torn tail would spoil the next record."""
        os.ftruncate(self._fd, size)
        self._bytes = size

    def write(self, *records: Record) -> None:
        """Append ``records``; after the first refusal by the disk: warn once, then ignore."""
        if self._fd < 0:
            return
        try:
            self._append(b"".join(map(encode, records)))
        except OSError as error:
            self.close()
            warnings.warn(
                f"this run is no longer being saved to {self.path} "
                f"({error.strerror or error}); thinking goes on",
                stacklevel=2,
            )

    def _append(self, data: bytes) -> None:
        if self._bytes + len(data) > MAX_BYTES:
            raise OSError(f"the trace has reached its bound of {MAX_BYTES >> 20} MB")
        written = os.write(self._fd, data)
        if written != len(data):
            raise OSError(f"only {written} of {len(data)} bytes fitted")
        self._bytes += written

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __del__(self) -> None:  # a resume that nobody awaits must not keep its lock
        self.close()


def lock(fd: int, path: Path, patience_s: float = 0.0) -> None:
    """Take the trace's lock or raise ``RunError``."""
    give_up_s = time.monotonic() + patience_s
    while True:
        try:
            return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < give_up_s:
                time.sleep(0.005)
                continue
        raise RunError(
            f"run {path.stem} is being written by another process; wait for it to "
            "finish, or stop it"
        ) from None


def in_use(path: Path) -> bool:
    """Whether a living process is writing this trace."""
    with path.open("rb") as file:
        try:
            lock(file.fileno(), path)
        except RunError:
            return True
    return False


@dataclass(frozen=True, slots=True)
class Trace:
    """What could be read of one file. ``good_bytes``: where the next record belongs."""

    header: Header
    records: tuple[Event, ...]  # after the header, oldest first
    corrupt: int  # damaged lines in the middle, skipped
    torn: bool  # the last record was cut short, dropped
    good_bytes: int


def read_trace(path: Path, *, growth: bool = True) -> Trace:
    """Read and validate a trace; ``growth=False`` skips what only a replay needs (quick).

    Raises ``RunError`` when the file is missing or its header can not be used.
    """
    from pydantic import ValidationError

    try:
        data = path.read_bytes()
    except OSError as error:
        raise RunError(f"can not read {path}: {error.strerror}") from None
    records: list[Record] = []
    corrupt = bad_since_good = good_bytes = 0
    for end, body in _lines(data):
        if body is not None and not growth and body.startswith(b'{"kind":"growth"'):
            record = None
        else:
            try:
                record = _adapter().validate_json(body or b"")
            except ValidationError:
                bad_since_good += 1
                continue
        corrupt, bad_since_good, good_bytes = corrupt + bad_since_good, 0, end
        if record is not None:
            records.append(record)
    if not records or not isinstance(header := records[0], Header):
        raise RunError(
            f"{path.name} has no readable header; nothing of it can be used: "
            f"remove it with 'reasoner runs rm {path.stem}'"
        )
    if header.schema > SCHEMA:
        raise RunError(
            f"{path.name} has trace schema {header.schema}, this version reads up to "
            f"{SCHEMA}; upgrade system2-reasoner"
        )
    # Damage at the very end is a torn write; more than one bad line there is damage too.
    corrupt += max(0, bad_since_good - 1)
    events = tuple(record for record in records if not isinstance(record, Header))
    return Trace(header, events, corrupt, bad_since_good > 0, good_bytes)


def _lines(data: bytes) -> Iterator[tuple[int, bytes | None]]:
    """(offset just after the line, its JSON or None when damaged) for each line."""
    start = 0
    while start < len(data):
        newline = data.find(b"\n", start)
        end = newline + 1 if newline >= 0 else len(data)
        line = data[start:end]
        body = line[9:-1]
        sound = line[-1:] == b"\n" and line[:9] == b"%08x " % zlib.crc32(body)
        yield end, body if sound else None
        start = end


@cache
def _adapter() -> TypeAdapter[Record]:
    from pydantic import Field, TypeAdapter

    # Told apart by "kind": trying every kind of record would take ten times as long.
    return TypeAdapter(Annotated[Record, Field(discriminator="kind")])
