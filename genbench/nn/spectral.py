"""Spectral normalisation (Miyato et al. 2018, arXiv:1802.05957): layers whose largest singular value is 1."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from torch.nn.utils.parametrize import register_parametrization

FIRST_ITERATIONS = 15
"""Power iterations on a layer's first weight, as in torch's own."""


class SpectralNorm(nn.Module):
    """A weight over its largest singular value σ, (outputs, …) → (outputs, …).

    A kernel counts as a matrix (outputs, inputs · height · width), as in the paper's section 2.1. σ = uᵀWv
    with v = Wᵀu / ‖Wᵀu‖ and u = Wv / ‖Wv‖, both held fixed in the gradient: a power iteration each time that
    the layer is used in training mode, from the u of the time before, which belongs to its seed. In
    evaluation mode nothing is kept. Other than torch's own this writes into no tensor, so that it serves many
    seeds at once.

    Args:
        weight: the first one, which u is found for.
    """

    u: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        matrix = weight.detach().flatten(1)
        u = torch.ones(1) if len(matrix) == 1 else normalize(torch.randn(len(matrix)), dim=0)
        for _ in range(FIRST_ITERATIONS):
            u = normalize(matrix @ (matrix.T @ u), dim=0)
        self.register_buffer("u", u)

    def forward(self, weight: Tensor) -> Tensor:
        matrix = weight.flatten(1)
        with torch.no_grad():
            v = normalize(matrix.mT @ self.u, dim=0)
            u = normalize(matrix @ v, dim=0)
        if self.training and len(u) > 1:  # of a single output u is 1, in every seed
            self.u = u
        return weight / (u @ matrix @ v)


def spectrally_normalised(net: nn.Module) -> nn.Module:
    """The net itself, (B, …) → (B, …), with every dense layer and convolution spectrally normalised.

    Its Lipschitz constant in its input is 1 at most if its activations' are; biases are left free. Not for
    nets with batch norm, which undoes a weight's scale.
    """
    for layer in list(net.modules()):
        if isinstance(layer, nn.Linear | nn.Conv2d):
            register_parametrization(layer, "weight", SpectralNorm(layer.weight))
    return net
