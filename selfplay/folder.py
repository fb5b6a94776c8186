"""A run's folder: what lies where, and one process at a time.

ledger.sqlite     everything the run knows about itself
shards/           plays, one file a generation
lessons/          what the plays teach, one file a generation; made from the shards
models/base       where it began; models/gNNNN: the newest champions, a challenger on trial
work/             checkpoints of a training in progress
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from reasoner.errors import RunError, UsageError

BASE = "base"
CHAMPIONS = 3  # kept besides the base: to go back to, and to compare with


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.shards, self.lessons = path / "shards", path / "lessons"
        self.models, self.work = path / "models", path / "work"

    @property
    def feedback(self) -> Path:
        """What saved runs teach."""
        return self.lessons / "runs.jsonl"

    def model(self, name: str) -> Path:
        return self.models / name

    def lesson_file(self, generation: int) -> Path:
        """What a generation's plays teach."""
        return self.lessons / f"{challenger(generation)}.jsonl"

    def retire(self, promoted: Sequence[str]) -> None:
        """Remove all models but the base and the newest of the champions, given oldest first:
        those that were rejected, too, and what a process that was killed left behind."""
        kept = {BASE, *promoted[-CHAMPIONS:]}
        for path in self.models.iterdir():
            if path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)

    def adopt(self, model: Path) -> None:
        """Copy the base model in, whole or not at all: the run must not change with its origin."""
        place_model(self.model(BASE), lambda draft: shutil.copytree(model, draft))


@contextmanager
def claim(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; raises :class:`RunError` when another one has it. The
    lock is the kernel's: it goes with the process however that ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise UsageError(f"expected a folder, found the file {folder}; give another one") from None
    fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(
                f"{folder} is in use by another process; wait for it to finish, or stop it"
            ) from None
        yield
    finally:
        os.close(fd)


def challenger(generation: int) -> str:
    """The name of a generation's challenger."""
    return f"g{generation:04}"


def place_model(path: Path, make: Callable[[Path], object]) -> None:
    """Let ``make`` fill a draft folder, then rename it to ``path``: there is never half a model."""
    if path.exists():
        return
    draft = path.with_name(path.name + ".part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.parent.mkdir(parents=True, exist_ok=True)
    make(draft)
    draft.rename(path)


def write_whole(path: Path, parts: Iterable[bytes]) -> None:
    """Written aside, flushed to disk and renamed: the file is whole or it is the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".part")
    with aside.open("wb") as file:
        file.writelines(parts)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
