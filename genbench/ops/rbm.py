"""Energies and conditionals of restricted Boltzmann machines.

Shapes: visible v (B, V), hidden h (B, H), weights W (V, H), biases b (V,) and c (H,). A Gaussian machine has
variances σ² = exp(log_variance), (V,); with log_variance None the visible units are binary. What is said of
one seed holds, but for `free_energy`, of a stack of seeds that lie in front of everything; the variances may
be shared by all of them.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus


def hidden_logits(v: Tensor, weight: Tensor, c: Tensor, log_variance: Tensor | None) -> Tensor:
    """Logits of p(h = 1 | v): c + v W, with v / σ² for v if the machine is Gaussian, (B, V) → (B, H)."""
    return _affine(c, over_variance(v, log_variance), weight)


def over_variance(v: Tensor, log_variance: Tensor | None) -> Tensor:
    """v / σ², or v itself if the machine is binary, (B, V) → (B, V)."""
    return v if log_variance is None else v * torch.exp(-log_variance).unsqueeze(-2)


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
    """Mean of p(v | h): sigmoid(b + h Wᵀ) if binary, b + h Wᵀ if Gaussian, (B, H) → (B, V)."""
    linear = _affine(b, h, weight.mT)
    return torch.sigmoid(linear) if log_variance is None else linear


def mean_free_energy(v: Tensor, logits: Tensor, b: Tensor, log_variance: Tensor | None) -> Tensor:
    """Mean of F(v) over the batch, shape (), from the `hidden_logits` (B, H) of v; without gradients.

    log(1 + eˣ) is taken as max(x, 0) + log(1 + e^−|x|), which is exact to rounding of the sum and, unlike
    softplus, vectorised on a CPU.
    """
    hidden = logits.abs().neg_().exp_().add_(1).log_().add_(logits.relu()).sum(-1).mean(-1)
    if log_variance is None:
        return -(v.mean(-2) * b).sum(-1) - hidden
    offset = (v - b.unsqueeze(-2)).square_().mean(-2)
    return (offset * torch.exp(-log_variance)).sum(-1) / 2 - hidden


def cd_gradient(
    start: Tensor,
    end: Tensor,
    hidden_start: Tensor,
    hidden_end: Tensor,
    log_variance: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradient of mean F(start) − mean F(end) in W, b and c (Hinton 2002), both ends held fixed.

    (s′ᵀp′ − sᵀp) / B, the mean of s′ − s and the mean of p′ − p, with s = v / σ², p = p(h = 1 | v), and
    a prime for the end of the chain.

    Args:
        start, end: visible units, shape (B, V).
        hidden_start, hidden_end: their hidden probabilities, shape (B, H).
    """
    batch = start.shape[-2]
    visible = over_variance(torch.cat([start, end], -2), log_variance)
    hidden = torch.cat(
        [hidden_start / -batch, hidden_end / batch], -2
    )  # one product of 2 B rows for both phases
    apart = end.mean(-2) - start.mean(-2)
    apart = apart if log_variance is None else apart * torch.exp(-log_variance)
    return visible.mT @ hidden, apart, hidden.sum(-2)


def noise_gradient(
    start: Tensor, end: Tensor, weight: Tensor, b: Tensor, slope: Tensor, log_variance: Tensor
) -> Tensor:
    """Gradient of mean F(start) − mean F(end) in log σ², shape (V,), both ends held fixed.

    ∂F/∂log σ_i² = −(v_i − b_i)² / 2σ_i² + v_i Σ_j W_ij p_j / σ_i² (Cho et al. 2011, eq. 9), whose second
    part is Σ_j W_ij times the gradient in W_ij.

    Args:
        start, end: visible units, shape (B, V).
        slope: the gradient in W, shape (V, H), as `cd_gradient` gives it.
    """
    near, far = ((v - b.unsqueeze(-2)).square().mean(-2) for v in (start, end))
    return (far - near) * torch.exp(-log_variance) / 2 - (weight * slope).sum(-1)


def _affine(bias: Tensor, x: Tensor, weight: Tensor) -> Tensor:
    """bias + x W, of one seed or of a stack."""
    if weight.dim() == 2:
        return torch.addmm(bias, x, weight)
    return torch.baddbmm(bias.unsqueeze(-2), x, weight)
