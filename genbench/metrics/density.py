"""Log densities of samples and codes: under a known truth, by kernels, and the units that a code uses."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from pydantic import PositiveInt
from torch import Tensor

from genbench.kernels.distances import squared_distances
from genbench.metrics.inputs import held_out, never_refuses, reference, samples
from genbench.metrics.metric import Metric, Subject, label
from genbench.metrics.uncertainty import around
from genbench.models.capabilities import Encoder
from genbench.registry import metrics
from genbench.tasks.task import Task, Truth
from genbench.types import BANDWIDTH_AT_END, HIGH_DIMENSION, Estimate

ACTIVE = 0.01
"""A unit is active if the variance over the data of its posterior mean exceeds this (Burda et al. 2016)."""

VALIDATION = 1_000
"""Most held-out examples that choose the bandwidth; never more than half of them."""

MOST_DIMENSIONS = 10
"""Above this a kernel estimate is flagged: it ranks models wrongly (Theis et al. 2016, arXiv:1511.01844)."""

_ROWS = 256


@metrics.register("truth_log_density")
def truth_log_density(n: PositiveInt = 2500) -> Metric:
    """Mean log density in nats of `n` samples under the distribution that the data come from.

    −E_model[log p] is one half of the reverse KL divergence; the other, the model's entropy, is missing: a
    model collapsed to the highest mode beats real data. Read it beside coverage.
    """

    def estimate(subject: Subject) -> Estimate:
        log_density = _truth(subject.task).log_density(samples(subject, n).double())
        return _mean(log_density)

    def real(task: Task) -> Estimate:
        return _mean(_truth(task).log_density(held_out(task, len(task.held_out)).double()))

    def refuses(subject: Subject) -> str | None:
        return "the density of the data is not known" if subject.task.truth is None else None

    return Metric(f"truth_log_density@{label(n)}", "higher", estimate, refuses, n, real)


@metrics.register("parzen")
def parzen(n: PositiveInt = 10_000) -> Metric:
    """Kernel estimate of the log density of held-out data in nats, from Gaussians around `n` samples: weak.

    Above a few dimensions it is far below the truth whatever the number of samples, and ranks models
    wrongly (Theis et al. 2016); it is here because old papers quote it. The bandwidth is the best of 31 for
    one part of the held-out data, the score is taken on the other.
    """

    def estimate(subject: Subject) -> Estimate:
        validation, test = _halves(subject.task)
        return kernel_log_density(samples(subject, n).flatten(1), validation, test)

    def real(task: Task) -> Estimate:
        return kernel_log_density(reference(task, n).flatten(1), *_halves(task))

    return Metric(f"parzen@{label(n)}", "higher", estimate, never_refuses, n, real)


@metrics.register("active_units", cite="burda2016iwae")
def active_units(n: PositiveInt = 10_000) -> Metric:
    """How many code units u have Var_x(E_q[u | x]) > .01 over `n` held-out examples.

    Counts units that vary, not units that matter: a decoder may ignore one.
    """

    def estimate(subject: Subject) -> Estimate:
        x = held_out(subject.task, n)
        with torch.no_grad():
            mean, _ = subject.model.posterior(subject.nets, x)
        active = int((mean.double().var(0) > ACTIVE).sum())
        return Estimate(float(active), len(x))

    def refuses(subject: Subject) -> str | None:
        return None if isinstance(subject.model, Encoder) else "only models with an encoder have code units"

    return Metric(f"active_units@{label(n)}", "higher", estimate, refuses)


def kernel_log_density(samples: Tensor, validation: Tensor, test: Tensor) -> Estimate:
    """Mean over `test` of log 1/n Σᵢ N(x; sᵢ, h² I), with h from 10⁻³ to 1 of the spread of `validation`.

    Args:
        samples, validation, test: shapes (n, d), (v, d), (m, d).
    """
    spread = math.sqrt(float(validation.double().var(0, correction=0).mean())) or 1.0
    widths = spread * torch.logspace(-3, 0, 31, dtype=torch.float64, device=samples.device)
    fits = _log_density(samples, validation, widths).mean(1)
    best = int(fits.argmax())
    flags: tuple[str, ...] = (BANDWIDTH_AT_END,) if best in (0, len(widths) - 1) else ()
    if samples.shape[1] > MOST_DIMENSIONS:
        flags += (HIGH_DIMENSION.format(dim=samples.shape[1]),)
    return replace(_mean(_log_density(samples, test, widths[best : best + 1])[0]), flags=flags)


def _log_density(samples: Tensor, x: Tensor, widths: Tensor) -> Tensor:
    """Kernel log densities at `x` (m, d) for each bandwidth, shape (widths, m)."""
    parts = []
    for rows in x.split(_ROWS):
        squared = squared_distances(rows, samples, samples.mean(0, dtype=torch.float64)).double()
        parts.append(torch.stack([torch.logsumexp(squared / (-2 * h**2), 1) for h in widths]))
    volume = samples.shape[1] * (widths.log() + math.log(2 * math.pi) / 2) + math.log(len(samples))
    return torch.cat(parts, 1) - volume[:, None]


def _halves(task: Task) -> tuple[Tensor, Tensor]:
    """Held-out examples that choose the bandwidth, and the others, flat."""
    x = held_out(task, len(task.held_out)).flatten(1)
    cut = min(VALIDATION, len(x) // 2)
    return x[:cut], x[cut:]


def _truth(task: Task) -> Truth:
    assert task.truth is not None, "ask `refuses` before `estimate`"
    return task.truth


def _mean(values: Tensor) -> Estimate:
    error = float(values.std()) / math.sqrt(len(values))
    return replace(around(float(values.mean()), error, len(values)), kind="estimate")
