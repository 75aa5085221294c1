"""Wasserstein distances: sliced, and exact by linear programming."""

from __future__ import annotations

import functools
import importlib.util
import math
from typing import Literal, NamedTuple

import numpy as np
import torch
from pydantic import PositiveInt
from torch import Tensor

from genbench.metrics.inputs import Features, feature_pair, ideal, never_refuses, reference, samples
from genbench.metrics.metric import Metric, Subject, label
from genbench.metrics.uncertainty import around
from genbench.registry import metrics
from genbench.tasks.task import Task
from genbench.types import UNSOLVED, Estimate, NotAvailableError

PROJECTIONS = 512
_CHUNK = 64
"""Projections sorted at once; bounds memory."""


def directions(dim: int, count: int = PROJECTIONS) -> Tensor:
    """Fixed unit vectors, uniform on the sphere, shape (dim, count): the same in every run."""
    normal = torch.randn(dim, count, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return normal / normal.norm(dim=0)


def sliced_wasserstein(x: Features, y: Features, along: Tensor | None = None) -> Estimate:
    """Sliced 2-Wasserstein distance SW₂ = (mean over directions u of W₂²(uᵀX, uᵀY))^½, in the data's unit.

    Rabin et al. 2011; not squared, as in POT's ``sliced_wasserstein_distance(p=2)``, and exact for sets of
    unequal sizes. The interval is that of the samples `x` with `y` held fixed, by the Kantorovich potentials
    (del Barrio & Loubes 2019); do not trust it near what real data score, where the distance is no longer
    normal.

    In many dimensions most directions see almost the same Gaussian, whatever the data: do not compare
    values between data sets.

    Args:
        x: samples, shape (n, …); flattened.
        y: the reference, shape (m, …).
        along: unit vectors, shape (d, L); `directions` by default.

    Raises:
        InputError: too few rows, different widths, or values that are not finite.
    """
    x, y = feature_pair(x, y)
    along = directions(x.shape[1]) if along is None else along
    coupling = _monotone(len(x), len(y)).to(x.device)
    squared, potential = torch.zeros((), dtype=torch.float64), torch.zeros(len(x), dtype=torch.float64)
    for part in along.to(x).split(_CHUNK, dim=1):
        cost, influence = _one_dimensional((x @ part).T, (y @ part).T, coupling)
        squared += cost.sum().cpu()
        potential += influence.sum(dim=0).cpu()
    value = math.sqrt(float(squared) / along.shape[1])
    error = float(potential.std()) / along.shape[1] / math.sqrt(len(x))
    return around(value, error / (2 * value) if value else 0.0, len(x), least=0)


class _Coupling(NamedTuple):
    """The monotone plan between two sorted sets of equal weights: x[row] meets y[column] with `mass`."""

    row: Tensor
    column: Tensor
    mass: Tensor

    def to(self, device: torch.device) -> _Coupling:
        return _Coupling(*(part.to(device) for part in self))


@functools.lru_cache(maxsize=4)
def _monotone(n: int, m: int) -> _Coupling:
    steps_x, steps_y = m * torch.arange(1, n + 1), n * torch.arange(1, m + 1)
    levels = torch.cat([steps_x, steps_y]).unique()
    mass = levels.diff(prepend=levels.new_zeros(1)).double() / (n * m)
    return _Coupling(torch.searchsorted(steps_x, levels), torch.searchsorted(steps_y, levels), mass)


def _one_dimensional(x: Tensor, y: Tensor, plan: _Coupling) -> tuple[Tensor, Tensor]:
    """W₂² of each row, shape (L, n), (L, m) → (L,), and its potential at each sample, shape (L, n).

    The potential's derivative is 2 (x − T x), T the transport map; it is integrated over sorted samples.
    """
    x, order = _sorted(x)
    y = _sorted_values(y)
    matched = y[:, plan.column].double()
    cost = ((x[:, plan.row].double() - matched).square() * plan.mass).sum(dim=1)
    image = torch.zeros_like(x, dtype=torch.float64)
    image.index_add_(1, plan.row, matched * plan.mass * x.shape[1])
    sorted_potential = torch.cumulative_trapezoid(2 * (x - image), x.double(), dim=1)
    sorted_potential = torch.nn.functional.pad(sorted_potential, (1, 0))
    centred = sorted_potential - sorted_potential.mean(dim=1, keepdim=True)
    return cost, torch.empty_like(centred).scatter_(1, order, centred)


def _sorted(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Each row's values in ascending order, and where they stood."""
    if rows.is_cuda:
        return rows.sort(dim=1)
    # NumPy sorts with vector instructions where the processor has them, several times as fast as torch.
    order = torch.from_numpy(np.argsort(rows.contiguous().numpy(), axis=1))
    return rows.gather(1, order), order


def _sorted_values(rows: Tensor) -> Tensor:
    """Each row's values in ascending order."""
    if rows.is_cuda:
        return rows.sort(dim=1).values
    return torch.from_numpy(np.sort(rows.contiguous().numpy(), axis=1))


@metrics.register("sliced_wasserstein", cite="rabin2011wasserstein")
def sliced_wasserstein_metric(n: PositiveInt = 2500) -> Metric:
    """Sliced 2-Wasserstein distance of `n` samples to `n` training examples along 512 fixed directions.

    In the unit of the data; images are flattened. See `sliced_wasserstein`.
    """

    def estimate(subject: Subject) -> Estimate:
        return sliced_wasserstein(samples(subject, n), reference(subject.task, n))

    def real(task: Task) -> Estimate:
        return estimate(ideal(task))

    return Metric(f"sliced_wasserstein@{label(n)}", "lower", estimate, never_refuses, n, real, "log")


def wasserstein(x: Features, y: Features, p: Literal[1, 2] = 2) -> Estimate:
    """Exact p-Wasserstein distance of two samples, (min over plans of E |x − y|ᵖ)^(1/p), in the data's unit.

    By network simplex in POT, which is optional. Memory grows as n m: keep below about 5,000 points a side.
    The interval is that of the samples `x`, by the dual potentials. In d > 4 dimensions the distance of two
    samples of one distribution falls as slowly as n^(−1/d): mind what real data score.

    Args:
        x: samples, shape (n, …); flattened.
        y: the reference, shape (m, …).

    Raises:
        NotAvailableError: POT is not installed.
        InputError: too few rows, different widths, or values that are not finite.
    """
    if reason := _without_pot():
        raise NotAvailableError(reason)
    import ot

    x, y = (part.double().cpu() for part in feature_pair(x, y))
    cost = torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist") ** p
    plan, log = ot.emd(ot.unif(len(x)), ot.unif(len(y)), cost.numpy(), numItermax=10_000_000, log=True)
    powered = float((plan * cost.numpy()).sum())
    value = powered ** (1 / p)
    error = float(log["u"].std()) / math.sqrt(len(x))
    flags = (UNSOLVED,) if log["warning"] else ()
    return around(value, error * value / (p * powered) if powered else 0.0, len(x), least=0, flags=flags)


@metrics.register("wasserstein1", cite="flamary2021pot")
def wasserstein1(n: PositiveInt = 2500) -> Metric:
    """Exact 1-Wasserstein distance of `n` samples to `n` training examples, in the data's unit; needs POT."""
    return _exact(1, n)


@metrics.register("wasserstein2", cite="flamary2021pot")
def wasserstein2(n: PositiveInt = 2500) -> Metric:
    """Exact 2-Wasserstein distance of `n` samples to `n` training examples, in the data's unit; needs POT."""
    return _exact(2, n)


def _exact(p: Literal[1, 2], n: int) -> Metric:
    def estimate(subject: Subject) -> Estimate:
        return wasserstein(samples(subject, n), reference(subject.task, n), p)

    def refuses(subject: Subject) -> str | None:
        return _without_pot()

    name = f"wasserstein{p}@{label(n)}"
    return Metric(name, "lower", estimate, refuses, n, lambda task: estimate(ideal(task)), "log")


def _without_pot() -> str | None:
    absent = importlib.util.find_spec("ot") is None
    return "not available: POT is not installed; pip install 'genbench[transport]'" if absent else None
