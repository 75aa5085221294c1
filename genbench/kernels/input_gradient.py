"""The gradient of a dense critic in its input, for a gradient penalty: cheap to differentiate once more."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import leaky_relu, linear


def dense_input_gradient_plain(
    weights: Sequence[Tensor], biases: Sequence[Tensor], x: Tensor, leak: float
) -> Tensor:
    """As `dense_input_gradient`, by differentiating the net, (B, d) → (B, d)."""

    def score(x: Tensor) -> Tensor:
        for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
            x = leaky_relu(linear(x, weight, bias), leak)
        return linear(x, weights[-1], biases[-1]).sum()

    gradient: Tensor = torch.func.grad(score)(x)
    return gradient


def dense_input_gradient(
    weights: Sequence[Tensor], biases: Sequence[Tensor], x: Tensor, leak: float
) -> Tensor:
    """∇f(x) of a dense net f with leaky ReLUs between its layers, (B, d) → (B, d).

    ∇f = W₁ᵀ D₁ W₂ᵀ D₂ … w, where D holds the activations' slopes, 1 or `leak`. These are constant almost
    everywhere, so the pass that finds them needs no gradient, and differentiating the result in the weights
    goes back through these products alone: four products a layer in all, where autograd takes six, two of
    them with zeros.

    Args:
        weights, biases: of the layers, first to last, shapes (outputs, inputs) and (outputs,); the last has
            one output.
        leak: slope of the activation below zero; 0 for a ReLU.
    """
    slopes = []
    with torch.no_grad():
        for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
            x = linear(x, weight, bias)
            slopes.append(torch.where(x > 0, x.new_ones(()), leak))
            x = x * slopes[-1]
    chain = weights[-1].expand(len(x), -1)
    for weight, slope in zip(reversed(weights[:-1]), reversed(slopes), strict=True):
        chain = (chain * slope) @ weight
    return chain
