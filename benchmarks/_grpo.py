"""GRPO (Shao et al. 2024) by trl, on the bundled model and with our verifiers, as a baseline."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random
from typing import Any

from reasoner.engine import Completion, Finish
from reasoner.policy import AGAIN, LINE_TOKENS
from selfplay import network as networks
from selfplay.corpus import MIX, fresh_problem
from selfplay.folder import place_model
from selfplay.rollouts import read
from verifiers import Problem

LEVELS = (3, 4, 5, 6)
GROUP = 8  # lines of a problem that are compared
BATCH = 64  # lines of a step


def train(base: Path, out: Path, seconds: float, seed: int, rate: float) -> None:
    """GRPO for so many seconds, into the model folder ``out``."""
    if out.exists():
        return
    from datasets import Dataset
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast, TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    rng = Random(f"grpo {seed}")
    weights = [MIX["countdown", level] for level in LEVELS]
    levels = rng.choices(LEVELS, weights, k=20_000)
    problems = [fresh_problem(rng, "countdown", level) for level in levels]

    def reward(completions: list[str], number: list[int], **_: object) -> list[float]:
        return [
            float(read(problems[n], said(problems[n], text)).right)
            for n, text in zip(number, completions, strict=True)
        ]

    def said(problem: Problem, text: str) -> Completion:
        """What counts: the last line, where those before it were taken back."""
        last = text.removesuffix(AGAIN).split(AGAIN)[-1].removeprefix(problem.prompt)
        return Completion(last, 1, 0, 0.0, Finish.END, None)

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
