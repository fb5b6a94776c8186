"""``python -m tests.verifiers.fuzz -max_total_time=60``: atheris looks for texts that do harm."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["verifiers"]):
    from tests.verifiers.poke import poke, state


def main() -> None:
    poke("x")  # what is imported late is imported now
    before = state()

    def one(data: bytes) -> None:
        poke(atheris.FuzzedDataProvider(data).ConsumeUnicode(len(data)))
        assert state() == before

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
