"""The restricted Boltzmann machine as a module."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genbench.ops import rbm


class Rbm(nn.Module):
    """Weights, biases and, if Gaussian, log-variances of one machine; flattens images to (B, V).

    Args:
        mean: of the training data, shape (V,). Visible biases start where the machine without weights fits
            it: at the log odds if binary (Hinton 2012, section 8.1), at the mean if Gaussian.
        variance: of the training data, for a Gaussian machine; None for a binary one.
    """

    def __init__(self, hidden: int, mean: Tensor, variance: Tensor | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.01 * torch.randn(mean.numel(), hidden))
        self.visible_bias = nn.Parameter(mean.clone() if variance is not None else _log_odds(mean))
        self.hidden_bias = nn.Parameter(torch.zeros(hidden))
        self.log_variance = None if variance is None else nn.Parameter(variance.log())

    def free_energy(self, v: Tensor) -> Tensor:
        """F(v), shape (B,)."""
        return rbm.free_energy(v, self.weight, self.visible_bias, self.hidden_bias, self.log_variance)

    def hidden(self, v: Tensor) -> Tensor:
        """p(h = 1 | v), shape (B, H)."""
        return torch.sigmoid(rbm.hidden_logits(v, self.weight, self.hidden_bias, self.log_variance))

    def visible(self, h: Tensor) -> Tensor:
        """E[v | h], shape (B, V)."""
        return rbm.visible_mean(h, self.weight, self.visible_bias, self.log_variance)

    def draw_visible(self, h: Tensor, noise: Tensor) -> Tensor:
        """A draw from p(v | h); `noise` (B, V) is uniform if binary, standard normal if Gaussian."""
        mean = self.visible(h)
        if self.log_variance is None:
            return (noise < mean).to(mean.dtype)
        return mean + (self.log_variance / 2).exp() * noise


def _log_odds(mean: Tensor) -> Tensor:
    inside = mean.clamp(0.01, 0.99)
    return inside.log() - torch.log1p(-inside)
