"""The learner: same Llama as everybody's, exact resume, sound curves."""

from dataclasses import replace
from functools import partial
from itertools import count, pairwise, repeat
from random import Random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reasoner.calibration import Calibration, apply, load, save
from reasoner.errors import ModelError
from reasoner.evaluate.stats import brier, calibration_error, reliability
from selfplay import learner, muon
from selfplay import network as networks
from selfplay.isotonic import fit
from selfplay.learner import (
    STRIKES,
    Diverged,
    Recipe,
    _resume,
    _save,
    _State,
    losses,
    optimisers,
    train,
)
from selfplay.lesson import IGNORE, Batch
from tests.selfplay.room import room_for

NOTHING = torch.empty(0, 2, dtype=torch.int64)
UNCHOSEN = torch.empty(0, 2, dtype=torch.int64), torch.empty(0), 0
SHAPE = networks.Shape(64, 64, 128, 2, 2, 1)


def batches(start, pairs=NOTHING):
    """Learn to count modulo 50; label 62/63 stand for good and bad."""
    while True:
        generator = torch.Generator().manual_seed(start)
        first = torch.randint(0, 50, (4, 1), generator=generator)
        ids = (first + torch.arange(16)) % 50
        labels = (ids + 1) % 50
        labels[:, -1] = 62
        labels[:, 0] = IGNORE
        positions = torch.arange(16).expand(4, 16)
        mask = torch.ones(4, 1, 16, 16, dtype=torch.bool).tril()
        yield Batch(ids, labels, positions, mask, pairs, *UNCHOSEN)
        start += 1


def fresh():
    torch.manual_seed(3)
    return networks.Network(SHAPE)


def run(path, steps=12, network=None, recipe_steps=12, report=lambda p: None):
    network = network or fresh()
    recipe = Recipe(recipe_steps, rate=1e-2, warmup=2, checkpoint_every=4)
    limited = lambda start: (b for b, _ in zip(batches(start), range(steps - start)))  # noqa: B905, E731
    train(network, limited, recipe, good=62, bad=63, checkpoint=path, report=report)
    return network


def test_loss_falls(tmp_path):
    seen = []
    run(tmp_path / "c.pt", 60, recipe_steps=60, report=seen.append)
    assert seen[-1].policy_loss < 0.7 * seen[0].policy_loss
    assert seen[-1].value_loss < seen[0].value_loss


def test_a_killed_run_resumes_to_the_same_weights(tmp_path):
    """Cut after step 6 (checkpoint at 4): the second sitting repeats 5 and 6 and goes on."""
    whole = run(tmp_path / "whole.pt")
    run(tmp_path / "cut.pt", steps=6)
    resumed = run(tmp_path / "cut.pt")
    for a, b in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_training_multiplies_in_what_the_processor_knows(tmp_path, monkeypatch, dtype):
    """Without it, bfloat16 took 75 s a step where float32 takes 3."""
    monkeypatch.setattr(learner, "fastest_dtype", lambda: dtype)
    used = []

    def watched(*arguments):
        used.append(torch.is_autocast_enabled("cpu"))
        return losses(*arguments)

    monkeypatch.setattr(learner, "losses", watched)
    monkeypatch.setattr(muon, "orthogonal", partial(_noted, used, muon.orthogonal))
    run(tmp_path / "a.pt", steps=1)
    assert set(used) == {dtype is torch.bfloat16, dtype}


def _noted(used, orthogonal, matrix, dtype):
    used.append(dtype)
    return orthogonal(matrix, dtype)


def test_muon_is_torchs():
    generator = torch.Generator().manual_seed(0)
    for shape in ((32, 32), (16, 48), (48, 16)):
        start = torch.randn(shape, generator=generator)
        ours, theirs, single = (torch.nn.Parameter(start.clone()) for _ in range(3))
        steps = (
            muon.Muon([ours], 1e-2, 0.01, dtype=torch.bfloat16),
            torch.optim.Muon([theirs], lr=1e-2, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
            muon.Muon([single], 1e-2, 0.01),
        )
        for _ in range(3):
            grad = torch.randn(shape, generator=generator)
            for matrix, optimiser in zip((ours, theirs, single), steps, strict=True):
                matrix.grad = grad.clone()
                optimiser.step()
        assert torch.equal(ours, theirs)
        assert (single - theirs).abs().max() < 0.05 * (theirs - start).abs().max()


def test_another_recipes_checkpoint_is_refused(tmp_path):
    run(tmp_path / "c.pt")
    with pytest.raises(ValueError, match="belongs to a run of 12 steps"):
        run(tmp_path / "c.pt", recipe_steps=13)


def test_a_step_that_is_not_finite_is_left_out(tmp_path, monkeypatch):
    network = fresh()
    before = [p.clone() for p in network.parameters()]
    real = networks.Network.logits
    monkeypatch.setattr(networks.Network, "logits", lambda self, h: real(self, h) * float("nan"))
    run(tmp_path / "c.pt", steps=2, network=network)
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))


def spoiled(monkeypatch, when):
    """Logits turn to NaN in the forward passes whose number ``when`` accepts."""
    real, passes = networks.Network.logits, count()
    spoil = lambda: float("nan") if when(next(passes)) else 1.0  # noqa: E731
    monkeypatch.setattr(networks.Network, "logits", lambda self, h: real(self, h) * spoil())


def test_bad_batches_in_a_row_roll_back_and_training_recovers(tmp_path, monkeypatch):
    spoiled(monkeypatch, lambda n: 5 <= n < 5 + STRIKES)
    seen = []
    run(tmp_path / "c.pt", 30, recipe_steps=12, report=seen.append)
    steps = [progress.step for progress in seen]
    assert steps == [*range(1, 10), *range(5, 13)], "back to the checkpoint of step 4"
    assert all(p.isfinite().all() for p in networks_of(tmp_path / "c.pt"))


def networks_of(path):
    return torch.load(path, weights_only=True)["network"].values()


def test_training_that_never_recovers_stops(tmp_path, monkeypatch):
    spoiled(monkeypatch, lambda n: n >= 5)
    with pytest.raises(Diverged):
        run(tmp_path / "c.pt", steps=100)
    assert all(p.isfinite().all() for p in networks_of(tmp_path / "c.pt"))


def test_an_exploding_loss_is_left_out():
    state = _State()
    assert not any(state.is_bad({"lines": 2.0}) for _ in range(5))
    assert state.is_bad({"lines": 50.0})
    assert state.is_bad({"lines": float("inf")})
    assert not state.is_bad({"lines": 2.5})
    assert state.strikes == 0


def test_a_killed_rollback_goes_on_as_one(tmp_path):
    """What a rollback has learnt (other batches, half the rate) is in the checkpoint."""
    network = fresh()
    recipe = Recipe(12, rate=1e-2, warmup=2)
    opts = optimisers(network, recipe)
    _save(network, opts, tmp_path / "c.pt", _State(step=4, shift=5, rollbacks=1), recipe)
    assert _resume(network, opts, tmp_path / "c.pt", recipe) == _State(4, 5, 1)


@pytest.mark.parametrize("damage", [b"", b"half of it"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(tmp_path, damage):
    whole = run(tmp_path / "whole.pt")
    run(tmp_path / "c.pt", steps=9)  # checkpoints at 4 and 8
    (tmp_path / "c.pt").write_bytes(damage)
    with pytest.warns(UserWarning, match="goes on from the one before"):
        run(tmp_path / "c.pt", steps=9)  # killed again, after one more checkpoint
    assert torch.load(tmp_path / "c.before")["step"] == 4, "the whole one, not the damaged one"
    resumed = run(tmp_path / "c.pt")
    for a, b in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_missing_checkpoint_falls_back_loudly(tmp_path):
    """As after a kill between the two renames of a save."""
    whole = run(tmp_path / "whole.pt")
    run(tmp_path / "c.pt", steps=9)
    (tmp_path / "c.pt").unlink()
    with pytest.warns(UserWarning, match="found none; training goes on from the one before"):
        resumed = run(tmp_path / "c.pt")
    for a, b in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path):
    run(tmp_path / "c.pt", steps=6)
    before = (tmp_path / "c.pt").read_bytes()
    with room_for(len(before) // 2), pytest.raises(OSError, match="too large"):
        run(tmp_path / "c.pt")
    assert (tmp_path / "c.pt").read_bytes() == before
    run(tmp_path / "c.pt")


def test_the_reference_holds_the_network_back(tmp_path):
    apart = []
    for kl in (0.0, 10.0):
        network, reference = fresh(), fresh().eval()
        recipe = Recipe(12, rate=1e-2, warmup=2, kl=kl)
        train(network, batches, recipe, good=62, bad=63, checkpoint=tmp_path / f"{kl}.pt",
              reference=reference)  # fmt: skip
        apart.append(losses(network, next(batches(99)), 62, 63, reference).divergence.item())
    assert 0 < apart[1] < 0.3 * apart[0]
    assert losses(reference, next(batches(99)), 62, 63, reference).divergence.item() < 1e-6


def test_of_a_pair_the_better_one_gets_the_higher_value(tmp_path):
    """Compared alone, and learned by heart: each row's last place against the one before it."""
    places = torch.tensor([[16 * row + 15, 16 * row + 14] for row in range(4)])
    one = next(batches(7, places))
    one = replace(one, labels=torch.full_like(one.labels, IGNORE))
    network, recipe = fresh(), Recipe(30, rate=1e-2, warmup=2)
    before = losses(network, one, 62, 63)
    train(network, lambda start: repeat(one), recipe, good=62, bad=63, checkpoint=tmp_path / "c")
    after = losses(network, one, 62, 63)
    assert after.pair < 0.5 * before.pair
    assert before.policy == after.policy == 0
    assert losses(network, next(batches(99)), 62, 63).pair == 0, "nothing is compared"


def test_exported_weights_are_a_llama(tmp_path):
    transformers = pytest.importorskip("transformers")
    network = fresh()
    with torch.no_grad():
        for p in network.parameters():  # ship what bf16 can hold, so that both read the same
            p.copy_(p.to(torch.bfloat16).float())
    networks.save(network, tmp_path, end=1, pad=0)
    theirs = transformers.LlamaForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
    ids = torch.tensor([[5, 9, 2, 33, 7]])
    mask = torch.ones(1, 1, 5, 5, dtype=torch.bool).tril()
    with torch.inference_mode():
        mine = network.eval().logits(network(ids, torch.arange(5)[None], mask))
        assert torch.allclose(mine, theirs(ids).logits, atol=1e-4)
    again = networks.load(tmp_path)
    for a, b in zip(network.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)


pairs = st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0.0, 1.0])), min_size=1, max_size=400)


@given(pairs)
def test_isotonic_curves_rise_and_stay_inside(rows):
    curve = fit(rows)
    assert all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(curve))
    assert all(0 < y < 1 for _, y in curve)


def test_calibration_repairs_overconfidence():
    rng = Random(0)
    truth = [rng.random() for _ in range(4000)]
    rows = [(p**0.25, float(rng.random() < p)) for p in truth]  # raw says far too much
    curve = fit(rows[:2000])
    mended = [(apply(curve, x), y) for x, y in rows[2000:]]
    before, after = list(zip(*rows[2000:], strict=True)), list(zip(*mended, strict=True))
    assert calibration_error(reliability(*after)) < 0.06
    assert calibration_error(reliability(*before)) > 0.06
    assert brier(*after) < brier(*before)


@given(st.floats(-1, 2))
def test_curves_are_flat_beyond_their_ends(x):
    curve = [(0.2, 0.1), (0.5, 0.5), (0.5, 0.6), (0.9, 0.8)]
    assert 0.1 <= apply(curve, x) <= 0.8


def test_calibration_files(tmp_path):
    assert load(tmp_path) == Calibration()
    assert load(tmp_path).value_of("anything")(0.3) == 0.3
    save(Calibration({"countdown": [(0.0, 0.1), (1.0, 0.9)]}), tmp_path)
    assert load(tmp_path).value_of("countdown")(0.5) == pytest.approx(0.5)
    path = tmp_path / "calibration.json"
    path.write_text('{"value": {"x": [[0, 1], [1, 0]]}, "confidence": {}}')
    with pytest.raises(ModelError, match="falls"):
        load(tmp_path)
    path.write_text("{")
    with pytest.raises(ModelError):
        load(tmp_path)


def test_adapters_learn_and_merge_into_plain_matrices(tmp_path):
    pytest.importorskip("peft")
    from selfplay.adapters import adapt, merged

    network, before = fresh(), fresh()
    adapt(network, 4, seed=1)
    run(tmp_path / "c.pt", 30, network=network, recipe_steps=30)
    plain, batch = merged(network), next(batches(7))
    args = batch.ids, batch.positions, batch.mask
    assert torch.allclose(plain(*args), network(*args), atol=1e-4)
    assert not torch.allclose(plain(*args), before(*args), atol=1e-2)
    assert torch.equal(plain.embed_tokens.weight, before.embed_tokens.weight), "frozen"
    assert set(plain.state_dict()) == set(before.state_dict())
    again = fresh()
    adapt(again, 4, seed=1)
    run(tmp_path / "d.pt", 13, network=again, recipe_steps=30)  # killed
    again = fresh()
    adapt(again, 4, seed=1)
    run(tmp_path / "d.pt", 30, network=again, recipe_steps=30)
    for a, b in zip(plain.parameters(), merged(again).parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-6)


def test_lessons_that_cost_more_are_no_explosion() -> None:
    """Stage 1 goes over from whole lines to choices, which have nats that none can learn."""
    state, lines = _State(), {"lines": 0.4}
    assert not any(state.is_bad(lines) for _ in range(50))
    assert not any(state.is_bad(lines | {"choices": 4.0}) for _ in range(50))
    assert state.is_bad({"lines": 2.0, "choices": 4.0})
    assert state.is_bad(lines | {"choices": 20.0})
    assert not state.is_bad(lines), "a batch may have none"
