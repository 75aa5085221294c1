"""Kernel functions whose sums a GPU works out without writing their matrix: cubic, Gaussian, distance."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from genbench.kernels.distances import squared_distances
from genbench.kernels.products import full_width


@dataclass(frozen=True)
class Cubic:
    """(xᵀy/d + 1)³ of all pairs, shapes (n, d), (m, d) → (n, m); single precision stays single."""

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        with full_width(x.device):
            inner = torch.addmm(x.new_ones(()), x, y.T, alpha=1 / x.shape[1])
        return inner * inner * inner


@dataclass(frozen=True)
class Gaussian:
    """exp(−|x − y|² / 2h²) of all pairs.

    Attributes:
        bandwidth: h, above zero.
        origin: a point near the data, shape (d,).
    """

    bandwidth: float
    origin: Tensor

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        return squared_distances(x, y, self.origin).mul_(-0.5 / self.bandwidth**2).exp_()


@dataclass(frozen=True)
class Nearness:
    """−|x − y| of all pairs, the kernel of the energy distance.

    Attributes:
        origin: a point near the data, shape (d,).
    """

    origin: Tensor

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        return squared_distances(x, y, self.origin).sqrt_().neg_()


Form = Cubic | Gaussian | Nearness
