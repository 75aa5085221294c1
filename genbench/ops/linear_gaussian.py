"""A variational autoencoder whose every quantity is known: linear decoder, Gaussian noise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Posterior:
    """A Gaussian with diagonal covariance over the code: mean and log-variance, shape (latent,)."""

    mean: Tensor
    log_variance: Tensor


@dataclass(frozen=True)
class LinearVae:
    """p(z) = N(0, I), p(x | z) = N(Wz + b, s² I); so p(x) = N(b, WWᵀ + s² I) (Tipping & Bishop 1999).

    Attributes:
        weight: W, shape (d, latent).
        bias: b, shape (d,).
        noise: s².
    """

    weight: Tensor
    bias: Tensor
    noise: float

    @classmethod
    def random(cls, source: torch.Generator) -> tuple[LinearVae, Tensor]:
        """A random model of 2 to 8 dimensions with 1 to d codes, and a point (d,) drawn from it."""
        dim = int(torch.randint(2, 9, (), generator=source))
        latent = int(torch.randint(1, dim + 1, (), generator=source))
        weight = torch.randn(dim, latent, generator=source, dtype=torch.float64)
        bias = torch.randn(dim, generator=source, dtype=torch.float64)
        noise = float(torch.rand((), generator=source, dtype=torch.float64)) + 0.1
        model = cls(weight, bias, noise)
        code = torch.randn(latent, generator=source, dtype=torch.float64)
        spread = torch.randn(dim, generator=source, dtype=torch.float64)
        return model, weight @ code + bias + math.sqrt(noise) * spread

    def log_density(self, x: Tensor) -> Tensor:
        """log p(x), exact, (d,) → scalar."""
        covariance = self.weight @ self.weight.T + self.noise * torch.eye(len(x), dtype=x.dtype)
        return torch.distributions.MultivariateNormal(self.bias, covariance).log_prob(x)

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean (latent,) and covariance (latent, latent) of p(z | x), for a point (d,)."""
        precision = torch.eye(self.weight.shape[1], dtype=x.dtype) + self.weight.T @ self.weight / self.noise
        covariance = torch.linalg.inv(precision)
        return covariance @ self.weight.T @ (x - self.bias) / self.noise, covariance

    def elbo(self, x: Tensor, q: Posterior) -> Tensor:
        """E_q log p(x | z) − KL(q ‖ p(z)) in closed form, a scalar for a point (d,)."""
        variance = q.log_variance.exp()
        away = (x - self.bias - self.weight @ q.mean).square().sum()
        spread = (self.weight.square() @ variance).sum()
        fit = -(len(x) * math.log(2 * math.pi * self.noise) + (away + spread) / self.noise) / 2
        return fit - (q.mean.square() + variance - q.log_variance - 1).sum() / 2

    def divergence(self, x: Tensor, q: Posterior) -> Tensor:
        """KL(q ‖ p(z | x)) by another library, a scalar for a point (d,)."""
        mean, covariance = self.posterior(x)
        normal = torch.distributions.MultivariateNormal
        ours = normal(q.mean, torch.diag(q.log_variance.exp()))
        return torch.distributions.kl_divergence(ours, normal(mean, covariance))
