"""How many seeds it takes to tell two methods apart."""

from __future__ import annotations

import math

from scipy import stats

from genbench.types import InputError

MOST_SEEDS = 100_000


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
    low, high = 2, 4
    while power(effect, high, paired=paired, level=level / tests) < target:
        low, high = high, 2 * high
        if high > MOST_SEEDS:
            raise InputError(f"an effect of {effect:g} needs more than {MOST_SEEDS} seeds; treat it as none")
    while low < high:
        middle = (low + high) // 2
        enough = power(effect, middle, paired=paired, level=level / tests) >= target
        low, high = (low, middle) if enough else (middle + 1, high)
    return low
