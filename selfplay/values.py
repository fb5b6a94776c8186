"""The value token: trained on roll-outs, calibrated on fresh ones, measured on fresher ones."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from random import Random

import torch
from tokenizers import Tokenizer

from reasoner.calibration import Calibration
from reasoner.evaluate.stats import brier, calibration_error, reliability
from search.answers import Answers
from search.proposal import Outcome
from verifiers import Problem, domain

from .corpus import encoder, expert_lesson, specials
from .folder import write_whole
from .isotonic import Pair, fit
from .lesson import Batch, Lesson, fill_rows, lesson, pack
from .network import Network
from .rollouts import Rollout

_VOTES = (1, 2, 4, 8)  # pool sizes at which confidence is calibrated: early and late in a think


def experience(
    tokenizer: Tokenizer, rollouts: Sequence[Rollout], seed: int, start: int, rows: int, length: int
) -> Iterator[Batch]:
    """Batches ``start``, ``start + 1``, ...: half roll-outs for the value, half experts'
    so that the policy forgets nothing."""
    special, encode = specials(tokenizer), encoder(tokenizer)
    weights = [r.count for r in rollouts]
    for number in count(start):
        rng = Random(f"{seed} experience {number}")
        found = iter(rng.choices(rollouts, weights, k=20_000))

        def draw(rng: Random = rng, found: Iterator[Rollout] = found) -> Lesson:
            if rng.random() < 0.5:
                one = next(found)
                return lesson(one.problem, one.judged_steps(), one.done, encode, special)
            return expert_lesson(rng, encode, special, length)

        yield pack(fill_rows(draw, rows, length), length, special.pad)


def write(rollouts: Sequence[Rollout], path: Path) -> None:
    """One JSON line each, references included: these are training data."""
    write_whole(path, (f"{json.dumps(_row(rollout))}\n".encode() for rollout in rollouts))


def _row(r: Rollout) -> list[object]:
    p = r.problem
    about = [p.domain, p.prompt, dict(p.data), p.reference, p.level]
    return [*about, r.steps, r.done, r.right, r.count]


def read(path: Path) -> list[Rollout]:
    rollouts = []
    for line in path.read_text("utf-8").splitlines():
        name, prompt, data, reference, level, steps, done, right, times = json.loads(line)
        data = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
        problem = Problem(name, prompt, "", data, reference, level)
        rollouts.append(Rollout(problem, tuple(steps), done, right, times))
    return rollouts


@torch.inference_mode()
def raw_values(
    network: Network, tokenizer: Tokenizer, rollouts: Sequence[Rollout]
) -> list[list[float]]:
    """Raw P(good) after each step of each roll-out, parallel to ``rollouts`` and their steps."""
    special, encode = specials(tokenizer), encoder(tokenizer)
    lessons = [lesson(r.problem, r.judged_steps(), r.done, encode, special) for r in rollouts]
    order = sorted(range(len(lessons)), key=lambda i: len(lessons[i].ids))
    values: list[list[float]] = [[] for _ in lessons]
    for start in range(0, len(order), 128):
        part = order[start : start + 128]
        batch = pack([[lessons[i]] for i in part], len(lessons[part[-1]].ids), special.pad)
        hidden = network(batch.ids, batch.positions, batch.mask)
        for row, i in enumerate(part):
            at = [t for t, token in enumerate(lessons[i].ids) if token == special.value]
            logits = network.logits(hidden[row, at])
            values[i] = torch.sigmoid(logits[:, special.good] - logits[:, special.bad]).tolist()
    return values


def value_pairs(
    rollouts: Sequence[Rollout], values: Sequence[Sequence[float]]
) -> dict[str, list[Pair]]:
    """(raw value, outcome) of every state on every line, by domain.

    A search values no step that is not allowed, so neither does this.
    """
    pairs: dict[str, list[Pair]] = defaultdict(list)
    for r, raw in zip(rollouts, values, strict=True):
        legal = domain(r.problem.domain).state_key(r.problem, r.steps) is not None
        states = raw if legal else raw[:-1]
        if states:
            pairs[r.problem.domain] += [(v, float(r.right)) for v in states] * r.count
    return pairs


def confidence_pairs(
    rollouts: Sequence[Rollout], values: Sequence[Sequence[float]], curves: Calibration, seed: int
) -> dict[str, list[Pair]]:
    """(confidence, right) of the answer that pools of a few lines would give, by domain."""
    rng = Random(seed)
    by_problem: dict[str, list[tuple[Rollout, float]]] = defaultdict(list)
    for r, raw in zip(rollouts, values, strict=True):
        if r.done and raw:
            known = curves.value_of(r.problem.domain)(raw[-1])
            by_problem[r.problem.prompt] += [(r, known)] * r.count
    pairs: dict[str, list[Pair]] = defaultdict(list)
    for lines in by_problem.values():
        family = domain(lines[0][0].problem.domain)
        if family.self_checking:
            continue
        for votes in _VOTES:
            pool, truth = Answers(), {}
            for r, value in rng.sample(lines, min(votes, len(lines))):
                answer = family.answer(r.problem, r.steps) or ""
                group = family.normalise(answer)
                truth[group] = r.right
                pool.vote(Outcome(answer, group), 1.0, value, (0,))
            best = pool.best()
            if best is not None:
                pairs[family.name].append((best.confidence, float(truth[best.group])))
    return pairs


def fit_curves(pairs: dict[str, list[Pair]]) -> dict[str, list[tuple[float, float]]]:
    return {name: fit(rows) for name, rows in sorted(pairs.items())}


def calibrated(
    rollouts: Sequence[Rollout], values: Sequence[Sequence[float]], seed: int
) -> Calibration:
    """Both curves of every domain, of the value and then of the confidence that rests on it."""
    curves = Calibration(fit_curves(value_pairs(rollouts, values)))
    sure = confidence_pairs(rollouts, values, curves, seed)
    return Calibration(curves.value, fit_curves(sure))


def measure(
    pairs: dict[str, list[Pair]], curve_of: Callable[[str], Callable[[float], float]]
) -> dict[str, object]:
    """Brier score, calibration error and reliability table, by domain and over all."""
    report: dict[str, object] = {}
    everything: list[Pair] = []
    for name, rows in sorted(pairs.items()):
        curve = curve_of(name)
        calibrated = [(curve(x), y) for x, y in rows]
        everything += calibrated
        report[name] = _summary(calibrated) | {
            "brier_raw": round(brier(*zip(*rows, strict=True)), 4)
        }
    if everything:
        report["all"] = _summary(everything)
    return report


def _summary(pairs: Sequence[Pair]) -> dict[str, object]:
    told, came = zip(*pairs, strict=True)
    base = sum(came) / len(came)
    table = reliability(told, came)
    return {
        "states": len(pairs),
        "brier": round(brier(told, came), 4),
        "brier_of_base_rate": round(base * (1 - base), 4),
        "calibration_error": round(calibration_error(table), 4),
        "reliability": [[round(b.confidence, 3), round(b.accuracy, 3), b.n] for b in table],
    }
