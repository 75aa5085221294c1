"""Multilayer perceptrons."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

from torch import Tensor, nn

from genbench.kernels.input_gradient import dense_input_gradient
from genbench.nn.minibatch import MinibatchDiscrimination

LEAK = 0.2
"""Slope of a critic's activations below zero."""


def mlp(sizes: Sequence[int], activation: Callable[[], nn.Module]) -> nn.Sequential:
    """Dense layers of the given sizes, input and output included, with `activation` between them."""
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), activation()]
    return nn.Sequential(*layers[:-1])


def dense_generator(
    latent: int, shape: tuple[int, ...], width: int, depth: int, output: nn.Module
) -> nn.Sequential:
    """(B, latent) → (B, *shape): `depth` hidden ReLU layers of `width` units."""
    body = mlp([latent, *[width] * depth, math.prod(shape)], nn.ReLU)
    return nn.Sequential(*body, output, nn.Unflatten(1, shape))


class DenseCritic(nn.Sequential):
    """Dense layers with leaky ReLUs between them, whose gradient in the input is known in closed form."""

    def input_gradient(self, x: Tensor) -> Tensor:
        """∇f of each example, (B, *shape) → (B, *shape), see `kernels.input_gradient`."""
        dense = [layer for layer in self if isinstance(layer, nn.Linear)]
        weights, biases = [layer.weight for layer in dense], [layer.bias for layer in dense]
        return dense_input_gradient(weights, biases, x.flatten(1), LEAK).view_as(x)


def dense_critic(shape: tuple[int, ...], width: int, depth: int, minibatch_kernels: int = 0) -> nn.Sequential:
    """(B, *shape) → (B,): `depth` hidden LeakyReLU(0.2) layers of `width` units.

    Args:
        minibatch_kernels: of minibatch discrimination before the last layer; 0 for none, which gives a
            `DenseCritic`.
    """
    body = mlp([math.prod(shape), *[width] * depth, 1], lambda: nn.LeakyReLU(LEAK))
    if not minibatch_kernels:
        return DenseCritic(nn.Flatten(), *body, nn.Flatten(0))
    minibatch = MinibatchDiscrimination(width, minibatch_kernels)
    last = minibatch, nn.Linear(width + minibatch_kernels, 1)
    return nn.Sequential(nn.Flatten(), *body[:-1], *last, nn.Flatten(0))
