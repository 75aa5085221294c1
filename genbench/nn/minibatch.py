"""Minibatch discrimination (Salimans et al. 2016, arXiv:1606.03498, section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MinibatchDiscrimination(nn.Module):
    """Appends to each example's features how close its batch is to it, (B, inputs) → (B, inputs + kernels).

    Kernel b of example i is the mean over the others j of exp(−‖M_ib − M_jb‖₁), where M_ib is a learned
    linear map of its features to `dims` numbers. The paper sums; the mean does not depend on the batch's
    size. Not for critics with a gradient penalty, since every score depends on all examples.
    """

    def __init__(self, inputs: int, kernels: int, dims: int = 4) -> None:
        super().__init__()
        self.kernels = kernels
        self.map = nn.Linear(inputs, kernels * dims, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        m = self.map(x).unflatten(1, (self.kernels, -1))
        closeness = torch.exp(-(m[:, None] - m[None]).abs().sum(3))
        others = (closeness.sum(1) - 1) / max(len(x) - 1, 1)
        return torch.cat([x, others], 1)
