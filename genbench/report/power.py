"""How many seeds it takes to tell two methods apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from genbench.report.entries import THROUGHPUT, Entry, by_seed
from genbench.types import InputError

MOST_SEEDS = 100_000


class Separation(NamedTuple):
    """What it takes to tell a method from the best one.

    Attributes:
        effect: mean of the paired differences in their standard deviations.
        seeds: of each method; None if no number up to `MOST_SEEDS` is enough.
    """

    model: str
    best: str
    metric: str
    effect: float
    seeds: int | None


def separations(made: Sequence[Entry]) -> list[Separation]:
    """Seeds to tell each method of a task from the best in its first metric, best first.

    For a power of 80 % at a level of 5 % that is shared among all pairs, as ranks are; costs are those that
    ranks compare. Methods that share fewer than two seeds with the best are left out.
    """
    metric = next((entry.metric for entry in made if entry.metric not in (None, THROUGHPUT)), None)
    ranked = [e for e in made if e.ranked and e.metric == metric and np.isfinite(e.costs).any()]
    ranked.sort(key=lambda entry: float(entry.costs.mean()))
    differences = by_seed(ranked, [entry.costs for entry in ranked])
    tests = len(ranked) * (len(ranked) - 1) // 2
    found = []
    for entry, row in zip(ranked[1:], differences[1:] - differences[:1], strict=True):
        own = row[np.isfinite(row)]
        if len(own) > 1:
            effect = _effect(own)
            names = entry.method.model, ranked[0].method.model, str(metric)
            found.append(Separation(*names, effect, _needed(effect, tests)))
    return found


def _effect(differences: np.ndarray) -> float:
    mean, spread = abs(float(differences.mean())), float(differences.std(ddof=1))
    return mean / spread if spread else math.inf if mean else 0.0


def _needed(effect: float, tests: int) -> int | None:
    if math.isinf(effect):
        return 2
    try:
        return seeds_needed(effect, tests=tests)
    except InputError:
        return None


def power(effect: float, seeds: int, *, paired: bool = True, level: float = 0.05) -> float:
    """Chance that a two-sided t-test finds a difference of `effect` standard deviations, with its sign.

    The noncentral t distribution with noncentrality d √n and n − 1 degrees of freedom if paired, else
    d √(n/2) and 2n − 2.

    Args:
        effect: true difference of the means, in standard deviations of the paired differences, or of a
            method's scores if not paired.
        seeds: of each method.
    """
    freedom = seeds - 1 if paired else 2 * seeds - 2
    shift = abs(effect) * math.sqrt(seeds if paired else seeds / 2)
    bound = stats.t.ppf(1 - level / 2, freedom)
    return float(stats.nct.sf(bound, freedom, shift))


def seeds_needed(
    effect: float, *, target: float = 0.8, paired: bool = True, level: float = 0.05, tests: int = 1
) -> int:
    """Fewest seeds a method with which `power` reaches `target`, the level shared among `tests` (Bonferroni).

    An effect estimated from few seeds is itself uncertain: take the answer as an order of magnitude.

    Raises:
        InputError: no number of seeds up to 100,000 is enough, for example since the effect is 0.
    """
    low, high = _bracket(effect, target, paired, level / tests)
    while power(effect, high, paired=paired, level=level / tests) < target:
        low, high = high, 2 * high
        if high > MOST_SEEDS:
            raise InputError(f"an effect of {effect:g} needs more than {MOST_SEEDS} seeds; treat it as none")
    while low < high:
        middle = (low + high) // 2
        enough = power(effect, middle, paired=paired, level=level / tests) >= target
        low, high = (low, middle) if enough else (middle + 1, high)
    return low


def _bracket(effect: float, target: float, paired: bool, level: float) -> tuple[int, int]:
    """Where to begin the search: near the answer for normal errors, which is slightly too small."""
    if not effect:
        return 2, MOST_SEEDS + 1
    quantiles = stats.norm.isf(level / 2) + stats.norm.ppf(target)
    near = min((1 if paired else 2) * (quantiles / effect) ** 2, MOST_SEEDS)
    low = max(2, math.floor(near) - 1)
    enough = power(effect, low, paired=paired, level=level) >= target
    return (2, low) if enough else (low, low + 4)
