"""One thread: these networks are too small to share, and CI's cores are busy."""

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    torch.set_num_threads(1)
