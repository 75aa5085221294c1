"""Flat parameters mean the same as the module they came from."""

import pytest
import torch
from torch import nn

from genbench.engine.nets import Layout, bind, flatten
from genbench.nn.dcgan import DCGAN, conv_critic
from genbench.nn.vae import Vae


@pytest.fixture
def module():
    return conv_critic((1, 8, 8), 4, DCGAN)


def test_round_trip(module):
    parts = Layout(module).split(flatten(module))
    for part, parameter in zip(parts, module.parameters(), strict=True):
        assert torch.equal(part, parameter)


def test_two_seeds_share_a_shell_without_mixing():
    module = nn.Linear(2, 1, bias=False)
    layouts = {"net": Layout(module)}
    one, two = (bind(layouts, {"net": torch.full((2,), value)}, {})["net"] for value in (1.0, 2.0))
    x = torch.ones(1, 2)
    assert [one(x).item(), two(x).item(), one(x).item()] == [2.0, 4.0, 2.0]


def test_call_is_the_modules(module):
    x = torch.rand(6, 1, 8, 8)
    net = bind({"critic": Layout(module)}, {"critic": flatten(module)}, {})["critic"]
    assert torch.equal(net(x), module(x))


def test_methods_and_buffers_are_reached():
    module = Vae((2,), 3, 8, 1, gaussian=True)
    layouts, flats = {"vae": Layout(module)}, {"vae": flatten(module)}
    net = bind(layouts, flats, {"vae.chain": torch.ones(2), "other.chain": torch.zeros(2)})["vae"]
    x = torch.rand(4, 2)
    assert torch.equal(net.encode(x)[0], module.encode(x)[0])
    assert net.chain.tolist() == [1, 1]
    with pytest.raises(AttributeError, match="no_such_method"):
        net.no_such_method(x)


def test_gradients_flow_after_a_call_without_them():
    module = nn.Linear(2, 1)
    flat = flatten(module).requires_grad_()
    net = bind({"net": Layout(module)}, {"net": flat}, {})["net"]
    x = torch.ones(1, 2)
    with torch.no_grad():
        net(x)
    (slope,) = torch.autograd.grad(net(x).sum(), flat)
    assert slope.tolist() == [1, 1, 1]


def test_first_and_last_weight():
    module = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))
    first, last = Layout(module).layers
    flat = flatten(module)
    assert torch.equal(flat[first], module[0].weight.flatten())
    assert torch.equal(flat[last], module[2].weight.flatten())
