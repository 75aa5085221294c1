"""Optimisers as pure functions on flat parameters: state in, state out.

An optimiser is a chain of transformations of the gradient, after optax (Babuschkin et al. 2020). All act on
the last axis or element by element, so one seed's ``(P,)`` and a stack of seeds ``(S, P)`` mean the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

State = dict[str, Tensor]


class Optimizer(NamedTuple):
    """A transformation of gradients into additive updates.

    Attributes:
        init: parameters → state.
        update: (gradient, state, parameters) → (update to add, new state).
        rate: the step size, for signals that measure updates against it; 0 where there is none.
    """

    init: Callable[[Tensor], State]
    update: Callable[[Tensor, State, Tensor], tuple[Tensor, State]]
    rate: float = 0.0


def chain(*parts: Optimizer) -> Optimizer:
    """Apply `parts` in order; state keys are prefixed by position."""

    def init(parameters: Tensor) -> State:
        return {f"{i}.{k}": v for i, part in enumerate(parts) for k, v in part.init(parameters).items()}

    def update(gradient: Tensor, state: State, parameters: Tensor) -> tuple[Tensor, State]:
        new: State = {}
        for i, part in enumerate(parts):
            own = {k.partition(".")[2]: v for k, v in state.items() if k.startswith(f"{i}.")}
            gradient, own = part.update(gradient, own, parameters)
            new.update({f"{i}.{k}": v for k, v in own.items()})
        return gradient, new

    return Optimizer(init, update, rate=max(part.rate for part in parts))


def scale(factor: float) -> Optimizer:
    """Multiply by `factor`; a negative one descends."""
    return Optimizer(lambda p: {}, lambda g, s, p: (g * factor, s), rate=abs(factor))


def scale_by_adam(betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8) -> Optimizer:
    """Adam's bias-corrected direction m̂ / (√v̂ + ε) (Kingma & Ba 2015, arXiv:1412.6980)."""
    b1, b2 = betas

    def init(parameters: Tensor) -> State:
        zeros = torch.zeros_like(parameters)
        return {"m": zeros, "v": zeros.clone(), "count": parameters.new_zeros(())}

    def update(g: Tensor, state: State, parameters: Tensor) -> tuple[Tensor, State]:
        count = state["count"] + 1
        m = torch.lerp(g, state["m"], b1)
        v = (g * g).lerp_(state["v"], b2)
        direction = (m / (1 - b1**count)).div_((v / (1 - b2**count)).sqrt_().add_(eps))
        return direction, {"m": m, "v": v, "count": count}

    return Optimizer(init, update)


def scale_by_rms(decay: float = 0.99, eps: float = 1e-8) -> Optimizer:
    """RMSprop's direction g / (√v + ε) (Tieleman & Hinton 2012), torch's defaults."""

    def update(g: Tensor, state: State, parameters: Tensor) -> tuple[Tensor, State]:
        v = (g * g).lerp_(state["v"], decay)
        return g / v.sqrt().add_(eps), {"v": v}

    return Optimizer(lambda p: {"v": torch.zeros_like(p)}, update)


def trace(momentum: float) -> Optimizer:
    """Heavy-ball momentum: m ← μ·m + g (Polyak 1964)."""

    def update(g: Tensor, state: State, parameters: Tensor) -> tuple[Tensor, State]:
        m = torch.add(g, state["m"], alpha=momentum)
        return m, {"m": m}

    return Optimizer(lambda p: {"m": torch.zeros_like(p)}, update)


def weight_decay(strength: float) -> Optimizer:
    """Add `strength` times the parameters to the gradient."""
    return Optimizer(lambda p: {}, lambda g, s, p: (torch.add(g, p, alpha=strength), s))


def clip_norm(limit: float) -> Optimizer:
    """Scale a seed's gradient down to Euclidean norm `limit` where it is longer (Pascanu et al. 2013)."""

    def update(g: Tensor, state: State, parameters: Tensor) -> tuple[Tensor, State]:
        norm = g.norm(dim=-1, keepdim=True)
        return g * (limit / norm.clamp_min(limit)), state

    return Optimizer(lambda p: {}, update)


def adam(rate: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8) -> Optimizer:
    """Adam (Kingma & Ba 2015): descend along `scale_by_adam` at `rate`."""
    return chain(scale_by_adam(betas, eps), scale(-rate))


def rmsprop(rate: float, decay: float = 0.99, eps: float = 1e-8) -> Optimizer:
    """RMSprop (Tieleman & Hinton 2012): descend along `scale_by_rms` at `rate`."""
    return chain(scale_by_rms(decay, eps), scale(-rate))


def sgd(rate: float, momentum: float = 0.0) -> Optimizer:
    """Gradient descent, with heavy-ball momentum where `momentum` is not 0."""
    return chain(trace(momentum), scale(-rate)) if momentum else scale(-rate)
