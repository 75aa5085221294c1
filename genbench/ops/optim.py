"""Optimisers as pure functions on flat parameters: state in, state out.

An optimiser is a chain of transformations of the gradient, after optax (Babuschkin et al. 2020). All act on
the last axis or element by element, so one seed's ``(P,)`` and a stack of seeds ``(S, P)`` mean the same.
A schedule is one more transformation, so warm-up and decay restart nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

State = dict[str, Tensor]
Progress = Tensor | float
"""Share of the phase that is over, a number in [0, 1)."""

Schedule = Callable[[Tensor, Progress], Tensor | float]
"""(steps taken so far, share of the phase that is over) → factor of the step size."""


class Transformation(Protocol):
    """(gradient, state, parameters, progress) → (update to add, new state), all of one shape (…, P)."""

    def __call__(
        self, gradient: Tensor, state: State, parameters: Tensor, progress: Progress = 0.0, /
    ) -> tuple[Tensor, State]: ...


class Optimizer(NamedTuple):
    """A transformation of gradients into additive updates.

    Attributes:
        init: parameters → state.
        update: see `Transformation`.
        rate: the step size before schedules, for signals that measure updates against it; 0 where there is
            none.
        factor: (state, progress) → what schedules multiply the step size by now, a scalar; None without.
    """

    init: Callable[[Tensor], State]
    update: Transformation
    rate: float = 0.0
    factor: Callable[[State, Progress], Tensor | float] | None = None


def _stateless(transform: Callable[[Tensor, Tensor], Tensor], rate: float = 0.0) -> Optimizer:
    """The optimiser that maps (gradient, parameters) to an update and remembers nothing."""

    def update(
        gradient: Tensor, state: State, parameters: Tensor, progress: Progress = 0.0
    ) -> tuple[Tensor, State]:
        return transform(gradient, parameters), state

    return Optimizer(lambda parameters: {}, update, rate)


def chain(*parts: Optimizer) -> Optimizer:
    """Apply `parts` in order; state keys are prefixed by position."""

    def init(parameters: Tensor) -> State:
        return {f"{i}.{k}": v for i, part in enumerate(parts) for k, v in part.init(parameters).items()}

    def update(
        gradient: Tensor, state: State, parameters: Tensor, progress: Progress = 0.0
    ) -> tuple[Tensor, State]:
        new: State = {}
        for i, part in enumerate(parts):
            gradient, own = part.update(gradient, _of_part(i, state), parameters, progress)
            new.update({f"{i}.{k}": v for k, v in own.items()})
        return gradient, new

    scheduled = [(i, part.factor) for i, part in enumerate(parts) if part.factor]

    def factor(state: State, progress: Progress) -> Tensor | float:
        return math.prod(own(_of_part(i, state), progress) for i, own in scheduled)

    return Optimizer(init, update, max(part.rate for part in parts), factor if scheduled else None)


def _of_part(i: int, state: State) -> State:
    """The state of the i-th part of a chain."""
    return {k.partition(".")[2]: v for k, v in state.items() if k.startswith(f"{i}.")}


def split(last: int, rest: Optimizer, own: Optimizer) -> Optimizer:
    """The optimiser `own` for the last so many parameters, and `rest` for those before them."""

    def init(parameters: Tensor) -> State:
        first, end = rest.init(parameters[..., :-last]), own.init(parameters[..., -last:])
        return {**{f"rest.{k}": v for k, v in first.items()}, **{f"own.{k}": v for k, v in end.items()}}

    def update(
        gradient: Tensor, state: State, parameters: Tensor, progress: Progress = 0.0
    ) -> tuple[Tensor, State]:
        changes, new = [], State()
        for name, part, at in (("rest", rest, slice(None, -last)), ("own", own, slice(-last, None))):
            kept = {k.removeprefix(f"{name}."): v for k, v in state.items() if k.startswith(f"{name}.")}
            change, kept = part.update(gradient[..., at], kept, parameters[..., at], progress)
            changes.append(change)
            new.update({f"{name}.{k}": v for k, v in kept.items()})
        return torch.cat(changes, -1), new

    return Optimizer(init, update, rest.rate)


def scale(factor: float) -> Optimizer:
    """Multiply by `factor`; a negative one descends."""
    return _stateless(lambda gradient, parameters: gradient * factor, rate=abs(factor))


def scale_by_adam(betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8) -> Optimizer:
    """Adam's bias-corrected direction m̂ / (√v̂ + ε) (Kingma & Ba 2015, arXiv:1412.6980)."""
    b1, b2 = betas

    def init(parameters: Tensor) -> State:
        zeros = torch.zeros_like(parameters)
        return {"m": zeros, "v": zeros.clone(), "count": parameters.new_zeros(())}

    def update(g: Tensor, state: State, parameters: Tensor, progress: Progress = 0.0) -> tuple[Tensor, State]:
        count = state["count"] + 1
        m = torch.lerp(g, state["m"], b1)
        v = (g * g).lerp_(state["v"], b2)
        direction = (m / (1 - b1**count)).div_((v / (1 - b2**count)).sqrt_().add_(eps))
        return direction, {"m": m, "v": v, "count": count}

    return Optimizer(init, update)


def scale_by_rms(decay: float = 0.99, eps: float = 1e-8) -> Optimizer:
    """RMSprop's direction g / (√v + ε) (Tieleman & Hinton 2012), torch's defaults."""

    def update(g: Tensor, state: State, parameters: Tensor, progress: Progress = 0.0) -> tuple[Tensor, State]:
        v = (g * g).lerp_(state["v"], decay)
        return g / v.sqrt().add_(eps), {"v": v}

    return Optimizer(lambda p: {"v": torch.zeros_like(p)}, update)


def trace(momentum: float) -> Optimizer:
    """Heavy-ball momentum: m ← μ·m + g (Polyak 1964)."""

    def update(g: Tensor, state: State, parameters: Tensor, progress: Progress = 0.0) -> tuple[Tensor, State]:
        m = torch.add(g, state["m"], alpha=momentum)
        return m, {"m": m}

    return Optimizer(lambda p: {"m": torch.zeros_like(p)}, update)


def weight_decay(strength: float) -> Optimizer:
    """Add `strength` times the parameters to the gradient."""
    return _stateless(lambda gradient, parameters: torch.add(gradient, parameters, alpha=strength))


def clip_norm(limit: float) -> Optimizer:
    """Scale a seed's gradient down to Euclidean norm `limit` where it is longer (Pascanu et al. 2013)."""

    def clipped(gradient: Tensor, parameters: Tensor) -> Tensor:
        norm = gradient.norm(dim=-1, keepdim=True)
        return gradient * (limit / norm.clamp_min(limit))

    return _stateless(clipped)


def scale_by_schedule(schedule: Schedule) -> Optimizer:
    """Multiply by a factor that changes from step to step.

    Put it last, behind what remembers gradients: ``chain(adam(rate), scale_by_schedule(cosine()))``.
    """

    def init(parameters: Tensor) -> State:
        return {"count": parameters.new_zeros(())}

    def update(
        gradient: Tensor, state: State, parameters: Tensor, progress: Progress = 0.0
    ) -> tuple[Tensor, State]:
        return gradient * schedule(state["count"], progress), {"count": state["count"] + 1}

    return Optimizer(init, update, factor=lambda state, progress: schedule(state["count"], progress))


def warm_up(steps: int) -> Schedule:
    """Factor (t + 1) / `steps` over the first steps t, then 1 (Goyal et al. 2017, arXiv:1706.02677)."""
    return lambda count, progress: ((count + 1) / steps).clamp_max(1.0)


def cosine(end: float = 0.0) -> Schedule:
    """Factor that falls from 1 to `end` along half a cosine over the phase (Loshchilov & Hutter 2017)."""

    def factor(count: Tensor, progress: Progress) -> Tensor:
        share = torch.as_tensor(progress, dtype=count.dtype, device=count.device)
        return end + (1 - end) * (1 + torch.cos(math.pi * share)) / 2

    return factor


def exponential(end: float) -> Schedule:
    """Factor `end`^p that falls from 1 to `end`, evenly in its logarithm, over the share p of the phase."""

    def factor(count: Tensor, progress: Progress) -> Tensor:
        return torch.as_tensor(progress, dtype=count.dtype, device=count.device).mul(math.log(end)).exp()

    return factor


def piecewise_constant(shares: tuple[float, ...], factors: tuple[float, ...]) -> Schedule:
    """Factor ``factors[i]`` from the share ``shares[i]`` of the phase on; the first share is 0."""

    def factor(count: Tensor, progress: Progress) -> Tensor:
        share = torch.as_tensor(progress, dtype=count.dtype, device=count.device)
        return torch.stack([torch.where(share >= s, f - g, 0.0) for s, f, g in steps]).sum(0)

    steps = list(zip(shares, factors, (0.0, *factors), strict=False))
    return factor


def adam(rate: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8) -> Optimizer:
    """Adam (Kingma & Ba 2015): descend along `scale_by_adam` at `rate`."""
    return chain(scale_by_adam(betas, eps), scale(-rate))


def rmsprop(rate: float, decay: float = 0.99, eps: float = 1e-8) -> Optimizer:
    """RMSprop (Tieleman & Hinton 2012): descend along `scale_by_rms` at `rate`."""
    return chain(scale_by_rms(decay, eps), scale(-rate))


def sgd(rate: float, momentum: float = 0.0) -> Optimizer:
    """Gradient descent, with heavy-ball momentum where `momentum` is not 0."""
    return chain(trace(momentum), scale(-rate)) if momentum else scale(-rate)
