"""Partition functions of restricted Boltzmann machines: by enumeration, and by annealed importance sampling.

All logarithms are natural. Everything is summed in double precision.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import softplus

from genbench.kernels.ais import Path, anneal
from genbench.types import InputError, Kind

MOST_UNITS = 25
"""Enumeration sums over two to the power of this at most."""

_CHUNK_NUMBERS = 2**21


class RbmParameters(NamedTuple):
    """Parameters of a restricted Boltzmann machine with binary hidden units.

    Attributes:
        weight: W, shape (V, H).
        visible_bias, hidden_bias: b, shape (V,), and c, shape (H,).
        log_variance: of Gaussian visible units, shape (V,); None if they are binary.
    """

    weight: Tensor
    visible_bias: Tensor
    hidden_bias: Tensor
    log_variance: Tensor | None = None

    def double(self) -> RbmParameters:
        """The same machine in double precision, free of gradients."""
        weight, b, c, log_variance = self
        spread = None if log_variance is None else log_variance.detach().double()
        return RbmParameters(weight.detach().double(), b.detach().double(), c.detach().double(), spread)

    @property
    def enumerable(self) -> bool:
        """Whether `log_partition` can sum over one of its layers."""
        sides = self.weight.shape if self.log_variance is None else self.weight.shape[1:]
        return min(sides) <= MOST_UNITS


@dataclass(frozen=True)
class LogPartition:
    """log Z of a machine, in nats.

    Attributes:
        low, high: three-sigma interval of the estimator, computed on Z or 1/Z before the logarithm; infinite
            on the side where that reaches zero.
        error: standard error of `value`.
        n: chains; 0 for an exact value.
        kind: what `value` is of log Z, bounds in expectation.
    """

    value: float
    low: float
    high: float
    error: float
    n: int
    kind: Kind


def log_partition(machine: RbmParameters) -> LogPartition:
    """log Z by summing over every state of the smaller layer, the other layer summed out in closed form.

    Binary: Z = Σ_h exp(c·h) Π_i (1 + exp(b_i + W_i·h)), or the same with the layers exchanged. Gaussian:
    Z = Σ_h exp(c·h) Π_i √(2πσ_i²) exp(((b_i + W_i·h)² − b_i²) / 2σ_i²).

    Raises:
        InputError: both layers are larger than 25 units (the hidden one, if the machine is Gaussian).
    """
    machine = machine.double()
    if not machine.enumerable:
        raise InputError(
            f"a machine of {machine.weight.shape[0]} by {machine.weight.shape[1]} units has too many states "
            f"to enumerate (one layer of at most {MOST_UNITS} is needed); use ais"
        )
    if machine.log_variance is None and machine.weight.shape[0] < machine.weight.shape[1]:
        machine = RbmParameters(machine.weight.t(), machine.hidden_bias, machine.visible_bias)
    units = machine.weight.shape[1]
    chunk = max(1, _CHUNK_NUMBERS // sum(machine.weight.shape))
    parts = [
        torch.logsumexp(_summed_out(machine, _states(units, start, chunk, machine.weight.device)), 0)
        for start in range(0, 2**units, chunk)
    ]
    value = float(torch.logsumexp(torch.stack(parts), 0))
    return LogPartition(value, value, value, 0.0, 0, "exact")


def schedule() -> list[float]:
    """Inverse temperatures 0:.001:.5, .5:.0001:.9, .9:.00001:1 of Salakhutdinov's demonstration, rising."""
    return (
        [i / 1_000 for i in range(500)]
        + [i / 10_000 for i in range(5_000, 9_000)]
        + [i / 100_000 for i in range(90_000, 100_001)]
    )


def ais(
    machine: RbmParameters,
    chains: int = 100,
    betas: Sequence[float] | None = None,
    base_bias: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> LogPartition:
    """log Z by annealed importance sampling (Neal 2001; Salakhutdinov & Murray 2008).

    The mean weight estimates Z without bias, so its logarithm is a lower bound in expectation; a
    log-likelihood computed with it flatters. Where the chains miss a mode the interval misses it too: compare
    with `reverse_ais`.

    Args:
        betas: inverse temperatures from 0 to 1, rising; None for `schedule`.
        base_bias: log odds of independent visible units to start from, shape (V,), such as `log_odds` of
            the data's mean; None for fair coins.
        generator: on the machine's device; None for one seeded with 0.

    Raises:
        InputError: the visible units are Gaussian, fewer than two chains, or `betas` is no path from 0 to 1.
    """
    path = _path(machine, base_bias)
    betas = _checked(betas, chains)
    generator = generator or torch.Generator(path.weight.device).manual_seed(0)
    probability = path.base_bias.sigmoid().expand(chains, -1)
    start = torch.bernoulli(probability, generator=generator)
    mean, error = _log_mean(anneal(path, betas, start, generator))
    value = _base_log_partition(path) + mean
    low, high = value + _log1p(-3 * error), value + _log1p(3 * error)
    return LogPartition(value, low, high, error, chains, "lower bound")


def reverse_ais(
    machine: RbmParameters,
    start: Tensor,
    betas: Sequence[float] | None = None,
    base_bias: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> LogPartition:
    """log Z by annealing from the machine down to the base model (Burda et al. 2015, arXiv:1412.8566).

    The mean weight estimates 1/Z without bias if `start` holds exact samples of the machine; then the value
    is an upper bound on log Z in expectation. Chains that start elsewhere make it an estimate, and so it is
    called; far from the machine's distribution it may err on either side.

    Args:
        start: visible states to start from, a chain each, shape (n, V).
        betas, base_bias, generator: as for `ais`; `betas` rises and is walked backwards.

    Raises:
        InputError: as `ais`.
    """
    path = _path(machine, base_bias)
    betas = _checked(betas, len(start))
    generator = generator or torch.Generator(path.weight.device).manual_seed(0)
    mean, error = _log_mean(anneal(path, betas[::-1], start.to(path.weight), generator))
    value = _base_log_partition(path) - mean
    low, high = value - _log1p(3 * error), value - _log1p(-3 * error)
    return LogPartition(value, low, high, error, len(start), "estimate")


def log_odds(mean: Tensor, least: float = 0.01) -> Tensor:
    """logit of means in [0, 1], kept `least` away from the ends, (V,) → (V,)."""
    return torch.logit(mean, eps=least)


def _summed_out(machine: RbmParameters, h: Tensor) -> Tensor:
    """log Σ_v exp(−E(v, h)) of states h (n, H), shape (n,)."""
    field = torch.addmm(machine.visible_bias, h, machine.weight.t())
    if machine.log_variance is None:
        return h @ machine.hidden_bias + softplus(field, threshold=40).sum(1)
    gain = (field.square() - machine.visible_bias.square()) * torch.exp(-machine.log_variance)
    return h @ machine.hidden_bias + (gain + machine.log_variance + math.log(2 * math.pi)).sum(1) / 2


def _states(units: int, start: int, count: int, device: torch.device) -> Tensor:
    """Binary vectors number `start` to `start + count` of the 2^units there are, shape (count, units)."""
    numbers = torch.arange(start, min(start + count, 2**units), device=device)
    return (numbers[:, None] >> torch.arange(units, device=device) & 1).double()


def _path(machine: RbmParameters, base_bias: Tensor | None) -> Path:
    if machine.log_variance is not None:
        raise InputError("annealed importance sampling here needs binary visible units; use log_partition")
    weight, b, c = (t.detach() for t in machine[:3])
    base = torch.zeros_like(b) if base_bias is None else base_bias.to(b)
    return Path(weight, b, c, base)


def _checked(betas: Sequence[float] | None, chains: int) -> list[float]:
    path = schedule() if betas is None else list(betas)
    if chains < 2:
        raise InputError(f"{chains} chains give no interval; use at least 2")
    if len(path) < 2 or path[0] != 0 or path[-1] != 1 or sorted(path) != path:
        raise InputError("inverse temperatures must rise from 0 to 1; leave betas out for the usual ones")
    return path


def _base_log_partition(path: Path) -> float:
    hidden = path.weight.shape[1]
    return float(softplus(path.base_bias.double()).sum()) + hidden * math.log(2)


def _log_mean(log_weights: Tensor) -> tuple[float, float]:
    """Logarithm of the mean weight, and the mean's relative standard error."""
    scaled = (log_weights - log_weights.max()).exp()
    mean = float(scaled.mean())
    error = float(scaled.std()) / mean / math.sqrt(len(scaled))
    return float(log_weights.max()) + math.log(mean), error


def _log1p(x: float) -> float:
    return math.log1p(x) if x > -1 else -math.inf
