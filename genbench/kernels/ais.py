"""The sweep of annealed importance sampling through a binary restricted Boltzmann machine.

The path runs from a base model of independent visible units to the machine (Salakhutdinov & Murray 2008):
f_β(v) = exp((1 − β) a·v + β b·v) Π_j (1 + exp(β x_j)) with x = c + v W. At each new temperature the weight
takes f_β′(v) / f_β(v), then v makes one Gibbs step that leaves f_β′ alone.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import softplus

from genbench.kernels.gibbs import half_step
from genbench.kernels.products import full_width

STEPS_BETWEEN_LOGS = 32

LARGEST_STRIDE = 4.0
"""Largest exponent of a ratio: below e⁻⁴ the subtraction in it would cost more than two digits."""

OVERFLOW = 80.0
"""A product whose exponents add up to less is finite in single precision."""


class Path(NamedTuple):
    """The two ends of the path, in one precision.

    Attributes:
        weight: W, shape (V, H).
        visible_bias, hidden_bias: b (V,) and c (H,) of the machine.
        base_bias: a, of the base model, shape (V,).
    """

    weight: Tensor
    visible_bias: Tensor
    hidden_bias: Tensor
    base_bias: Tensor


def anneal_plain(path: Path, betas: list[float], v: Tensor, generator: torch.Generator) -> Tensor:
    """Log weights of the chains that start at `v` (n, V), shape (n,); `betas` may rise or fall.

    Follows the formula term by term; `anneal` gives the same in little more than half the time.
    """
    total = torch.zeros(len(v), dtype=torch.float64, device=v.device)
    for before, after in itertools.pairwise(betas):
        total += _log_f(path, v, after) - _log_f(path, v, before)
        for_hidden, for_visible = _uniforms(path, len(v), generator)
        hidden = torch.sigmoid(after * torch.addmm(path.hidden_bias, v, path.weight))
        v = _visible(path, after, (for_hidden < hidden).to(v), for_visible)
    return total


def anneal(path: Path, betas: list[float], v: Tensor, generator: torch.Generator) -> Tensor:
    """As `anneal_plain`, with one product v W a temperature for the weight and the Gibbs step alike.

    Chains (n, V) → log weights (n,).

    With p = sigmoid(β′ x), which the step needs anyway, the ratio (1 + e^{βx}) / (1 + e^{β′x}) is
    1 + p (e^{(β−β′)x} − 1). These ratios are multiplied up, and a logarithm is taken every 32 temperatures.
    """
    block = _steps_between_logs(path, betas)
    with full_width(v.device):
        if block == 0:
            return anneal_plain(path, betas, v, generator)
        return _anneal_in_blocks(path, betas, v, generator, block)


def _anneal_in_blocks(
    path: Path, betas: list[float], v: Tensor, generator: torch.Generator, block: int
) -> Tensor:
    """`anneal` with a logarithm every `block` temperatures."""
    slope = path.visible_bias - path.base_bias
    total = torch.zeros(len(v), dtype=torch.float64, device=v.device)
    ratio = v.new_ones(len(v), len(path.hidden_bias))
    for step, (before, after) in enumerate(itertools.pairwise(betas), 1):
        total += (after - before) * (v @ slope)
        x = torch.addmm(path.hidden_bias, v, path.weight)
        hidden = torch.sigmoid(after * x)
        # Rounding of e^x − 1 costs .01 nats in 14,500 temperatures; expm1 takes fifteen times as long.
        ratio.addcmul_(ratio * hidden, x.mul_(before - after).exp_().sub_(1))
        for_hidden, for_visible = _uniforms(path, len(v), generator)
        v = _visible(path, after, torch.lt(for_hidden, hidden, out=hidden), for_visible)
        if step % block == 0:
            total -= ratio.log().sum(1, dtype=torch.float64)
            ratio.fill_(1)
    return total - ratio.log().sum(1, dtype=torch.float64)


def _log_f(path: Path, v: Tensor, beta: float) -> Tensor:
    logits = beta * torch.addmm(path.hidden_bias, v, path.weight)
    return v @ torch.lerp(path.base_bias, path.visible_bias, beta) + softplus(logits).sum(1)


def _visible(path: Path, beta: float, hidden: Tensor, uniform: Tensor) -> Tensor:
    """A draw from the visible units given hidden ones at inverse temperature β."""
    bias = torch.lerp(path.base_bias, path.visible_bias, beta)
    return half_step(hidden, path.weight.t(), bias, uniform, beta)


def _uniforms(path: Path, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Numbers for the hidden (n, H) and the visible units (n, V) of one Gibbs step."""
    v, h = path.weight.shape
    drawn = path.weight.new_empty(n * (h + v)).uniform_(generator=generator)
    return drawn[: n * h].view(n, h), drawn[n * h :].view(n, v)


def _steps_between_logs(path: Path, betas: list[float]) -> int:
    """How many ratios can be multiplied before they might overflow; 0 if one alone may lose digits."""
    inputs = torch.maximum(path.weight.clamp_min(0).sum(0), -path.weight.clamp_max(0).sum(0))
    furthest = float((inputs + path.hidden_bias.abs()).max())
    stride = max(abs(after - before) for before, after in itertools.pairwise(betas))
    if stride * furthest > LARGEST_STRIDE:
        return 0
    return min(STEPS_BETWEEN_LOGS, int(OVERFLOW / max(stride * furthest, 1e-9)))
