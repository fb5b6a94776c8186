"""One thread: these networks are too small to share, and CI's cores are busy. One home for all:
the verifiers that mint their training data stand their tests once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def _one_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REASONER_HOME", str(tmp_path_factory.mktemp("home")))
        yield
