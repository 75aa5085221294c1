"""Aggregates of scores over seeds and tasks, with bootstrap intervals, after Agarwal et al. 2021.

The paper is arXiv:2108.13264. A *stratum* is the scores of one method on one task, a value a seed. Resampling
draws seeds anew within each stratum, so that every task keeps its weight.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Values = NDArray[np.float64]
Strata = Sequence[Values]
Statistic = Callable[[Values], Values]
"""Maps scores of shape (repeats, n) to (repeats,)."""

RESAMPLES = 2000


class Interval(NamedTuple):
    """An estimate with its confidence interval; NaN where there is none."""

    value: float
    low: float
    high: float


def interquartile_mean(x: Values) -> Values:
    """Mean of the middle half along the last axis: a quarter is cut off each end, rounded down.

    Robust as the median, and nearly as efficient as the mean. Hides rare failures: read it beside their rate.
    """
    return np.asarray(stats.trim_mean(x, 0.25, axis=-1))


def median(x: Values) -> Values:
    """Median along the last axis."""
    return np.asarray(np.median(x, axis=-1))


def aggregate(strata: Strata, statistic: Statistic = interquartile_mean, level: float = 0.95) -> Interval:
    """Mean over strata of a statistic of each, with its stratified bootstrap interval.

    Every task weighs the same, and none is trimmed for being another than the rest: the statistic looks at
    the seeds of one task at a time. (The paper pools all scores; then a task on which all methods score far
    from the others' is the quarter that an interquartile mean cuts off, and with it that task's say.)

    Args:
        strata: the scores of each task, NaN-free; tasks may differ in their number of seeds.

    Returns:
        NaN for no scores, and no interval where no stratum has two.
    """
    strata = [own for own in strata if len(own)]
    if not strata:
        return Interval(math.nan, math.nan, math.nan)
    value = float(np.mean([statistic(own[None])[0] for own in strata]))
    resampled = np.mean([statistic(own) for own in resample(strata)], axis=0)
    return Interval(value, *expanded_percentiles(resampled, list(map(len, strata)), level))


def probability_of_improvement(x: Strata, y: Strata, level: float = 0.95) -> Interval:
    """P(X > Y) + P(X = Y)/2 for a random seed of each method, averaged over tasks, with its interval.

    On one task this is the Mann-Whitney U statistic over the number of pairs. Larger scores are taken to be
    better: negate those that are not.

    Args:
        x, y: the scores of both methods on the same tasks, in the same order.
    """
    wins = [_superiority(a, b) for a, b in zip(x, y, strict=True)]
    value = float(np.mean([own.mean() for own in wins]))
    shares = [(_shares(len(own), i) @ own * _shares(own.shape[1], i, 1)).sum(1) for i, own in enumerate(wins)]
    resampled = np.mean(shares, axis=0)
    low, high = expanded_percentiles(
        resampled, [min(len(a), len(b)) for a, b in zip(x, y, strict=True)], level
    )
    return Interval(value, max(0.0, low), min(1.0, high))


def performance_profile(strata: Strata, thresholds: Values) -> tuple[Values, Values, Values]:
    """Share of (task, seed) pairs that score above each threshold, every task weighing the same.

    Returns:
        The share and the ends of its pointwise 95 % interval, each of the shape of `thresholds`.
    """
    above = [(stratum[:, None] > thresholds).astype(float) for stratum in strata]
    share = np.mean([own.mean(axis=0) for own in above], axis=0)
    resampled = np.mean([_shares(len(own), index) @ own for index, own in enumerate(above)], axis=0)
    low, high = np.quantile(resampled, [0.025, 0.975], axis=0)
    return share, np.minimum(low, share), np.maximum(high, share)


def resample(strata: Strata, seed: int = 0) -> list[Values]:
    """Bootstrap samples of each stratum, shape (RESAMPLES, n) each; the same ones for the same seed."""
    return [stratum[_rows(len(stratum), index, seed)] for index, stratum in enumerate(strata)]


def expanded_percentiles(resampled: Values, sizes: Sequence[int], level: float) -> tuple[float, float]:
    """Ends of the expanded percentile interval (Hesterberg 2015, arXiv:1411.5279, section 4.3).

    Plain percentiles are too narrow for a handful of seeds: the bootstrap's variance is (n − 1)/n of what it
    should be, and Student's t has longer tails than the normal. Both are made good for by taking percentiles
    farther out.

    Args:
        sizes: seeds of each stratum.
    """
    freedom = sum(sizes) - len(sizes)
    if freedom < 1:
        return math.nan, math.nan
    narrowness = math.sqrt(sum(sizes) / freedom)
    tail = float(stats.norm.cdf(narrowness * stats.t.ppf((1 - level) / 2, freedom)))
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return float(low), float(high)


@functools.cache
def share(hits: int, n: int) -> Interval:
    """hits/n with Wilson's 95 % interval, which stays sensible at 0 and 1."""
    if n == 0:
        return Interval(math.nan, math.nan, math.nan)
    ends = stats.binomtest(hits, n).proportion_ci(method="wilson")
    return Interval(hits / n, float(ends.low), float(ends.high))


def student(values: Values, level: float = 0.95) -> Interval:
    """Mean with Student's interval; no interval for fewer than two values."""
    n = len(values)
    if n < 2:
        return Interval(float(values.mean()) if n else math.nan, math.nan, math.nan)
    mean = float(values.mean())
    half = student_quantile(n - 1, level) * float(values.std(ddof=1)) / math.sqrt(n)
    return Interval(mean, mean - half, mean + half)


@functools.cache
def student_quantile(freedom: int, level: float = 0.95) -> float:
    """What a standard error is multiplied by for half of Student's interval."""
    return float(stats.t.ppf((1 + level) / 2, freedom))


@functools.cache
def _rows(n: int, stratum: int, seed: int = 0) -> NDArray[np.int64]:
    rows = np.random.default_rng([seed, stratum]).integers(0, max(n, 1), size=(RESAMPLES, n))
    rows.flags.writeable = False
    return rows


@functools.cache
def _shares(n: int, stratum: int, seed: int = 0) -> Values:
    """How much each of n seeds counts in each bootstrap sample of `resample`, shape (RESAMPLES, n)."""
    shares = (_rows(n, stratum, seed)[:, :, None] == np.arange(n)).mean(axis=1)
    shares.flags.writeable = False
    return np.asarray(shares)


def _superiority(a: Values, b: Values) -> Values:
    """1 where a seed of a wins, ½ for a tie, 0 where it loses; shapes (n,), (m,) → (n, m)."""
    return np.asarray((np.sign(a[:, None] - b[None, :]) + 1) / 2)
