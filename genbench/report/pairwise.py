"""Which methods can be told apart: paired tests over shared seeds, corrected for their number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Matrix = NDArray[np.float64]


def paired_p_values(values: Matrix) -> Matrix:
    """Two-sided p-values of all pairs of methods: paired t-tests over the seeds that both have.

    A pair that shares fewer than two seeds is compared by Welch's test over all seeds of both; with fewer
    than two seeds of one of them p is 1, since nothing is known of its spread. Seeds share their data order
    between methods, which is what pairing gains from. The means of a handful of seeds are taken to be normal:
    bounded scores that sit at their bound deserve more seeds than the test asks for.

    Args:
        values: shape (methods, seeds); NaN where a method has no such seed.

    Returns:
        Shape (methods, methods), symmetric, with ones on the diagonal.
    """
    difference = values[:, None, :] - values[None, :, :]
    n, mean, variance = _moments(difference)
    paired = _p_value(mean, variance / np.maximum(n, 1), n - 1)
    return np.where(n >= 2, paired, _welch(values))


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
    """`paired_p_values` after `holm` over all pairs, shape (methods, methods)."""
    raw = paired_p_values(values)
    upper = np.triu_indices(len(raw), 1)
    adjusted = np.ones_like(raw)
    adjusted[upper] = holm(raw[upper])
    return np.minimum(adjusted, adjusted.T)


def _moments(x: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Number, mean and unbiased variance along the last axis, of what is not NaN."""
    known = np.isfinite(x)
    n = known.sum(axis=-1)
    mean = np.where(known, x, 0).sum(axis=-1) / np.maximum(n, 1)
    squares = np.where(known, x - mean[..., None], 0) ** 2
    return n.astype(float), mean, squares.sum(axis=-1) / np.maximum(n - 1, 1)


def _welch(values: Matrix) -> Matrix:
    n, mean, variance = _moments(values)
    error = variance / np.maximum(n, 1)
    total = error[:, None] + error[None, :]
    parts = error**2 / np.maximum(n - 1, 1)
    spread = parts[:, None] + parts[None, :]
    freedom = np.divide(total**2, spread, out=np.ones_like(total), where=spread > 0)
    enough = (n[:, None] >= 2) & (n[None, :] >= 2)
    return np.where(enough, _p_value(mean[:, None] - mean[None, :], total, freedom), 1.0)


def _p_value(difference: Matrix, squared_error: Matrix, freedom: Matrix) -> Matrix:
    """Two-sided p of a t statistic; without any spread, equal means give 1 and others 0."""
    # Differences of equal floats leave a spread of rounding errors, which is none.
    flat = squared_error <= (1e-12 * np.abs(difference)) ** 2
    error = np.sqrt(np.where(flat, 1, squared_error))
    p = 2 * stats.t.sf(np.abs(difference) / error, np.maximum(freedom, 1))
    return np.where(flat, (difference == 0).astype(float), p)
