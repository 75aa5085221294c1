"""The variational bound of deep belief nets (Salakhutdinov & Murray 2008, section 4)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from genbench.ops.partition import RbmParameters
from genbench.ops.rbm import free_energy, hidden_logits
from genbench.ops.variational import bernoulli_log_likelihood, gaussian_log_density


def deep_log_weights(machines: Sequence[RbmParameters], x: Tensor, uniforms: Sequence[Tensor]) -> Tensor:
    """log p̃(x, h) − log q(h | x) of one draw of the layers h between the machines, in nats, (B, V) → (B,).

    Σ_l [log p(hˡ | hˡ⁺¹) − log q(hˡ⁺¹ | hˡ)] − F_top(h), with h⁰ = x and each q the machine's own factorial
    p(h | v). Its mean over draws, minus log Z of the top machine, is a lower bound on log p(x); for a single
    machine there is nothing to draw, and −F(x) − log Z is exact.

    Args:
        machines: bottom first.
        x: binary, or real if the bottom machine is Gaussian.
        uniforms: one tensor a layer between machines, uniform on [0, 1), shape (B, units).
    """
    *lower, top = machines
    total = x.new_zeros(len(x))
    below = x
    for machine, uniform in zip(lower, uniforms, strict=True):
        logits = hidden_logits(below, machine.weight, machine.hidden_bias, machine.log_variance)
        above = (uniform < logits.sigmoid()).to(x.dtype)
        total += _log_conditional(machine, below, above) - bernoulli_log_likelihood(above, logits)
        below = above
    return total - free_energy(below, *top)


def gibbs_sweep(machine: RbmParameters, v: Tensor, generator: torch.Generator) -> Tensor:
    """The binary visible units after one step up and down, (B, V) → (B, V)."""
    hidden = torch.sigmoid(torch.addmm(machine.hidden_bias, v, machine.weight))
    h = torch.bernoulli(hidden, generator=generator)
    visible = torch.sigmoid(torch.addmm(machine.visible_bias, h, machine.weight.t()))
    return torch.bernoulli(visible, generator=generator)


def _log_conditional(machine: RbmParameters, v: Tensor, h: Tensor) -> Tensor:
    """log p(v | h), shape (B,)."""
    field = torch.addmm(machine.visible_bias, h, machine.weight.t())
    if machine.log_variance is None:
        return bernoulli_log_likelihood(v, field)
    return gaussian_log_density(v, field, machine.log_variance.expand_as(v))
