"""``reasoner ask``: one question, one budget, one answer."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .options import UnsafeExec


def ask(
    question: Annotated[str, typer.Argument(help="The question; - reads standard input.")],
    think: Annotated[
        str, typer.Option(help="How long to think: 90s, 10m, 1h30m, or a number of seconds.")
    ] = "30s",
    model: Annotated[
        str, typer.Option(help="tiny, hf:FOLDER, vllm:FOLDER, openai:URL#MODEL or folder.")
    ] = "tiny",
    strategy: Annotated[
        str, typer.Option(help="auto, greedy, sample, best-of-n, beam, mcts or puct.")
    ] = "auto",
    stop_when: Annotated[
        str, typer.Option(help="Stop early once verified, or confident; or never (budget).")
    ] = "confident",
    max_tokens: Annotated[int | None, typer.Option(help="Most tokens to compute.")] = None,
    max_nodes: Annotated[int | None, typer.Option(help="Most states to search.")] = None,
    max_dollars: Annotated[
        float | None, typer.Option(help="Most to pay; needs a model with a price.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Where chance begins.")] = 0,
    verifier: Annotated[
        str | None,
        typer.Option(
            metavar="VERIFIER",
            help="Judge answers by this: a name, ./file.py:function or module:function.",
            show_default=False,
        ),
    ] = None,
    unsafe_exec: UnsafeExec = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say the plan, and what was measured for it.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    no_save: Annotated[bool, typer.Option("--no-save", help="Do not save this run.")] = False,
) -> int:
    """Think about QUESTION for as long as allowed and print the best answer."""
    from ..agent import Reasoner
    from ..question import MAX_BYTES, decode_question
    from .conduct import conduct

    if question == "-":
        question = decode_question(sys.stdin.buffer.read(MAX_BYTES + 64))
    thinking = Reasoner(model, verifier=verifier).stream(
        question,
        think,
        strategy=strategy,
        stop_when=stop_when,
        max_tokens=max_tokens,
        max_nodes=max_nodes,
        max_dollars=max_dollars,
        seed=seed,
        save=not no_save,
        unsafe_exec=unsafe_exec,
    )
    return conduct(thinking, json=json, explain=explain)
