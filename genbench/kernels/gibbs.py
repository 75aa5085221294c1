"""Half a Gibbs step of a restricted Boltzmann machine: product, sigmoid and Bernoulli draw in one.

h ~ Bernoulli(sigmoid(c + β v W)) from uniform numbers that the caller has drawn, so that every version gives
the same bits of h up to rounding of the product.
"""

from __future__ import annotations

import torch
from torch import Tensor

from genbench.kernels.triton_use import fuses

BLOCK = (32, 64, 32)
"""Rows, columns and depth of a tile of the product on a GPU."""


def half_step_plain(x: Tensor, weight: Tensor, bias: Tensor, uniform: Tensor, scale: float = 1.0) -> Tensor:
    """As `half_step`, term by term, (B, N) → (B, M)."""
    return (uniform < torch.sigmoid(scale * (x @ weight) + bias)).to(x.dtype)


def half_step(x: Tensor, weight: Tensor, bias: Tensor, uniform: Tensor, scale: float = 1.0) -> Tensor:
    """Binary units given the others, (B, N) → (B, M): 1 where uniform < sigmoid(b + scale · x W).

    On a GPU one Triton kernel, which never writes the probabilities to memory; on a CPU a product whose
    result is turned into the draw in place. Without gradients; not for `vmap`.

    Args:
        weight: shape (N, M); a transposed view serves for the way back.
        uniform: uniform on [0, 1), shape (B, M).
    """
    if fuses(x):
        return _triton(x, weight, bias, uniform, scale)
    logits = torch.addmm(bias, x, weight, alpha=scale)
    return torch.lt(uniform, logits.sigmoid_(), out=logits)


def _triton(x: Tensor, weight: Tensor, bias: Tensor, uniform: Tensor, scale: float) -> Tensor:
    from genbench.kernels.gibbs_triton import half_step_kernel

    (rows, depth), columns = x.shape, weight.shape[1]
    out = torch.empty_like(uniform)
    grid = (-(-rows // BLOCK[0]), -(-columns // BLOCK[1]))
    strides = (*x.stride(), *weight.stride(), *uniform.stride(), *out.stride())
    half_step_kernel[grid](x, weight, bias, uniform, out, rows, columns, depth, *strides, scale, *BLOCK)
    return out
