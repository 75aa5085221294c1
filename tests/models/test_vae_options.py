"""Options of the variational autoencoder that the contract does not reach."""

import pytest
import torch
from torch import nn

from genbench.engine.ensemble import Ensemble
from genbench.models.vae import Vae
from genbench.tasks import binary_digits, ring8

TASK = binary_digits("dynamic")


def test_stages_grow_threefold_and_slow_down_to_a_tenth():
    phases = Vae(stages=8, rate=1e-3).phases(TASK)
    assert [phase.share for phase in phases] == [3**i for i in range(8)]
    rates = [phase.updates[0].optimizer.rate for phase in phases]
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
        def negative_elbo(self, nets, x, posterior, gaussian):
            seen.append(x)
            return super().negative_elbo(nets, x, posterior, gaussian)

    model = Spy(latent=2, width=4, dynamic=True)
    ensemble = Ensemble(model, TASK, (0,), 3, 16, "loop")
    ensemble.advance(ensemble.initial(), 3)
    assert {value for x in seen for value in x.unique().tolist()} == {0.0, 1.0}
    assert not torch.equal(seen[0], seen[1])


def test_points_have_no_grey_values():
    assert "grey values" in Vae(dynamic=True).refuses(ring8(samples=10))
