"""Against GRPO from trl: what the same minutes on the same problems give to the same model.

trl is in no extra: it has an environment of its own (``pip install trl==1.16.0`` beside the
project), and this benchmark is left out elsewhere.
"""

from __future__ import annotations

import argparse
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

from rich.console import Console

from reasoner.catalog import BUNDLED
from reasoner.cli.bars import Bars
from reasoner.engine import Completion, Finish
from reasoner.policy import LINE_TOKENS
from selfplay import network as networks
from selfplay.corpus import MIX, fresh_problem
from selfplay.folder import place_model
from selfplay.ledger import Ledger
from selfplay.loop import improve
from selfplay.rollouts import read
from selfplay.settings import Settings
from selfplay.status import champion
from selfplay.workers import LocalWorker

from ._report import answers, write
from .improve import measure, row

LEVELS = (3, 4, 5, 6)
GROUP = 8  # lines of a problem that are compared
BATCH = 64  # lines of a step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=1e-4, help="GRPO's learning rate")
    parser.add_argument("--base", type=Path, default=BUNDLED / "tiny")
    options = parser.parse_args()
    if find_spec("trl") is None:
        print("left out: it needs trl in an environment of its own", file=sys.stderr)
        return
    home, seconds = answers("grpo"), 60 * options.minutes
    steps = train(options.base, home / "grpo", seconds, options.seed, options.rate)
    ours = search_and_learn(options.base, home / "improve", seconds, options.seed)
    found = {
        "the shipped model": measure(options.base),
        "GRPO (trl)": measure(home / "grpo"),
        "reasoner improve": measure(ours),
    }
    write(
        "grpo",
        {
            "what": f"{options.minutes:g} minutes of countdown each, from the shipped model. GRPO "
            f"made {steps} steps of {BATCH} lines, {GROUP} a problem, at a rate of "
            f"{options.rate:g}, and passed no arena. System 1's answers, percent [95 % Wilson "
            "interval].",
            "seed": options.seed,
            "minutes": options.minutes,
            "rate": options.rate,
        },
        {"steps": steps, **found},
        [row(name, measured) for name, measured in found.items()],
    )


def search_and_learn(base: Path, folder: Path, seconds: float, seed: int) -> Path:
    """The best model of a run of its own."""
    settings = Settings(model="tiny", domains=("countdown",), seed=seed).scaled(seconds)
    with Bars(Console(stderr=True)) as bars:
        improve(folder, base, settings, lambda: LocalWorker(settings.lease_s), bars,
                seconds=seconds)  # fmt: skip
    ledger = Ledger(folder)
    best = folder / "models" / champion(ledger)
    ledger.close()
    return best


def train(base: Path, out: Path, seconds: float, seed: int, rate: float) -> int:
    """GRPO for so long, into the model folder ``out``; returns its steps."""
    from datasets import Dataset
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast, TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    rng = Random(f"grpo {seed}")
    weights = [MIX["countdown", level] for level in LEVELS]
    levels = rng.choices(LEVELS, weights, k=20_000)
    problems = [fresh_problem(rng, "countdown", level) for level in levels]

    def reward(completions: list[str], number: list[int], **_: object) -> list[float]:
        texts = [Completion(t, 1, 0, 0.0, Finish.END, None) for t in completions]
        lines = [read(problems[n], text) for n, text in zip(number, texts, strict=True)]
        return [float(line.right) for line in lines]

    class Deadline(TrainerCallback):
        began = time.monotonic()

        def on_step_end(self, args: Any, state: Any, control: Any, **_: object) -> None:
            control.should_training_stop = time.monotonic() - self.began >= seconds

    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_file=str(base / "tokenizer.json"), pad_token="<pad>", eos_token="<end>"
    )
    model = LlamaForCausalLM.from_pretrained(base, dtype="float32")
    trainer = GRPOTrainer(
        model=model,
        reward_funcs=reward,
        args=GRPOConfig(
            output_dir=str(out.parent / "trl"), max_steps=1_000_000, learning_rate=rate,
            lr_scheduler_type="constant_with_warmup", warmup_steps=10, beta=0.0, temperature=1.0,
            per_device_train_batch_size=BATCH, num_generations=GROUP,
            max_completion_length=LINE_TOKENS, use_cpu=True, bf16=False, seed=seed,
            save_strategy="no", report_to="none", logging_steps=10, disable_tqdm=True,
        ),
        train_dataset=Dataset.from_list(
            [{"prompt": p.prompt, "number": n} for n, p in enumerate(problems)]
        ),
        processing_class=tokenizer,
        callbacks=[Deadline()],
    )  # fmt: skip
    trainer.train()

    def make(draft: Path) -> None:
        network = networks.load(base)
        state = {k.removeprefix("model."): v for k, v in model.state_dict().items()}
        network.load_state_dict({k: v for k, v in state.items() if k != "lm_head.weight"})
        networks.save(network, draft, tokenizer.eos_token_id, tokenizer.pad_token_id)
        for name in ("tokenizer.json", "calibration.json"):
            (draft / name).write_bytes((base / name).read_bytes())

    place_model(out, make)
    return int(trainer.state.global_step)


if __name__ == "__main__":
    main()
