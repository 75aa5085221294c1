"""Log-likelihoods of held-out data under a trained model: exact, bounded or estimated, and always said which.

All are means over held-out examples in nats, with the error of that mean (and of log Z) as the interval. Each
has a companion in bits per dimension, whose name has ``_bits`` before the ``@``.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import torch
from pydantic import PositiveInt
from torch import Tensor

from genbench.metrics.inputs import cached, reference
from genbench.metrics.metric import Metric, Subject, label
from genbench.metrics.uncertainty import around
from genbench.models.capabilities import EnergyModel, ImportanceWeighted
from genbench.ops.belief import deep_log_weights, gibbs_sweep
from genbench.ops.partition import LogPartition, RbmParameters, ais, log_odds, log_partition, reverse_ais
from genbench.registry import metrics
from genbench.tasks.task import Task
from genbench.types import OPEN_LOG_Z, Estimate, Kind

EXAMPLES = 250
"""Held-out examples worked on at once."""

DRAWS = 10
"""Draws of the hidden layers of a deep belief net, an example."""

START_SWEEPS = 100
"""Gibbs sweeps from training examples to the states that reverse AIS starts from."""

_NUMBERS = 2**22
_BITS: dict[Kind | None, Kind] = {"lower bound": "upper bound", "upper bound": "lower bound"}

Factory = Callable[..., Metric]


def in_nats_and_bits(name: str, cite: str | None = None) -> Callable[[Factory], Factory]:
    """Decorator that registers a log-likelihood, and beside it the same in bits per dimension."""

    def register(factory: Factory) -> Factory:
        @functools.wraps(factory)
        def bits(**options: Any) -> Metric:
            return _in_bits(factory(**options))

        bits.__doc__ = f"−`{name}` in bits per dimension, so a lower bound there is an upper bound here."
        metrics.register(f"{name}_bits", cite=cite)(bits)
        return metrics.register(name, cite=cite)(factory)

    return register


@in_nats_and_bits("log_likelihood_exact", cite="smolensky1986rbm")
def log_likelihood_exact(n: PositiveInt = 10_000) -> Metric:
    """Exact log-likelihood of `n` held-out examples under a machine with a layer of at most 25 units.

    Mean of −F(x) − log Z, with log Z by enumeration.
    """

    def estimate(subject: Subject) -> Estimate:
        return _normalised(subject, _partition(subject, "exact", 0), "exact", n)

    def refuses(subject: Subject) -> str | None:
        reason = _refuses_machines(subject, deep=False)
        if reason is None and not _machines(subject)[-1].enumerable:
            return "both layers are too large to enumerate; log_likelihood_ais estimates it"
        return reason

    return Metric(f"log_likelihood_exact@{label(n)}", "higher", estimate, refuses)


@in_nats_and_bits("log_likelihood_ais", cite="salakhutdinov2008ais")
def log_likelihood_ais(n: PositiveInt = 100) -> Metric:
    """Log-likelihood of a binary machine with log Z by annealed importance sampling of `n` chains.

    AIS underestimates log Z in expectation, and grossly where chains miss a mode, so this flatters: read it
    beside `log_likelihood_reverse_ais`. 14,501 temperatures, from a base model with the training set's mean.
    """

    def estimate(subject: Subject) -> Estimate:
        return _normalised(subject, _partition(subject, "ais", n), "upper bound")

    return Metric(f"log_likelihood_ais@{label(n)}", "higher", estimate, _refuses_annealing)


@in_nats_and_bits("log_likelihood_reverse_ais", cite="burda2015raise")
def log_likelihood_reverse_ais(n: PositiveInt = 100) -> Metric:
    """Log-likelihood of a binary machine with log Z by annealing `n` chains from the model to the base.

    From exact samples it would be a lower bound in expectation. The chains start 100 Gibbs sweeps from
    training examples, which is close only where the machine has learned them; so it is an estimate.
    """

    def estimate(subject: Subject) -> Estimate:
        return _normalised(subject, _partition(subject, "reverse", n), "estimate")

    return Metric(f"log_likelihood_reverse_ais@{label(n)}", "higher", estimate, _refuses_annealing)


@in_nats_and_bits("dbn_bound", cite="salakhutdinov2008ais")
def dbn_bound(n: PositiveInt = 100) -> Metric:
    """Variational lower bound of a deep belief net, with log Z of its top machine.

    A true bound where the top machine can be enumerated. Else log Z comes from AIS with `n` chains, which
    tends to be too small: an estimate of the bound. Ten draws of the hidden layers an example.
    """

    def estimate(subject: Subject) -> Estimate:
        if _machines(subject)[-1].enumerable:
            return _normalised(subject, _partition(subject, "exact", 0), "lower bound")
        return _normalised(subject, _partition(subject, "ais", n), "estimate")

    return Metric(f"dbn_bound@{label(n)}", "higher", estimate, lambda s: _refuses_machines(s, deep=True))


@in_nats_and_bits("elbo", cite="kingma2014vae")
def elbo(n: PositiveInt = 10) -> Metric:
    """Evidence lower bound of a VAE: the mean of log w over `n` draws an example, w = p(x, z) / q(z | x)."""

    def estimate(subject: Subject) -> Estimate:
        return _mean(_bounds(subject, n)[0], "lower bound")

    return Metric(f"elbo@{label(n)}", "higher", estimate, _refuses_weights)


@in_nats_and_bits("iwae", cite="burda2016iwae")
def iwae(n: PositiveInt = 5000) -> Metric:
    """Importance-weighted bound L_n of a VAE: the logarithm of the mean of `n` weights an example.

    Rises with n towards the log-likelihood; L_5000 is what papers quote as such. Costs n decoder passes an
    example, minutes for MNIST on a CPU.
    """

    def estimate(subject: Subject) -> Estimate:
        return _mean(_bounds(subject, n)[1], "lower bound")

    return Metric(f"iwae@{label(n)}", "higher", estimate, _refuses_weights)


def _in_bits(metric: Metric) -> Metric:
    name, at, protocol = metric.name.partition("@")

    def estimate(subject: Subject) -> Estimate:
        nats = metric.estimate(subject)
        scale = -1 / (subject.task.dim * math.log(2))
        low, high = (None if end is None else scale * end for end in (nats.high, nats.low))
        kind = _BITS.get(nats.kind, nats.kind)
        return replace(nats, value=scale * nats.value, low=low, high=high, kind=kind)

    return replace(metric, name=f"{name}_bits{at}{protocol}", better="lower", estimate=estimate)


def _normalised(subject: Subject, log_z: LogPartition, kind: Kind, most: int | None = None) -> Estimate:
    """Mean of log p̃ − log Z over held-out examples; both errors make the interval."""
    energies = _log_unnormalised(subject)[:most]
    alone = _mean(energies - log_z.value, kind)
    error = math.hypot(_standard_error(energies), log_z.error)
    return replace(around(alone.value, error, alone.n, flags=_doubtful(log_z)), kind=kind)


def _doubtful(log_z: LogPartition) -> tuple[str, ...]:
    return (OPEN_LOG_Z,) if log_z.error >= 1 / 3 else ()


def _mean(values: Tensor, kind: Kind) -> Estimate:
    estimate = around(float(values.mean()), _standard_error(values), len(values))
    return replace(estimate, kind=kind)


def _standard_error(values: Tensor) -> float:
    return float(values.std()) / math.sqrt(len(values)) if len(values) > 1 else 0.0


@cached
def _log_unnormalised(subject: Subject) -> Tensor:
    """log p̃ of every held-out example, or the deep bound's mean over draws, shape (n,), double."""
    task, machines = subject.task, _machines(subject)
    generator = torch.Generator(task.device).manual_seed(0)
    draws = DRAWS if len(machines) > 1 else 1

    def weights(x: Tensor) -> Tensor:
        sizes = [machine.weight.shape[1] for machine in machines[:-1]]
        uniforms = [x.new_empty(len(x), size).uniform_(generator=generator) for size in sizes]
        return deep_log_weights(machines, x, uniforms)

    parts = task.held_out.split(EXAMPLES)
    flat = (task.to_float(part).flatten(1).double() for part in parts)
    return torch.cat([torch.stack([weights(x) for _ in range(draws)]).mean(0) for x in flat])


@cached
def _partition(subject: Subject, method: Literal["exact", "ais", "reverse"], chains: int) -> LogPartition:
    """log Z of the top machine."""
    task, top = subject.task, _machines(subject)[-1]
    if method == "exact":
        return log_partition(top)
    machine = RbmParameters(*(t.detach().float() for t in top[:3]))
    generator = torch.Generator(task.device).manual_seed(0)
    lowest = len(_machines(subject)) == 1
    base = log_odds(task.to_float(task.train).flatten(1).mean(0)) if lowest else None
    if method == "ais":
        return ais(machine, chains, base_bias=base, generator=generator)
    start = reference(task, chains).flatten(1)
    for _ in range(START_SWEEPS):
        start = gibbs_sweep(machine, start, generator)
    return reverse_ais(machine, start, base_bias=base, generator=generator)


@cached
def _bounds(subject: Subject, draws: int) -> tuple[Tensor, Tensor]:
    """Mean and log-mean-exp of the log weights of every held-out example, each (n,), double."""
    generator = torch.Generator(subject.task.device).manual_seed(0)
    parts = subject.task.held_out.split(EXAMPLES)
    logs = [_log_weights(subject, subject.task.to_float(part), draws, generator) for part in parts]
    means = torch.cat([log.mean(0) for log in logs])
    return means, torch.cat([torch.logsumexp(log, 0) - math.log(draws) for log in logs])


@torch.no_grad()
def _log_weights(subject: Subject, x: Tensor, draws: int, generator: torch.Generator) -> Tensor:
    """Log weights of a few examples, (draws, n) in double precision."""
    task, model = subject.task, subject.model
    most = max(1, _NUMBERS // x.numel())
    parts = []
    for first in range(0, draws, most):
        lead = min(most, draws - first), len(x)
        noise = {name: noise.draw(lead, generator) for name, noise in model.weight_noise(task).items()}
        parts.append(model.log_weights(task, subject.nets, x, noise).double())
    return torch.cat(parts)


def _machines(subject: Subject) -> list[RbmParameters]:
    return [machine.double() for machine in subject.model.rbm_layers(subject.nets)]


def _refuses_machines(subject: Subject, deep: bool) -> str | None:
    if not isinstance(subject.model, EnergyModel):
        return "only energy models have a partition function"
    machines = subject.model.rbm_layers(subject.nets)
    if deep != (len(machines) > 1):
        return "a single machine; log_likelihood_ais scores it" if deep else "deep nets have dbn_bound only"
    return _refuses_grey(subject.task) if machines[0].log_variance is None else None


def _refuses_annealing(subject: Subject) -> str | None:
    reason = _refuses_machines(subject, deep=False)
    if reason is None and _machines(subject)[-1].log_variance is not None:
        return "annealing needs binary visible units"
    return reason


def _refuses_weights(subject: Subject) -> str | None:
    if not isinstance(subject.model, ImportanceWeighted):
        return "only models with an encoder have importance weights"
    return _refuses_grey(subject.task) if subject.model.discrete(subject.task) else None


def _refuses_grey(task: Task) -> str | None:
    return (
        None
        if _binary(task)
        else "a model of binary data, and these are grey: use binary-mnist or binary-digits"
    )


@cached
def _binary(task: Task) -> bool:
    x = task.to_float(task.held_out)
    return bool(((x == 0) | (x == 1)).all())
