"""Intervals of estimates."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from genbench.types import Estimate

Z95 = float(stats.norm.ppf(0.975))
"""Half-width of a central 95 % interval in standard errors."""


def around(
    value: float,
    error: float,
    n: int,
    *,
    least: float = -math.inf,
    most: float = math.inf,
    flags: tuple[str, ...] = (),
) -> Estimate:
    """Estimate with the normal interval value ± 1.96 standard errors, cut to [least, most]."""
    low, high = max(least, value - Z95 * error), min(most, value + Z95 * error)
    return Estimate(value, n, min(low, value), max(high, value), flags)


def standard_error(estimate: Estimate) -> float:
    """The standard error behind the upper end of a normal interval."""
    return 0.0 if estimate.high is None else (estimate.high - estimate.value) / Z95


def proportion(hits: int, n: int, flags: tuple[str, ...] = ()) -> Estimate:
    """Share hits/n with Wilson's interval, which stays sensible at 0 and 1."""
    interval = stats.binomtest(hits, n).proportion_ci(method="wilson")
    return Estimate(hits / n, n, float(interval.low), float(interval.high), flags)


def histogram_error(
    counts: NDArray[np.int64], statistic: Callable[[NDArray[np.int64]], float], repeats: int = 200
) -> float:
    """Bootstrap standard error of a statistic of a histogram: the counts are drawn anew, multinomially."""
    n = int(counts.sum())
    drawn = np.random.default_rng(0).multinomial(n, counts / n, size=repeats)
    return float(np.std([statistic(row) for row in drawn], ddof=1))


def kl_divergence(counts: NDArray[np.int64], target: NDArray[np.float64]) -> float:
    """KL(p̂ ‖ q) in nats of a histogram's shares p̂ against probabilities q, with 0 log 0 = 0."""
    share = counts / counts.sum()
    seen = counts > 0
    return float(np.sum(share[seen] * np.log(share[seen] / target[seen])))
