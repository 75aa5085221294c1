"""Affine couplings: an invertible net with a known Jacobian determinant."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from genbench.nn.mlp import mlp


class Couplings(nn.Module):
    """Affine couplings in the plane (Dinh et al. 2017): one coordinate scales and shifts the other, in turns.

    Written from data to latent points; `inverse` is the generator.
    """

    def __init__(self, layers: int = 6, width: int = 32) -> None:
        super().__init__()
        self.nets = nn.ModuleList(mlp([1, width, width, 2], nn.Tanh) for _ in range(layers))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Latent points (B, 2) and log |det ∂z/∂x|, (B,)."""
        total = x.new_zeros(len(x))
        for layer, net in enumerate(self.nets):
            fixed, moved = self._split(x, layer)
            scale, shift = self._affine(net, fixed)
            x = self._joined(fixed, moved * scale.exp() + shift, layer)
            total = total + scale[:, 0]
        return x, total

    def inverse(self, z: Tensor) -> Tensor:
        """The generator g, (B, 2) → (B, 2)."""
        for layer in reversed(range(len(self.nets))):
            fixed, moved = self._split(z, layer)
            scale, shift = self._affine(self.nets[layer], fixed)
            z = self._joined(fixed, (moved - shift) * torch.exp(-scale), layer)
        return z

    def log_density(self, x: Tensor) -> Tensor:
        """log p(x) = log N(z; 0, I) + log |det ∂z/∂x|, (B,)."""
        z, total = self(x)
        return total - z.square().sum(1) / 2 - math.log(2 * math.pi)

    @staticmethod
    def _affine(net: nn.Module, fixed: Tensor) -> tuple[Tensor, Tensor]:
        scale, shift = net(fixed).chunk(2, dim=1)
        return 2 * torch.tanh(scale), shift

    @staticmethod
    def _split(x: Tensor, layer: int) -> tuple[Tensor, Tensor]:
        first, second = x.chunk(2, dim=1)
        return (first, second) if layer % 2 == 0 else (second, first)

    @staticmethod
    def _joined(fixed: Tensor, moved: Tensor, layer: int) -> Tensor:
        return torch.cat([fixed, moved] if layer % 2 == 0 else [moved, fixed], dim=1)
