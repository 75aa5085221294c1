"""How much of the data a sampler reaches: bins that it serves unevenly, and samples that it repeats."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import PositiveInt
from scipy import stats
from torch import Tensor

from genbench.kernels.pairwise import counts_within, nearest_squared
from genbench.metrics.inputs import Features, as_features, cached, feature_pair, ideal, reference, samples
from genbench.metrics.memorisation import nearest_rows
from genbench.metrics.metric import Metric, Subject, label
from genbench.metrics.uncertainty import around, histogram_error
from genbench.registry import metrics
from genbench.tasks.task import Task
from genbench.types import FEW_SAMPLES, NO_COLLISION, Estimate, InputError

BINS = 100
LEVEL = 0.05


def bin_centers(reference: Features, bins: int = BINS) -> Tensor:
    """Centres of the k-means clusters of the reference, shape (n, d) → (bins, d).

    Raises:
        InputError: fewer rows than bins, or values that are not finite.
    """
    from sklearn.cluster import KMeans

    x = as_features(reference, "reference", least=bins)
    fitted = KMeans(bins, n_init=1, random_state=0).fit(x.cpu().numpy())
    return torch.from_numpy(fitted.cluster_centers_).to(x)


def different_bins(centers: Tensor, real: Features, fake: Features) -> Estimate:
    """Number of statistically different bins (NDB, Richardson & Weiss 2018, arXiv:1805.12462).

    Each set is counted into the nearest of the `centers`; a bin differs if the two-proportion z-test says so
    at p < .05. Samples of the same distribution differ in about 5 of 100 bins. Grows with n: compare at one
    n only.

    Args:
        centers: shape (K, d), as from `bin_centers`.
        real, fake: shapes (n, d) and (m, d).

    Raises:
        InputError: no rows, different widths, or values that are not finite.
    """
    x, y = (bin_counts(centers, part) for part in feature_pair(real, fake))
    error = histogram_error(y, lambda resampled: float(_differ(x, resampled).sum()))
    flags = (FEW_SAMPLES,) * bool(y.sum() < 10 * len(centers))
    return around(float(_differ(x, y).sum()), error, int(y.sum()), least=0, most=len(centers), flags=flags)


def bin_counts(centers: Tensor, x: Tensor) -> NDArray[np.int64]:
    """How many of the rows of `x` (n, d) are nearest to each of the `centers` (bins, d), shape (bins,)."""
    nearest = nearest_rows(x, centers.to(x))
    return torch.bincount(nearest, minlength=len(centers)).cpu().numpy()


def _differ(x: NDArray[np.int64], y: NDArray[np.int64]) -> NDArray[np.bool_]:
    n, m = x.sum(), y.sum()
    pooled = (x + y) / (n + m)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    z = np.abs(x / n - y / m) / np.where(error > 0, error, np.inf)
    return z > stats.norm.isf(LEVEL / 2)


def collision_support(x: Features, radius: float) -> Estimate:
    """Effective number of distinct samples, s (s − 1) / 2c with c the pairs among s that collide.

    The birthday test of Arora et al. 2018 (arXiv:1706.08224), which says that a duplicate found with
    probability ½ among s samples means a support of about s²; this estimate of 1 / Σ p² uses all pairs. The
    interval is Poisson's on c. With no collision the value is a lower bound, for c = 1, and flagged.

    Args:
        x: samples, shape (s, d).
        radius: a pair at this distance or nearer collides.

    Raises:
        InputError: fewer than two rows, a negative radius, or values that are not finite.
    """
    if radius < 0:
        raise InputError(f"collision radius {radius} is negative, give a distance")
    x = as_features(x, "samples", least=2)
    limit = torch.full((len(x),), radius**2, device=x.device)
    near = int(counts_within(x, x, limit).sum())
    collisions, pairs = (near - len(x)) // 2, math.comb(len(x), 2)
    low = pairs / float(stats.chi2.ppf(0.975, 2 * collisions + 2) / 2)
    if not collisions:
        return Estimate(float(pairs), len(x), low, flags=(NO_COLLISION,))
    high = pairs / float(stats.chi2.ppf(0.025, 2 * collisions) / 2)
    return Estimate(pairs / collisions, len(x), low, high)


@metrics.register("ndb", cite="richardson2018ndb")
def ndb(n: PositiveInt = 10_000) -> Metric:
    """Number of 100 k-means bins that `n` samples fill differently from training examples; ideal about 5."""

    def estimate(subject: Subject) -> Estimate:
        task = subject.task
        return different_bins(_centers(task, n), reference(task, n), samples(subject, n))

    def refuses(subject: Subject) -> str | None:
        few = min(n, len(subject.task.train)) < BINS
        return f"fewer training examples or samples than {BINS} bins" if few else None

    return Metric(f"ndb@{label(n)}", "lower", estimate, refuses, n, lambda task: estimate(ideal(task)))


@metrics.register("birthday", cite="arora2018birthday")
def birthday(n: PositiveInt = 1000) -> Metric:
    """Effective number of distinct images, from colliding pairs among `n` samples (birthday test).

    A pair collides within half the distance of the two nearest of as many training examples, in pixels. Near
    copies that differ by a small shift go unseen, and samples blurred alike collide.
    """

    def estimate(subject: Subject) -> Estimate:
        return collision_support(samples(subject, n), _closest(subject.task, n))

    def refuses(subject: Subject) -> str | None:
        return None if subject.task.kind == "images" else "points of a continuous distribution never repeat"

    name = f"birthday@{label(n)}"
    return Metric(name, "higher", estimate, refuses, n, lambda task: estimate(ideal(task)), "log")


@cached
def _centers(task: Task, n: int) -> Tensor:
    return bin_centers(reference(task, n))


@cached
def _closest(task: Task, n: int) -> float:
    """Half the smallest distance of two training examples."""
    x = as_features(reference(task, n), "training examples", least=2)
    return math.sqrt(float(nearest_squared(x, x, 2)[:, 1].min())) / 2
