"""The dense nets of PacGAN's planar experiments (Lin et al. 2018, arXiv:1712.04086).

A generator with batch norm and ReLU, a critic of maxout units; weights start from N(0, 0.02²), biases at 0.
"""

from __future__ import annotations

import itertools
import math

from torch import Tensor, nn

PIECES = 5
"""Linear functions that a maxout unit is the largest of."""


class Maxout(nn.Module):
    """max_k (x W_k + b_k), (B, inputs) → (B, outputs) (Goodfellow et al. 2013, arXiv:1302.4389)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs * PIECES)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x).unflatten(1, (-1, PIECES)).amax(2)


def norm_generator(
    latent: int, shape: tuple[int, ...], width: int, depth: int, output: nn.Module
) -> nn.Sequential:
    """(B, latent) → (B, *shape): `depth` hidden layers of `width` units, batch norm before each ReLU."""
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise([latent, *[width] * depth]):
        # Batch statistics always: running ones would be state outside the flat parameters.
        layers += [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs, track_running_stats=False), nn.ReLU()]
    return _initialised(
        nn.Sequential(*layers, nn.Linear(width, math.prod(shape)), output, nn.Unflatten(1, shape))
    )


def maxout_critic(shape: tuple[int, ...], width: int, depth: int) -> nn.Sequential:
    """(B, *shape) → (B,): `depth` hidden layers of `width` maxout units."""
    sizes = [math.prod(shape), *[width] * depth]
    layers = [Maxout(inputs, outputs) for inputs, outputs in itertools.pairwise(sizes)]
    return _initialised(nn.Sequential(nn.Flatten(), *layers, nn.Linear(width, 1), nn.Flatten(0)))


def _initialised(net: nn.Sequential) -> nn.Sequential:
    for layer in net.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, 0.0, 0.02)
            nn.init.zeros_(layer.bias)
    return net
