"""Mode coverage of planar mixtures, by the protocol of PacGAN (Lin et al. 2018, arXiv:1712.04086)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import PositiveInt
from torch import Tensor

from genbench.metrics.inputs import cached, samples
from genbench.metrics.metric import Metric, Subject, label
from genbench.metrics.uncertainty import around, histogram_error, kl_divergence, proportion
from genbench.registry import metrics
from genbench.tasks.task import Task
from genbench.tasks.truths import Mixture
from genbench.types import Estimate, InputError, Scale

RADIUS = 3.0
"""A sample is of high quality within this many standard deviations of its mode."""

IDEAL_DRAWS = 100
"""Perfect samplers whose scores are averaged for that of real data."""


class ModeCounts(NamedTuple):
    """Histograms over the modes of a mixture.

    Attributes:
        nearest: samples whose nearest mode this is, shape (K,).
        good: those of them within three standard deviations, shape (K,).
    """

    nearest: NDArray[np.int64]
    good: NDArray[np.int64]


def mode_counts(x: Tensor, centers: Tensor, sigma: float) -> ModeCounts:
    """Assign each sample to its nearest mode.

    Args:
        x: samples, shape (n, d).
        centers: modes, shape (K, d).
        sigma: common standard deviation of the modes, in the unit of `x`.
    """
    # The product form of the distance cancels: with σ = .01 at radius 1 it would move the 3σ border.
    distance = torch.cdist(x.double(), centers.double(), compute_mode="donot_use_mm_for_euclid_dist")
    away, mode = distance.min(dim=1)
    good = mode[away <= RADIUS * sigma]
    k = len(centers)
    return ModeCounts(*(torch.bincount(part, minlength=k).cpu().numpy() for part in (mode, good)))


class _Score(NamedTuple):
    """A number of a histogram, and the same with its interval, which costs hundreds of times as much."""

    value: Callable[[ModeCounts, NDArray[np.float64]], float]
    estimate: Callable[[ModeCounts, NDArray[np.float64]], Estimate]


def _captured_value(counts: ModeCounts, weights: NDArray[np.float64]) -> float:
    return float((counts.good > 0).sum())


def _captured(counts: ModeCounts, weights: NDArray[np.float64]) -> Estimate:
    n = int(counts.nearest.sum())
    outcomes = np.append(counts.good, n - counts.good.sum())
    error = histogram_error(outcomes, lambda resampled: float((resampled[:-1] > 0).sum()))
    return around(_captured_value(counts, weights), error, n, least=0, most=len(weights))


def _good_value(counts: ModeCounts, weights: NDArray[np.float64]) -> float:
    return int(counts.good.sum()) / int(counts.nearest.sum())


def _good_share(counts: ModeCounts, weights: NDArray[np.float64]) -> Estimate:
    return proportion(int(counts.good.sum()), int(counts.nearest.sum()))


def _kl_value(counts: ModeCounts, weights: NDArray[np.float64]) -> float:
    return kl_divergence(counts.nearest, weights)


def _kl(counts: ModeCounts, weights: NDArray[np.float64]) -> Estimate:
    error = histogram_error(counts.nearest, lambda resampled: kl_divergence(resampled, weights))
    return around(_kl_value(counts, weights), error, int(counts.nearest.sum()), least=0)


def served_share(good: NDArray[np.int64], n: int, weights: NDArray[np.float64]) -> float:
    """Σₖ min(gₖ / n, wₖ) of good samples in each mode, `good` of shape (K,), out of `n`, and weights (K,)."""
    return float(np.minimum(good / n, weights).sum())


def _served_value(counts: ModeCounts, weights: NDArray[np.float64]) -> float:
    return served_share(counts.good, int(counts.nearest.sum()), weights)


def _served(counts: ModeCounts, weights: NDArray[np.float64]) -> Estimate:
    n = int(counts.nearest.sum())
    outcomes = np.append(counts.good, n - counts.good.sum())
    error = histogram_error(outcomes, lambda resampled: served_share(resampled[:-1], n, weights))
    return around(_served_value(counts, weights), error, n, least=0, most=1)


@metrics.register("served_mass", cite="lin2018pacgan")
def served_mass(n: PositiveInt = 2500) -> Metric:
    """Served mass Σₖ min(p̂ₖ, wₖ): how much of the mixture `n` samples serve well, 0 to .989.

    p̂ₖ is the share of all samples that lie within 3σ (L2) of mode k and nearest to it, wₖ the weight of the
    mode. A perfect sampler in the plane loses 1.1 % to the border and some to chance. A collapsed generator
    gets the weight of its mode, a blurred one the little that falls near modes, and samples of one mode
    beyond its weight count for nothing. It is one minus the total variation distance between the mixture's
    weights and the histogram of good samples, all others being a class of their own. Refuses tasks whose
    truth has no isotropic modes; blind to the shape within a mode.
    """
    return _metric("served_mass", "higher", n, _Score(_served_value, _served))


@metrics.register("modes", cite="lin2018pacgan")
def modes(n: PositiveInt = 2500) -> Metric:
    """Captured modes: those with at least one sample within 3σ (L2) among `n`.

    Blind to how unevenly the modes are served: one sample in thousands captures a mode. Read it beside
    `reverse_kl`. Refuses tasks whose truth has no isotropic modes.
    """
    return _metric("modes", "higher", n, _Score(_captured_value, _captured))


@metrics.register("high_quality", cite="lin2018pacgan")
def high_quality(n: PositiveInt = 2500) -> Metric:
    """Share of `n` samples within 3σ (L2) of their nearest mode; a perfect sampler in the plane gets 98.89 %.

    A generator collapsed to one point of one mode gets 100 %: read it beside `modes`.
    """
    return _metric("high_quality", "higher", n, _Score(_good_value, _good_share))


@metrics.register("reverse_kl", cite="lin2018pacgan")
def reverse_kl(n: PositiveInt = 2500) -> Metric:
    """KL(p̂ ‖ w) in nats of the nearest-mode histogram of all `n` samples against the mixture's weights w.

    Real data score about (K − 1) / 2n. It says nothing of quality: far samples count for their nearest mode
    too.
    """
    return _metric("reverse_kl", "lower", n, _Score(_kl_value, _kl), "log")


def _metric(
    name: str, better: Literal["higher", "lower"], n: int, score: _Score, scale: Scale = "identity"
) -> Metric:
    def estimate(subject: Subject) -> Estimate:
        mixture = _modes_of(subject.task)
        return score.estimate(mixture.count(samples(subject, n)), mixture.weights)

    def real(task: Task) -> Estimate:
        weights = _modes_of(task).weights
        values = np.array([score.value(counts, weights) for counts in _ideal(task, n)])
        return around(float(values.mean()), float(values.std(ddof=1)) / IDEAL_DRAWS**0.5, n)

    return Metric(f"{name}@{label(n)}", better, estimate, _refuses, n, real, scale)


@dataclass(frozen=True)
class _Modes:
    centers: Tensor
    sigma: float
    weights: NDArray[np.float64]
    draw: Callable[[int, torch.Generator], Tensor]

    def count(self, x: Tensor) -> ModeCounts:
        return mode_counts(x, self.centers.to(x.device), self.sigma)


def _refuses(subject: Subject) -> str | None:
    truth = subject.task.truth
    if not isinstance(truth, Mixture):
        return "the task has no known modes"
    return None if truth.sigma is not None else "the modes of the task are not isotropic"


def _modes_of(task: Task) -> _Modes:
    truth = task.truth
    if not isinstance(truth, Mixture) or truth.sigma is None:
        raise InputError(f"{task.name} has no isotropic modes; ask `refuses` before `estimate`")
    return _Modes(truth.centers, truth.sigma, truth.weights.double().cpu().numpy(), truth.draw)


@cached
def _ideal(task: Task, n: int) -> list[ModeCounts]:
    """Counts of `IDEAL_DRAWS` sets of exact samples."""
    mixture, generator = _modes_of(task), torch.Generator().manual_seed(0)
    return [mixture.count(mixture.draw(n, generator)) for _ in range(IDEAL_DRAWS)]
