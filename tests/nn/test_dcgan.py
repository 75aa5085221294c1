"""The five architecture rules of DCGAN."""

import pytest
import torch
from torch import nn

from genbench.nn.dcgan import DCGAN, Rules, conv_critic, conv_generator, halvings, supports

SHAPES = [(1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 64, 64), (1, 24, 24)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_shapes(shape):
    images = conv_generator(10, shape, 8, nn.Tanh(), DCGAN)(torch.randn(5, 10))
    assert images.shape == (5, *shape)
    assert images.abs().max() <= 1
    assert conv_critic(shape, 8, DCGAN)(images).shape == (5,)


def kinds(net: nn.Module) -> list[type]:
    return [type(layer) for layer in net]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_five_rules(shape):
    generator, critic = conv_generator(10, shape, 8, nn.Tanh(), DCGAN), conv_critic(shape, 8, DCGAN)
    for net in (generator, critic):
        assert not {nn.Linear, nn.MaxPool2d, nn.AvgPool2d} & set(kinds(net))
        convolutions = [m for m in net if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
        inner = convolutions[1:] if net is generator else convolutions[:-1]
        assert all(m.stride == (2, 2) for m in inner)
    assert {nn.ReLU, nn.Tanh} <= set(kinds(generator))
    assert nn.LeakyReLU in kinds(critic)
    assert nn.ReLU not in kinds(critic)
    assert kinds(generator)[-2:] == [nn.ConvTranspose2d, nn.Tanh], "no batch norm on G's output"
    assert kinds(critic)[:2] == [nn.Conv2d, nn.LeakyReLU], "no batch norm on D's input"
    assert kinds(generator).count(nn.BatchNorm2d) == halvings(shape[-1])
    assert kinds(critic).count(nn.BatchNorm2d) == halvings(shape[-1]) - 1


def test_initial_weights():
    weight = conv_generator(100, (3, 32, 32), 64, nn.Tanh(), DCGAN)[4].weight
    assert weight.std().item() == pytest.approx(0.02, rel=0.02)


def test_no_running_statistics():
    assert not list(conv_critic((1, 8, 8), 8, DCGAN).buffers())


@pytest.mark.parametrize(
    ("shape", "reason"), [((2,), "images"), ((1, 28, 32), "square"), ((1, 33, 33), "halve")]
)
def test_refusals(shape, reason):
    assert reason in supports(shape)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_no_refusal(shape):
    assert supports(shape) is None


BROKEN = [
    Rules(upsampling="nearest"),
    Rules(kernel=3),
    Rules(pooling="maximum"),
    Rules(pooling="mean"),
    Rules(hidden_dense=12),
    Rules(generator_activation="leaky", critic_activation="relu"),
    Rules(generator_norm=False, critic_norm=False),
]


@pytest.mark.parametrize("rules", BROKEN, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_rules_can_be_broken_one_by_one(shape, rules):
    generator, critic = conv_generator(10, shape, 8, nn.Tanh(), rules), conv_critic(shape, 8, rules)
    images = generator(torch.randn(5, 10))
    assert images.shape == (5, *shape)
    assert critic(images).shape == (5,)
    built = {*kinds(generator), *kinds(critic)}
    assert (nn.Linear in built) == bool(rules.hidden_dense)
    assert (nn.BatchNorm2d in built) == rules.generator_norm
    assert (nn.Upsample in built) == (rules.upsampling == "nearest")
    assert bool({nn.MaxPool2d, nn.AvgPool2d} & built) == (rules.pooling is not None)
    assert (nn.ReLU in kinds(critic)) == (rules.critic_activation == "relu")
    assert (nn.ReLU in kinds(generator)) == (rules.generator_activation == "relu")


def test_a_kernel_that_is_no_multiple_of_the_stride_covers_pixels_unequally():
    def spread(kernel):
        layer = conv_generator(1, (1, 32, 32), 1, nn.Identity(), Rules(kernel=kernel))[-2]
        nn.init.ones_(layer.weight)
        inner = layer(torch.ones(1, 1, 16, 16))[0, 0, 4:-4, 4:-4]
        return (inner.max() - inner.min()).item()

    assert spread(4) == 0
    assert spread(3) > 0
