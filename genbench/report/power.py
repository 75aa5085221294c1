"""How many seeds it takes to tell two methods apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from genbench.report.entries import THROUGHPUT, Entry, by_seed
from genbench.report.pairwise import least_p_value, moments, welch_freedom
from genbench.types import InputError

MOST_SEEDS = 100_000
Floats = NDArray[np.float64]


class Separation(NamedTuple):
    """What it takes to tell a method from the best one.

    Attributes:
        effect: difference of the means, on the score's scale, in standard deviations: the root of the mean of
            both variances.
        seeds: of each method; None if no number up to `MOST_SEEDS` is enough.
    """

    model: str
    best: str
    metric: str
    effect: float
    seeds: int | None


def separations(made: Sequence[Entry]) -> list[Separation]:
    """Seeds to tell each method of a task from the best in its first metric, best first.

    `to_separate` for the entries of the first metric that are ranked; methods of fewer than two seeds are
    left out.
    """
    metric = next((entry.metric for entry in made if entry.metric not in (None, THROUGHPUT)), None)
    ranked = [e for e in made if e.ranked and e.metric == metric and np.isfinite(e.costs).any()]
    if not ranked:
        return []
    effects, seeds = to_separate(by_seed(ranked, [entry.costs for entry in ranked]))
    best, *others = sorted(range(len(ranked)), key=lambda index: float(ranked[index].costs.mean()))
    first = ranked[best].method.model
    return [
        Separation(ranked[i].method.model, first, str(metric), float(effects[i]), int(seeds[i]) or None)
        for i in others
        if np.isfinite(effects[i])
    ]


def to_separate(costs: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """For each method: its effect against the best one, and the seeds of each to tell the two apart.

    For a power of 80 % of Welch's test at a level of 5 % that is shared among all pairs, the first step of
    Holm's; where scores are repeated, as many as an exact test asks for at least. Effects seen in a few seeds
    are uncertain: the answer is an order of magnitude.

    Args:
        costs: what ranks compare, shape (K, seeds), smaller is better; NaN where there is no such seed.

    Returns:
        Effects, NaN for the best and where one of both has fewer than two seeds, and seeds, 0 where no number
        up to `MOST_SEEDS` is enough or there is no effect to count with; shape (K,) each.
    """
    known = moments(costs)
    best = int(np.argmin(np.where(known.n > 0, known.mean, np.inf)))
    mean_variance = (known.variance + known.variance[best]) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        effects = np.abs(known.mean - known.mean[best]) / np.sqrt(mean_variance)
    effects[(known.mean == known.mean[best]) & (mean_variance == 0)] = 0
    effects[(known.n < 2) | (known.n[best] < 2)] = np.nan
    effects[best] = np.nan
    ones = np.ones_like(effects)
    freedom = welch_freedom(known.variance, known.variance[best] * ones, 2 * ones, 2 * ones)
    level = 0.05 / max(len(costs) * (len(costs) - 1) // 2, 1)
    found = _fewest(np.nan_to_num(effects, posinf=1e9), freedom, level, 0.8)
    least = _exact(level)
    found = np.where((known.tied | known.tied[best]) & (found > 0), np.maximum(found, least), found)
    return effects, np.where(np.isnan(effects), 0, found)


def power(effect: float, seeds: int, *, level: float = 0.05, freedom: float = 2.0) -> float:
    """Chance that a two-sided Welch test finds a difference of `effect` standard deviations, with its sign.

    The noncentral t distribution with noncentrality d √(n/2) and f (n − 1) degrees of freedom.

    Args:
        effect: true difference of the means over the root of the mean of both variances.
        seeds: of each method, n.
        freedom: f, 2 for equal variances, towards 1 where one is much larger.
    """
    return float(_power(np.array([effect]), np.array([float(seeds)]), np.array([freedom]), level)[0])


def seeds_needed(effect: float, *, target: float = 0.8, level: float = 0.05, tests: int = 1) -> int:
    """Fewest seeds a method with which `power` reaches `target`, the level shared among `tests` (Bonferroni).

    An effect estimated from few seeds is itself uncertain: take the answer as an order of magnitude.

    Raises:
        InputError: no number of seeds up to 100,000 is enough, for example since the effect is 0.
    """
    found = int(_fewest(np.array([effect]), np.array([2.0]), level / tests, target)[0])
    if not found:
        raise InputError(f"an effect of {effect:g} needs more than {MOST_SEEDS} seeds; treat it as none")
    return found


def _power(effects: Floats, seeds: Floats, freedom: Floats, level: float) -> Floats:
    free, shift = freedom * (seeds - 1), np.abs(effects) * np.sqrt(seeds / 2)
    bound = -special.stdtrit(free, level / 2)
    # Far in its tail the noncentral t is 1 to all digits, and what computes it gives up.
    near = shift < bound + 40
    exact = stats.nct.sf(bound, np.minimum(free, 1e6), np.where(near, shift, 0))
    return np.asarray(np.where(near, exact, 1.0))


def _fewest(effects: Floats, freedom: Floats, level: float, target: float) -> NDArray[np.int64]:
    """Fewest seeds, by halving, for many effects at once; 0 where `MOST_SEEDS` are not enough."""
    low = np.full(effects.shape, 2.0)
    high = np.full(effects.shape, float(MOST_SEEDS + 1))
    while (low < high).any():
        middle = np.floor((low + high) / 2)
        enough = _power(effects, middle, freedom, level) >= target
        low, high = np.where(enough, low, np.minimum(middle + 1, high)), np.where(enough, middle, high)
    return np.where(low > MOST_SEEDS, 0, low).astype(np.int64)


def _exact(level: float) -> int:
    """Fewest seeds a method with which an exact rank test can reach the level."""
    seeds = np.arange(2.0, 64)
    return int(seeds[least_p_value(seeds, seeds) < level][0])
