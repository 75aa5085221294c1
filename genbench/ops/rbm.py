"""Energies and conditionals of restricted Boltzmann machines, of one seed.

Shapes: visible v (B, V), hidden h (B, H), weights W (V, H), biases b (V,) and c (H,). A Gaussian machine has
variances σ² = exp(log_variance), (V,); with log_variance None the visible units are binary.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus


def hidden_logits(v: Tensor, weight: Tensor, c: Tensor, log_variance: Tensor | None) -> Tensor:
    """Logits of p(h = 1 | v): c + v W, with v / σ² for v if the machine is Gaussian."""
    scaled = v if log_variance is None else v * torch.exp(-log_variance)
    return torch.addmm(c, scaled, weight)


def free_energy(v: Tensor, weight: Tensor, b: Tensor, c: Tensor, log_variance: Tensor | None) -> Tensor:
    """F(v) = −log Σ_h exp(−E(v, h)), shape (B,).

    Binary: −b·v − Σ_j softplus(c_j + v·W_j) (Smolensky 1986). Gaussian: Σ_i (v_i − b_i)² / 2σ_i² minus the
    same sum on v / σ² (Cho et al. 2011, doi:10.1007/978-3-642-21735-7_2).
    """
    hidden = softplus(hidden_logits(v, weight, c, log_variance)).sum(1)
    if log_variance is None:
        return -v @ b - hidden
    return ((v - b).square() * torch.exp(-log_variance)).sum(1) / 2 - hidden


def visible_mean(h: Tensor, weight: Tensor, b: Tensor, log_variance: Tensor | None) -> Tensor:
    """Mean of p(v | h): sigmoid(b + h Wᵀ) if binary, b + h Wᵀ if Gaussian."""
    linear = torch.addmm(b, h, weight.t())
    return torch.sigmoid(linear) if log_variance is None else linear
