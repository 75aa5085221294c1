"""Which methods can be told apart: Welch's test of all pairs, corrected for their number."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

Matrix = NDArray[np.float64]
SAME = 1e-9
"""Values closer than this share of the largest are one: rounding errors are no differences."""


class Moments(NamedTuple):
    """What a test knows of each method; shape (methods,) each.

    Attributes:
        n: its seeds.
        mean: over them.
        variance: (Σ (x − x̄)² + h²)/(n − 1), h the step of the score, as if one value had been the next one:
            n equal values of a score that takes few do not say that it never varies.
        tied: whether half of the values or more are repeated, so that nothing is known of their spread.
    """

    n: Matrix
    mean: Matrix
    variance: Matrix
    tied: NDArray[np.bool_]

    def of(self, rows: NDArray[np.int64]) -> Moments:
        """Those of some methods, shape (rows,)."""
        return Moments(self.n[rows], self.mean[rows], self.variance[rows], self.tied[rows])


def moments(values: Matrix) -> Moments:
    """Number, mean and variance of each method's values, shape (methods, seeds), of what is not NaN.

    The step of the score is the smallest distance between any two values that differ, if some are equal: 1
    for counts of modes, 1/2500 for a share of 2,500 samples. Where no value is repeated it is 0.
    """
    known = np.isfinite(values)
    n = known.sum(axis=1).astype(float)
    mean = np.where(known, values, 0).sum(axis=1) / np.maximum(n, 1)
    squares = (np.where(known, values - mean[:, None], 0) ** 2).sum(axis=1) + _step(values) ** 2
    return Moments(n, mean, squares / np.maximum(n - 1, 1), _distinct(values) <= n / 2)


def welch_p_values(values: Matrix) -> Matrix:
    """Two-sided p-values of all pairs of methods: Welch's test of their means, kept from false certainty.

    t = (x̄ᵢ − x̄ⱼ) / √(sᵢ²/nᵢ + sⱼ²/nⱼ) with the degrees of freedom of Welch (1947, Biometrika 34:28-35) and
    the variances of `moments`. Seeds are not paired: seed i of two methods shares the order of data and
    nothing else, and scores of equal seeds were found uncorrelated. Where half of the values of one of both
    or more are repeated, p is never below 2/C(nᵢ + nⱼ, nᵢ), the least that an exact rank test can give.
    With fewer than two seeds of one of them p is 1.

    Means of a few seeds are taken to be normal. Scores with two clusters far from each other, such as of a
    method that collapses in every other seed, deserve more seeds than this test asks for.

    Args:
        values: on the score's scale, shape (methods, seeds); NaN where a method has no such seed.

    Returns:
        Shape (methods, methods), symmetric, with ones on the diagonal.
    """
    known = moments(values)
    i, j = np.triu_indices(len(values), 1)
    p = np.ones((len(values), len(values)))
    p[i, j] = p[j, i] = _p_values(known.of(i), known.of(j))
    return p


def paired_p_value(base: Matrix, new: Matrix) -> float:
    """Two-sided p-value of a change between two versions of one method: a paired t-test over shared seeds.

    Equal seeds of two versions draw the same numbers, so they are paired. Where fewer than two are shared,
    Welch's test over all seeds of both; differences without spread give 0, or 1 where they are 0.

    Args:
        base, new: shape (seeds,), NaN where one has no such seed.
    """
    difference = (new - base)[np.isfinite(new - base)]
    n = len(difference)
    if n < 2:
        return float(welch_p_values(np.stack([base, new]))[0, 1])
    mean, error = float(difference.mean()), float(difference.std(ddof=1)) / n**0.5
    if error <= 1e-12 * abs(mean):  # equal differences leave a spread of rounding errors, which is none
        return float(mean == 0)
    return float(2 * special.stdtr(n - 1, -abs(mean) / error))


def holm(p_values: Matrix) -> Matrix:
    """Adjusted p-values that keep the chance of any false finding below the level (Holm 1979).

    Sorted ascending, p₍ᵢ₎ becomes maxⱼ≤ᵢ (m − j + 1) p₍ⱼ₎, at most 1; shape (m,) → (m,).
    """
    m = len(p_values)
    order = np.argsort(p_values, kind="stable")
    stepped = np.maximum.accumulate((m - np.arange(m)) * p_values[order])
    adjusted = np.empty(m)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted


def all_pairs_holm(values: Matrix) -> Matrix:
    """`welch_p_values` after `holm` over all pairs, shape (methods, methods)."""
    raw = welch_p_values(values)
    upper = np.triu_indices(len(raw), 1)
    adjusted = np.ones_like(raw)
    adjusted[upper] = holm(raw[upper])
    return np.minimum(adjusted, adjusted.T)


def least_p_value(n: Matrix, m: Matrix) -> Matrix:
    """2/C(n + m, n), the smallest two-sided p-value of any exact rank test of n against m values."""
    return np.asarray(2 / special.binom(n + m, n))


def welch_freedom(one: Matrix, other: Matrix, n: Matrix, m: Matrix) -> Matrix:
    """Welch's degrees of freedom for variances `one` of n and `other` of m values, kept from optimism.

    (a + b)² / (a²/(n − 1) + b²/(m − 1)) with a, b the squared errors of both means, and at most
    (k − 1)(1 + k/l), k the smaller and l the larger of n and m: 2 (n − 1) for equal numbers, where that is no
    bound, and little more than k − 1 beside many. A few values that happen to lie together would else be
    believed: at 2 against 8 of equal variance Welch's own finds 1 in 100 where it should find 1 in 500.
    """
    errors = one / np.maximum(n, 1), other / np.maximum(m, 1)
    parts = errors[0] ** 2 / np.maximum(n - 1, 1) + errors[1] ** 2 / np.maximum(m - 1, 1)
    total = (errors[0] + errors[1]) ** 2
    fewer, more = np.minimum(n, m), np.maximum(np.maximum(n, m), 1)
    most = np.maximum(fewer - 1, 1) * (1 + fewer / more)
    return np.minimum(most, np.divide(total, parts, out=np.ones_like(total), where=parts > 0))


def _p_values(one: Moments, other: Moments) -> Matrix:
    difference = np.abs(one.mean - other.mean)
    squared = one.variance / np.maximum(one.n, 1) + other.variance / np.maximum(other.n, 1)
    same = difference <= SAME * np.maximum(np.abs(one.mean), np.abs(other.mean))
    t = np.where(same, 0.0, difference / np.sqrt(np.maximum(squared, np.finfo(float).tiny)))
    p = 2 * special.stdtr(welch_freedom(one.variance, other.variance, one.n, other.n), -t)
    least = np.where(one.tied | other.tied, least_p_value(one.n, other.n), 0)
    return np.where(np.minimum(one.n, other.n) < 2, 1.0, np.clip(p, least, 1))


def _step(values: Matrix) -> float:
    """The smallest distance between two values that differ; 0 if none do, or all."""
    known = np.sort(values[np.isfinite(values)])
    gaps = np.diff(known)
    differ = gaps > SAME * np.abs(known).max(initial=0)
    return float(gaps[differ].min()) if differ.any() and not differ.all() else 0.0


def _distinct(values: Matrix) -> Matrix:
    """How many different values each row has, NaN left out."""
    ordered = np.sort(values, axis=1)  # NaN last
    largest = np.abs(np.where(np.isfinite(values), values, 0)).max(initial=0)
    changes = (np.diff(ordered, axis=1) > SAME * largest).sum(axis=1)
    return np.asarray(changes + np.isfinite(values).any(axis=1), dtype=float)
