"""Options of the variational autoencoder that the contract does not reach."""

import pytest
import torch
from torch import nn

from genbench.engine.ensemble import Ensemble
from genbench.models.model import Batch
from genbench.models.vae import Vae
from genbench.registry import models
from genbench.tasks import binary_digits, ring8
from genbench.testing import MODEL_CHECKS, check_compiled_agrees

TASK = binary_digits("dynamic")


def test_stages_grow_threefold_and_slow_down_to_a_tenth():
    phases = Vae(stages=8, rate=1e-3).phases(TASK)
    assert [phase.share for phase in phases] == [3**i for i in range(8)]
    rates = [phase.updates[0].optimizers["vae"].rate for phase in phases]
    assert rates[0] == pytest.approx(1e-3)
    assert rates[-1] == pytest.approx(1e-4)


def test_the_nets_of_the_importance_weighted_paper():
    torch.manual_seed(0)
    net = Vae(latent=50, width=200, depth=2, activation="tanh", glorot=True).nets(TASK)["vae"]
    layers = list(net.encoder)
    assert [type(layer) for layer in layers] == [nn.Linear, nn.Tanh, nn.Linear, nn.Tanh, nn.Linear]
    first = layers[0]
    limit = (6 / (64 + 200)) ** 0.5
    assert 0.95 * limit < first.weight.abs().max() <= limit
    assert first.bias.abs().max() == 0


def test_dynamic_images_are_drawn_anew_with_their_grey_values_as_probabilities():
    seen = []

    class Spy(Vae):
        def negative_elbo(self, nets, x, *others):
            seen.append(x)
            return super().negative_elbo(nets, x, *others)

    model = Spy(latent=2, width=4, dynamic_binarization=True)
    ensemble = Ensemble(model, TASK, (0,), 3, 16, "loop")
    state = ensemble.initial()
    seen.clear()  # what a rehearsal showed it
    ensemble.advance(state, 3)
    assert {value for x in seen for value in x.unique().tolist()} == {0.0, 1.0}
    assert not torch.equal(seen[0], seen[1])


def test_points_have_no_grey_values():
    assert "grey values" in Vae(dynamic_binarization=True).refuses(ring8(samples=10))


def test_a_plain_autoencoder_ignores_the_noise():
    model = Vae(latent=2, width=4, beta=0, deterministic=True)
    ends = []
    for seed_of_noise in (0, 1):
        torch.manual_seed(seed_of_noise)
        ensemble = Ensemble(model, TASK, (0,), 1, 16, "loop")
        nets = ensemble.nets(ensemble.initial(), 0)
        ends.append(model.negative_elbo(nets, TASK.train[:16], torch.randn(16, 2), gaussian=False))
    assert ends[0].value == ends[1].value == ends[0].stats["vae/reconstruction_error"]


def test_without_reconstruction_the_codes_become_the_prior():
    ensemble = Ensemble(Vae(latent=2, width=4, reconstruction=0, rate=0.05), TASK, (0,), 100, 16, "loop")
    state = ensemble.initial()
    ensemble.advance(state, 1)
    signals = ensemble.advance(state, 100).read()
    nets = ensemble.nets(state, 0)
    mean, log_variance = nets["vae"].encode(TASK.train[:50])
    assert mean.abs().max() < 0.2
    assert log_variance.abs().max() < 0.2
    assert signals["vae/kl"][0] < 1


def test_warm_up_takes_its_share_in_ten_stairs():
    phases = Vae(warm_up=0.4, beta=2.0, stages=2).phases(TASK)
    shares = [phase.share for phase in phases]
    assert sum(shares[:10]) / sum(shares) == pytest.approx(0.4)
    assert shares[10:] == [1, 3]
    ensemble = Ensemble(Vae(latent=2, width=4), TASK, (0,), 1, 8, "loop")
    nets = ensemble.nets(ensemble.initial(), 0)
    batch = Batch(TASK.train[:8], torch.zeros(8, 0), {"posterior": torch.zeros(8, 2)})
    losses = [phase.updates[0].objective(nets, batch) for phase in phases]
    betas = [(loss.value - loss.stats["vae/reconstruction_error"]) / loss.stats["vae/kl"] for loss in losses]
    assert [beta.item() for beta in betas] == pytest.approx(
        [0.2 * i for i in range(1, 11)] + [2, 2], rel=1e-3
    )


@pytest.mark.parametrize(("progress", "share"), [(0.0, 0.0), (0.1, 0.25), (0.4, 1.0), (0.9, 1.0)])
def test_without_restarts_beta_grows_with_the_run(progress, share):
    model = Vae(latent=2, width=4, warm_up=0.4, beta=2.0, restarts=False)
    (phase,) = model.phases(TASK)
    ensemble = Ensemble(model, TASK, (0,), 1, 8, "loop")
    nets = ensemble.nets(ensemble.initial(), 0)
    batch = Batch(TASK.train[:8], torch.zeros(8, 0), {"posterior": torch.zeros(8, 2)}, torch.tensor(progress))
    loss = phase.updates[0].objective(nets, batch)
    weighed = loss.value - loss.stats["vae/reconstruction_error"]
    assert (weighed / loss.stats["vae/kl"]).item() == pytest.approx(2 * share, abs=1e-3)


@pytest.mark.parametrize(
    ("progress", "stage"), [(0.0, 0), (0.53, 0), (0.54, 1), (0.65, 1), (0.66, 2), (0.99, 2)]
)
def test_without_restarts_the_rate_falls_where_stages_begin(progress, stage):
    """Of the half that is left by the warm-up the stages take 1, 3 and 9 thirteenths."""
    (phase,) = Vae(warm_up=0.5, stages=3, rate=0.1, restarts=False).phases(TASK)
    optimizer = phase.updates[0].optimizers["vae"]
    assert optimizer.rate == 0.1
    flat = torch.zeros(3)
    step, _ = optimizer.update(torch.ones(3), optimizer.init(flat), flat, torch.tensor(progress))
    begin = [0.5 + 0.5 * before / 13 for before in (0, 1, 4)]
    assert stage == sum(progress >= share for share in begin[1:])
    torch.testing.assert_close(step, torch.full((3,), -0.1 * 10 ** (-stage / 7)))


@pytest.mark.parametrize("backend", ["loop", "batched"])
@pytest.mark.parametrize("restarts", [False, True])
def test_adam_counts_all_steps_unless_it_restarts(restarts, backend):
    model = Vae(latent=2, width=4, warm_up=0.5, stages=2, restarts=restarts)
    ensemble = Ensemble(model, TASK, (0, 1), 20, 8, backend)
    state = ensemble.initial()
    ensemble.advance(state, 20)
    states = state.optimizers.values()
    counts = {v.max().item() for own in states for name, v in own.items() if name.endswith("count")}
    assert counts == {20} if not restarts else max(counts) < 20


def test_restarts_are_the_default_and_change_nothing_where_there_is_one_stretch():
    assert models["vae"].resolve({})["restarts"] is True
    assert len(Vae(warm_up=0.5, stages=2).phases(TASK)) == 12
    ends = []
    for restarts in (True, False):
        ensemble = Ensemble(Vae(latent=2, width=4, restarts=restarts), TASK, (0,), 3, 8, "loop")
        state = ensemble.initial()
        ensemble.advance(state, 3)
        ends.append(state.players["vae"])
    assert torch.equal(*ends)


@pytest.mark.parametrize("check", [*MODEL_CHECKS, check_compiled_agrees], ids=lambda check: check.__name__)
def test_one_stretch_keeps_the_contract(check):
    check(Vae(latent=2, width=8, warm_up=0.4, stages=2, restarts=False), TASK)


def test_free_bits_cost_nothing_below_the_limit():
    ensemble = Ensemble(Vae(latent=3, width=4), TASK, (0,), 1, 8, "loop")
    nets = ensemble.nets(ensemble.initial(), 0)
    x, zeros = TASK.train[:8], torch.zeros(8, 3)
    plain, free = (Vae(latent=3, free_bits=bits).negative_elbo(nets, x, zeros, False) for bits in (0, 5.0))
    assert plain.stats["vae/kl"] < 5
    assert free.value - free.stats["vae/reconstruction_error"] == pytest.approx(15)
    assert free.stats["vae/kl"] == plain.stats["vae/kl"]
