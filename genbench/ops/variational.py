"""Terms of the evidence lower bound, of one seed's batch; sums run over dimensions, never over the batch."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

LOG_2PI = math.log(2 * math.pi)


def gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(μ, diag σ²) ‖ N(0, I)) by dimension, in nats: ½ (μ² + σ² − log σ² − 1).

    Kingma & Welling 2014, appendix B. Shape (B, latent) → (B, latent).
    """
    return (mean.square() + log_variance.exp() - log_variance - 1) / 2


def reparameterise(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """z = μ + σ ε with σ = exp(½ log σ²) and ε standard normal (Kingma & Welling 2014, section 2.4).

    Elementwise: shapes (B, latent), or whatever broadcasts.
    """
    return mean + (log_variance / 2).exp() * noise


def gaussian_log_density(x: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """log N(x; μ, diag σ²) in nats, summed over all but the batch: (B, …) → (B,)."""
    terms = LOG_2PI + log_variance + (x - mean).square() * torch.exp(-log_variance)
    return -terms.flatten(1).sum(1) / 2


def bernoulli_log_likelihood(x: Tensor, logits: Tensor) -> Tensor:
    """Σ x log p + (1 − x) log(1 − p) in nats, p = sigmoid(logits): (B, …) → (B,).

    A log-probability only for binary x; for grey values in [0, 1] it is the usual cross-entropy surrogate.
    """
    return -binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)
