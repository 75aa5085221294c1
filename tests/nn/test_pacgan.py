"""The dense nets of PacGAN's planar experiments."""

import torch
from torch import nn

from genbench.engine.ensemble import Ensemble
from genbench.models.gans import gan
from genbench.nn.pacgan import PIECES, Maxout, maxout_critic, norm_generator
from genbench.tasks import ring8


def test_a_maxout_unit_is_the_largest_of_its_linear_functions():
    layer = Maxout(3, 2)
    x = torch.randn(7, 3)
    each = (x @ layer.linear.weight.t() + layer.linear.bias).view(7, 2, PIECES)
    assert torch.equal(layer(x), each.max(2).values)
    assert layer(x).shape == (7, 2)


def test_published_sizes_and_start():
    torch.manual_seed(0)
    nets = gan(latent=2, architecture="pacgan", width=400, depth=4).nets(ring8(samples=10))
    linear = {name: [m for m in net.modules() if isinstance(m, nn.Linear)] for name, net in nets.items()}
    assert [m.out_features for m in linear["generator"]] == [400, 400, 400, 400, 2]
    assert [m.out_features for m in linear["critic"]] == [1000, 1000, 1000, 1]
    wide = linear["critic"][1].weight.detach()
    assert abs(float(wide.std()) - 0.02) < 1e-3
    assert linear["generator"][0].bias.abs().max() == 0


def test_the_generator_normalises_every_hidden_layer():
    net = norm_generator(2, (3,), 8, 2, nn.Identity())
    assert sum(isinstance(m, nn.BatchNorm1d) for m in net) == 2
    hidden = nn.Sequential(*list(net)[:2])(10 + 5 * torch.randn(500, 2))
    assert hidden.mean(0).abs().max() < 1e-4
    assert net(torch.randn(5, 2)).shape == (5, 3)
    assert maxout_critic((3,), 4, 1)(torch.randn(5, 3)).shape == (5,)


def test_both_backends_train_them_alike():
    task = ring8(samples=200)
    model = gan(latent=2, architecture="pacgan", width=16, depth=3)
    trained = []
    for backend in ("batched", "loop"):
        ensemble = Ensemble(model, task, (0, 1), 5, 20, backend)
        state = ensemble.initial()
        ensemble.advance(state, 5)
        trained.append(state.players)
    for name, parameters in trained[0].items():
        torch.testing.assert_close(parameters, trained[1][name], rtol=1e-3, atol=1e-4)
