"""Shards: plays on disk, one CRC-checked line each, appended as they come home."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reasoner.traces import encode, lines

from .play import Play

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SUFFIX = ".plays"


class Place(NamedTuple):
    """Where a play lies: bytes ``start`` to ``end`` of a generation's shard."""

    start: int
    end: int


class Shard:
    """One generation's plays. Only the places that the ledger knows count: a play written by a
    process that was killed before it told the ledger is played again and never read."""

    def __init__(self, folder: Path, generation: int) -> None:
        self.path = folder / f"g{generation:04}{SUFFIX}"

    def append(self, play: Play) -> Place:
        """Write one play; raises ``OSError``, and leaves the file as it was, when it does not
        fit."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        data = encode(play)
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            start = os.fstat(fd).st_size
            if start and os.pread(fd, 1, start - 1) != b"\n":
                start += os.write(fd, b"\n")  # after a torn line, whose bytes nobody refers to
            try:
                written = os.write(fd, data)
                if written != len(data):
                    raise OSError(f"only {written} of {len(data)} bytes of a play fitted")
            except OSError:
                os.ftruncate(fd, start)
                raise
        finally:
            os.close(fd)
        return Place(start, start + len(data))

    def read(self, places: Iterator[Place] | list[Place]) -> Iterator[Play | None]:
        """The plays at ``places``, in their order; None for one that is damaged or gone."""
        from pydantic import ValidationError

        try:
            data = self.path.read_bytes()
        except OSError:
            data = b""
        for place in places:
            body = next((body for _, body in lines(data[place.start : place.end])), None)
            try:
                yield None if body is None else _adapter().validate_json(body)
            except ValidationError:
                yield None

    @property
    def size(self) -> int:
        """In bytes; 0 when there is none."""
        return self.path.stat().st_size if self.path.exists() else 0

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


@cache
def _adapter() -> TypeAdapter[Play]:
    from pydantic import TypeAdapter

    return TypeAdapter(Play)
