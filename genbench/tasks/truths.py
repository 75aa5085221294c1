"""Distributions whose density is known exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from scipy.special import roots_legendre
from torch import Tensor

from genbench.tasks.task import Truth
from genbench.types import InputError

_CHUNK = 4096
"""Points whose density is taken at once: bounds the memory of points × components × dimensions."""


@dataclass(frozen=True, eq=False)
class Mixture(Truth):
    """Gaussian mixture p(x) = Σₖ wₖ N(x; cₖ, Lₖ Lₖᵀ).

    Attributes:
        centers: c, shape (K, d).
        weights: w, shape (K,), positive and summing to one.
        scale: the common standard deviation of isotropic components, or the lower Cholesky factors L of
            their covariances, shape (d, d) if all components share one, else (K, d, d).
    """

    centers: Tensor
    weights: Tensor
    scale: float | Tensor

    @property
    def sigma(self) -> float | None:
        """Common standard deviation, which mode counting needs; None unless components are isotropic."""
        return self.scale if isinstance(self.scale, float) else None

    def log_density(self, x: Tensor) -> Tensor:
        """log p(x) by log-sum-exp over the components, in the precision of `x`, shape (n, d) → (n,).

        Raises:
            InputError: `x` is not of shape (n, d).
        """
        dim = self.centers.shape[1]
        if x.ndim != 2 or x.shape[1] != dim:
            raise InputError(f"density of points of shape {tuple(x.shape)} asked, give shape (n, {dim})")
        return torch.cat([self._log_density(part) for part in x.split(_CHUNK)])

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """`n` independent float32 samples, shape (n, d): a component each, then its Gaussian."""
        weights = self.weights.to(generator.device)
        component = torch.multinomial(weights, n, replacement=True, generator=generator)
        z = _normal((n, self.centers.shape[1]), generator).to(self.centers.device)
        component = component.to(self.centers.device)
        return (self.centers[component] + self._spread(z, component)).float()

    def _log_density(self, x: Tensor) -> Tensor:
        z = self._standardised(x[:, None] - self.centers.to(x))
        log_volume = self._log_determinant().to(x) + x.shape[1] / 2 * math.log(2 * math.pi)
        return torch.logsumexp(self.weights.to(x).log() - log_volume - z.square().sum(-1) / 2, dim=1)

    def _standardised(self, offset: Tensor) -> Tensor:
        """L⁻¹ (x − c) for offsets of shape (n, K, d)."""
        if isinstance(self.scale, float):
            return offset / self.scale
        return torch.linalg.solve_triangular(self.scale.to(offset), offset[..., None], upper=False)[..., 0]

    def _log_determinant(self) -> Tensor:
        """log det L, a scalar or one value a component."""
        if isinstance(self.scale, float):
            return torch.tensor(self.centers.shape[1] * math.log(self.scale), dtype=torch.float64)
        return self.scale.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def _spread(self, z: Tensor, component: Tensor) -> Tensor:
        """L z of each sample's own component, shape (n, d)."""
        if isinstance(self.scale, float):
            return self.scale * z
        factors = self.scale.to(z).expand(len(self.weights), -1, -1)
        return torch.einsum("nij,nj->ni", factors[component], z)


@dataclass(frozen=True, eq=False)
class SwissRoll(Truth):
    """A spiral blurred by noise: p(x) = 1/(b−a) ∫ₐᵇ N(x; γ(t), σ² I) dt, γ(t) = t (cos t, sin t) / 7.5.

    This is scikit-learn's ``make_swiss_roll(noise=.25)`` seen along axes 0 and 2 and divided by 7.5, as in
    the toy experiment of Gulrajani et al. 2017 (arXiv:1704.00028); so a = 1.5 π, b = 4.5 π, σ = .25 / 7.5.

    Attributes:
        quadrature: the integral as a finite mixture; see `swiss_roll`.
    """

    quadrature: Mixture

    def log_density(self, x: Tensor) -> Tensor:
        """log p(x) by quadrature, shape (n, 2) → (n,)."""
        return self.quadrature.log_density(x)

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """`n` independent float32 samples, shape (n, 2), of the integral itself, not of its quadrature."""
        u = torch.rand(n, dtype=torch.float64, generator=generator, device=generator.device)
        points = _spiral(u) + _ROLL_SIGMA * _normal((n, 2), generator)
        return points.to(self.quadrature.centers.device, torch.float32)


def equal_mixture(centers: Tensor, sigma: float) -> Mixture:
    """Mixture of isotropic Gaussians of equal weight around `centers`, shape (K, d)."""
    weights = torch.full((len(centers),), 1 / len(centers), device=centers.device)
    return Mixture(centers, weights, sigma)


def swiss_roll(nodes: int = 1024) -> SwissRoll:
    """The swiss roll with its density integrated at `nodes` Gauss-Legendre points.

    At 1,024 the density in double precision is exact to 1e-9 of its value within ten σ of the curve; in
    single precision rounding dominates.
    """
    x, w = roots_legendre(nodes)
    centers = _spiral(torch.from_numpy(x + 1) / 2)
    return SwissRoll(Mixture(centers, torch.from_numpy(w) / 2, _ROLL_SIGMA))


_ROLL_SIGMA = 0.25 / 7.5


def _spiral(u: Tensor) -> Tensor:
    """Points of the curve at the fractions `u` of its parameter range, shape (n,) → (n, 2)."""
    t = 1.5 * math.pi * (1 + 2 * u)
    return torch.stack([t * t.cos(), t * t.sin()], dim=1) / 7.5


def _normal(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Standard normal numbers in double precision.

    Vectorised single-precision kernels differ in the last bit between processors; double precision rounded
    once at the end hides that, so data sets keep their checksum.
    """
    return torch.randn(shape, dtype=torch.float64, generator=generator, device=generator.device)
