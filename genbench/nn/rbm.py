"""The restricted Boltzmann machine as a module."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from genbench.ops import rbm
from genbench.ops.partition import RbmParameters, log_odds


class GibbsState(NamedTuple):
    """One state of a Gibbs chain: visible units (B, V), and the logits of hidden units given them (B, H)."""

    visible: Tensor
    hidden_logits: Tensor


class CdGradient(NamedTuple):
    """The gradient of contrastive divergence, and the mean free energies at both ends of the chain.

    Attributes:
        gradient: of the difference of the two energies, by parameter, shaped as these.
        at_start, at_end: the energies, scalars.
    """

    gradient: dict[str, Tensor]
    at_start: Tensor
    at_end: Tensor


class Rbm(nn.Module):
    """Weights and biases of one machine with binary hidden units, on flat data (B, V).

    Args:
        mean: of the training data, shape (V,). Visible biases start where the machine without weights fits
            it, at the log odds if binary (Hinton 2012, section 8.1), at the mean if Gaussian.
        spread: standard deviation of the training data, shape (V,), for a Gaussian machine; None for a
            binary one. Weights start in proportion, large enough to tell directions apart: around zero the
            gradient of contrastive divergence sees second moments only.
        noise: σ² of Gaussian visible units, as a share of the data's variance.
        wide: weights of a binary machine start uniform on ±4√(6 / (V + H)), and its visible biases at most
            .001 from certainty, as in the code of Melchior et al. 2016; else from N(0, .01²), and .01.
        centred: biases start so that the mean and half its hidden units lead to each other, unsaturated.
        learned_noise: log σ² of Gaussian visible units is a parameter, the last one, and starts there.
    """

    centre: Tensor
    log_variance: Tensor | None

    def __init__(
        self,
        hidden: int,
        mean: Tensor,
        spread: Tensor | None = None,
        noise: float = 1.0,
        wide: bool = False,
        centred: bool = False,
        learned_noise: bool = False,
    ) -> None:
        super().__init__()
        weight = torch.randn(mean.numel(), hidden)
        if spread is None:
            weight = nn.init.xavier_uniform_(weight, gain=4) if wide else 0.01 * weight
            self.weight, bias = nn.Parameter(weight), log_odds(mean, 0.001 if wide else 0.01)
            bias = bias - weight.sum(1) / 2 if centred else bias
            self.register_buffer("centre", mean)
            self.log_variance = None
        else:
            self.weight = nn.Parameter(0.4 * spread[:, None] * weight)
            bias = mean - self.weight.detach().sum(1) / 2  # hidden units are half on at first
            if not learned_noise:
                self.register_buffer("log_variance", (noise * spread.square()).log())
            self.register_buffer("centre", mean / (noise * spread.square()))
        self.visible_bias = nn.Parameter(bias)
        start = -self.centre @ self.weight.detach() if centred else torch.zeros(hidden)
        self.hidden_bias = nn.Parameter(start)
        self.learned_noise = learned_noise and spread is not None
        if learned_noise and spread is not None:
            self.log_variance = nn.Parameter((noise * spread.square()).log())

    def free_energy(self, v: Tensor) -> Tensor:
        """F(v), shape (B,)."""
        return rbm.free_energy(v, self.weight, self.visible_bias, self.hidden_bias, self.log_variance)

    def centred_free_energy(self, v: Tensor, hidden_offset: Tensor) -> Tensor:
        """F(v), shape (B,), with the gradient of the centred machine (Melchior et al. 2016, JMLR 17(99)).

        The centred machine has energy −(v − μ)ᵀ W (h − λ) − …, and a step along its gradient moves the plain
        parameters along J Jᵀ ∇F, where J maps centred parameters to plain ones. So the value is that of
        `free_energy`, and a difference of two such values descends as the centred machine would. Its offsets
        are μ, the mean that this machine started from (over σ² if Gaussian), and λ, `hidden_offset` (H,).
        """
        plain = (self.weight, self.visible_bias, self.hidden_bias)
        weight, b, c = (p - p.detach() for p in plain)
        weight = weight - torch.outer(b, hidden_offset) - torch.outer(self.centre, c)
        b, c = b - weight @ hidden_offset, c - self.centre @ weight
        weight, b, c = (p.detach() + step for p, step in zip(plain, (weight, b, c), strict=True))
        return rbm.free_energy(v, weight, b, c, self.log_variance)

    def cd_gradient(self, start: GibbsState, end: GibbsState, hidden_offset: Tensor | None) -> CdGradient:
        """Gradient in closed form of mean F(start) − mean F(end), both ends held fixed, and the two means.

        Without gradients of its own, and of a stack of seeds if this machine holds one.

        Args:
            start, end: visible units (B, V) and the `hidden_logits` (B, H) they give.
            hidden_offset: λ of the centred machine, shape (H,), see `centred_free_energy`; None for the
                plain gradient, which alone serves a learned noise.
        """
        hidden = start.hidden_logits.sigmoid(), end.hidden_logits.sigmoid()
        weight, b, c = rbm.cd_gradient(start.visible, end.visible, *hidden, self.log_variance)
        if hidden_offset is not None:
            weight = weight - _outer(b, hidden_offset) - _outer(self.centre, c)
            b, c = b - (weight @ hidden_offset[..., None])[..., 0], c - self.centre @ weight
        at_start, at_end = (
            rbm.mean_free_energy(each.visible, each.hidden_logits, self.visible_bias, self.log_variance)
            for each in (start, end)
        )
        gradient = {"weight": weight, "visible_bias": b, "hidden_bias": c}
        if self.learned_noise and self.log_variance is not None:
            ends = start.visible, end.visible
            gradient["log_variance"] = rbm.noise_gradient(
                *ends, self.weight, self.visible_bias, weight, self.log_variance
            )
        return CdGradient(gradient, at_start, at_end)

    def rbm_parameters(self) -> RbmParameters:
        """The parameters as they are, for partition functions and bounds."""
        return RbmParameters(self.weight, self.visible_bias, self.hidden_bias, self.log_variance)

    def hidden_logits(self, v: Tensor) -> Tensor:
        """Logits of p(h = 1 | v), shape (B, H)."""
        return rbm.hidden_logits(v, self.weight, self.hidden_bias, self.log_variance)

    def hidden(self, v: Tensor) -> Tensor:
        """p(h = 1 | v), shape (B, H)."""
        return torch.sigmoid(self.hidden_logits(v))

    def visible(self, h: Tensor) -> Tensor:
        """E[v | h], shape (B, V)."""
        return rbm.visible_mean(h, self.weight, self.visible_bias, self.log_variance)

    def draw_visible(self, h: Tensor, noise: Tensor) -> Tensor:
        """A draw from p(v | h); `noise` (B, V) is uniform if binary, standard normal if Gaussian."""
        mean = self.visible(h)
        if self.log_variance is None:
            return (noise < mean).to(mean.dtype)
        return mean + (self.log_variance / 2).exp().unsqueeze(-2) * noise


def _outer(a: Tensor, b: Tensor) -> Tensor:
    return a[..., :, None] * b[..., None, :]
