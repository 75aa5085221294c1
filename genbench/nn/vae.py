"""Encoder and decoder of a variational autoencoder as one module."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from genbench.nn.mlp import mlp


class Vae(nn.Module):
    """Dense encoder and decoder with `depth` hidden layers of `width` units.

    Args:
        gaussian: the decoder gives mean and log-variance of every dimension; else Bernoulli logits.
        activation: between layers.
        glorot: weights start uniform by Glorot & Bengio 2010, biases at zero; else as torch starts them.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        latent: int,
        width: int,
        depth: int,
        gaussian: bool,
        activation: Callable[[], nn.Module] = nn.ReLU,
        glorot: bool = False,
    ) -> None:
        super().__init__()
        dim = math.prod(shape)
        self.shape = shape
        self.encoder = mlp([dim, *[width] * depth, 2 * latent], activation)
        self.decoder = mlp([latent, *[width] * depth, dim * (1 + gaussian)], activation)
        if glorot:
            self.apply(_start_by_glorot)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of q(z | x), each (B, latent)."""
        mean, log_variance = self.encoder(x.flatten(1)).chunk(2, dim=1)
        return mean, log_variance

    def decode(self, z: Tensor) -> Tensor:
        """Bernoulli logits of p(x | z), (B, *shape)."""
        return torch.unflatten(self.decoder(z), 1, self.shape)

    def decode_gaussian(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of p(x | z), each (B, *shape)."""
        mean, log_variance = self.decoder(z).chunk(2, dim=1)
        return torch.unflatten(mean, 1, self.shape), torch.unflatten(log_variance, 1, self.shape)


def _start_by_glorot(layer: nn.Module) -> None:
    if isinstance(layer, nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
