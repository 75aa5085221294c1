"""Multilayer perceptrons."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

from torch import nn

from genbench.nn.minibatch import MinibatchDiscrimination


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


def dense_critic(shape: tuple[int, ...], width: int, depth: int, kernels: int = 0) -> nn.Sequential:
    """(B, *shape) → (B,): `depth` hidden LeakyReLU(0.2) layers of `width` units.

    Args:
        kernels: of minibatch discrimination before the last layer; 0 for none.
    """
    body = mlp([math.prod(shape), *[width] * depth, 1], lambda: nn.LeakyReLU(0.2))
    if kernels:
        body = nn.Sequential(
            *body[:-1], MinibatchDiscrimination(width, kernels), nn.Linear(width + kernels, 1)
        )
    return nn.Sequential(nn.Flatten(), *body, nn.Flatten(0))
