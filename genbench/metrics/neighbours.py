"""Samples against data by nearest neighbours: precision and recall, density and coverage, copies."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from genbench.kernels.pairwise import decided_tiles, nearest_squared
from genbench.metrics.inputs import Features, feature_pair
from genbench.metrics.uncertainty import around, proportion
from genbench.types import FEW_SAMPLES, Estimate, InputError

FEW = 1000
"""Below this many points a side the balls are too large to tell samples apart."""


class Prdc(NamedTuple):
    """Precision, recall, density and coverage of one set of samples."""

    precision: Estimate
    recall: Estimate
    density: Estimate
    coverage: Estimate


class _Balls(NamedTuple):
    """Which points lie in which balls, the balls being centred on real or on fake features.

    Attributes:
        closed_real: whether each fake lies in a closed ball around a real one, shape (m,).
        closed_fake: whether each real one lies in a closed ball around a fake, shape (n,).
        holders: how many open balls around real ones hold each fake, shape (m,).
        covered: whether the open ball around each real one holds a fake, shape (n,).
    """

    closed_real: Tensor
    closed_fake: Tensor
    holders: Tensor
    covered: Tensor


def prdc(real: Features, fake: Features, k: int = 5) -> Prdc:
    """Precision, recall, density and coverage with balls that reach to the `k`-th neighbour.

    Precision and recall (Kynkäänniemi et al. 2019, arXiv:1904.06991): the share of fakes within a ball around
    a real one, and of real ones within a ball around a fake; inside means ≤ radius. Density and coverage
    (Naeem et al. 2020, arXiv:2002.09797): the mean number of real balls that hold a fake, over k, and the
    share of real balls that hold one; inside means < radius. A point is not its own neighbour.

    Intervals are of independent trials (Wilson's, normal for the density); points of one set share balls, so
    they are somewhat too short. Precision is blind to lost modes, recall to bad samples, and an outlier among
    the real ones has a large ball that inflates precision.

    Args:
        real, fake: features, shapes (n, d) and (m, d).

    Raises:
        InputError: a set has no more than `k` rows, widths differ, or values are not finite.
    """
    return _prdc(real, fake, k, k)


def precision_recall_density_coverage(real: Features, fake: Features) -> Prdc:
    """`prdc` of (n, d), (m, d) by the published protocols: k = 3 for the first two, 5 for the others."""
    return _prdc(real, fake, 3, 5)


def _prdc(real: Features, fake: Features, k_closed: int, k_open: int) -> Prdc:
    k = max(k_closed, k_open)
    if k < 1:
        raise InputError(f"{k} neighbours asked, give at least 1")
    real, fake = feature_pair(real, fake, least=k + 1)
    around_real, around_fake = nearest_squared(real, real, k + 1), nearest_squared(fake, fake, k_closed + 1)
    balls = _balls(real, fake, around_real[:, k_closed], around_fake[:, k_closed], around_real[:, k_open])
    flags = (FEW_SAMPLES,) * (min(len(real), len(fake)) < FEW)
    holders = balls.holders.double() / k_open
    error = float(holders.std()) / math.sqrt(len(fake))
    return Prdc(
        _share(balls.closed_real, flags),
        _share(balls.closed_fake, flags),
        around(float(holders.mean()), error, len(fake), least=0, flags=flags),
        _share(balls.covered, flags),
    )


def _balls(real: Tensor, fake: Tensor, closed_real: Tensor, closed_fake: Tensor, open_real: Tensor) -> _Balls:
    """One pass over the distances between the sets; the radii are squared."""
    counts = torch.zeros(len(fake), dtype=torch.long, device=fake.device)
    result = _Balls(_none(fake), _none(real), counts, _none(real))
    for rows, columns, squared in decided_tiles(real, fake, (closed_real, open_real), (closed_fake,)):
        result.closed_real[columns] |= _any_within(squared, closed_real[rows, None], dim=0)
        result.closed_fake[rows] |= _any_within(squared, closed_fake[columns], dim=1)
        result.covered[rows] |= squared.amin(dim=1) < open_real[rows]
        result.holders[columns] += squared.lt_(open_real[rows, None]).sum(dim=0).long()
    return result


def _any_within(squared: Tensor, limits: Tensor, dim: int) -> Tensor:
    """(squared <= limits).any(dim) in a fifth of the time; that two infinities are equal shows as NaN."""
    return ~((squared - limits).amin(dim=dim) > 0)


def two_sample(real: Features, fake: Features) -> Estimate:
    """Leave-one-out accuracy of the 1-nearest-neighbour test between the sets (Lopez-Paz & Oquab 2017).

    Ideal is .5; 1 means that the sets are told apart, 0 that each fake is a copy of a real one. A point
    whose nearest neighbours in both sets are equally far counts half. Mutual neighbours are right or wrong
    together, so the interval is that of half as many independent trials, which is on the safe side.

    Args:
        real, fake: features, shapes (n, d) and (m, d); sets of unequal size are cut to the smaller.

    Raises:
        InputError: fewer than two rows, different widths, or values that are not finite.
    """
    real, fake = feature_pair(real, fake)
    n = min(len(real), len(fake))
    real, fake = real[:n], fake[:n]
    right = 0.0
    for own, other in ((real, fake), (fake, real)):
        within, across = nearest_squared(own, own, 2)[:, 1], nearest_squared(own, other, 1)[:, 0]
        right += float((within < across).sum() + 0.5 * (within == across).sum())
    interval = proportion(round(right / 2), n)
    return replace(interval, value=right / (2 * n), flags=(FEW_SAMPLES,) * (n < 100))


def copying(train: Features, fresh: Features, fake: Features) -> Estimate:
    """Probability that a sample lies nearer to its nearest training example than fresh data do to theirs.

    The Mann-Whitney statistic of the data-copying test of Meehan et al. 2020 (arXiv:2004.05675), ties half;
    .5 is ideal, near 1 the samples are copies, below .5 they are farther from the data than data are. The
    standard error is DeLong's.

    Args:
        train, fresh, fake: features of training examples, held-out examples and samples, shapes (t, d),
            (h, d), (n, d).

    Raises:
        InputError: fewer than two rows, different widths, or values that are not finite.
    """
    train, fake = feature_pair(train, fake)
    fresh = feature_pair(train, fresh)[1]
    ours, theirs = nearest_squared(fake, train, 1)[:, 0], nearest_squared(fresh, train, 1)[:, 0]
    wins = _below(ours, theirs)
    losses = 1 - _below(theirs, ours)
    error = math.sqrt(float(wins.var()) / len(wins) + float(losses.var()) / len(losses))
    flags = (FEW_SAMPLES,) * (min(len(wins), len(losses)) < 100)
    return around(float(wins.mean()), error, len(fake), least=0, most=1, flags=flags)


def _below(x: Tensor, y: Tensor) -> Tensor:
    """For each x the share of y above it, ties half, shapes (n,), (m,) → (n,)."""
    y = y.sort().values
    above = len(y) - torch.searchsorted(y, x, right=True)
    ties = len(y) - torch.searchsorted(y, x) - above
    return (above + 0.5 * ties).double() / len(y)


def _share(hits: Tensor, flags: tuple[str, ...]) -> Estimate:
    return proportion(int(hits.sum()), len(hits), flags)


def _none(x: Tensor) -> Tensor:
    return torch.zeros(len(x), dtype=torch.bool, device=x.device)
