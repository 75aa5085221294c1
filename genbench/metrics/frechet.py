"""Fréchet distance between Gaussians fitted to features (Heusel et al. 2017, arXiv:1706.08500)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from scipy import stats
from scipy.linalg import lapack
from torch import Tensor

from genbench.metrics.inputs import Features, as_features, feature_pair
from genbench.metrics.uncertainty import around
from genbench.types import FEW_SAMPLES, SINGULAR, Estimate, InputError

_CHUNK = 4096
"""Rows held in double precision at once."""


class Moments(NamedTuple):
    """Mean (d,) and unbiased covariance (d, d) of `n` features, in double precision."""

    mean: Tensor
    covariance: Tensor
    n: int


def moments(features: Features) -> Moments:
    """Mean and covariance of features, shape (n, d), accumulated without a double-precision copy of them.

    Raises:
        InputError: fewer than two rows, or values that are not finite.
    """
    x = as_features(features, "features", least=2)
    mean = torch.stack([part.double().sum(dim=0) for part in x.split(_CHUNK)]).sum(dim=0) / len(x)
    scatter = torch.zeros(x.shape[1], x.shape[1], dtype=torch.float64, device=x.device)
    for part in x.split(_CHUNK):
        centred = part.double() - mean
        scatter.addmm_(centred.T, centred)
    return Moments(mean, scatter / (len(x) - 1), len(x))


def frechet_distance(mu1: Features, sigma1: Features, mu2: Features, sigma2: Features) -> float:
    """Squared Fréchet (2-Wasserstein) distance of N(μ₁, Σ₁) and N(μ₂, Σ₂).

    |μ₁ − μ₂|² + tr Σ₁ + tr Σ₂ − 2 tr (Σ₁^½ Σ₂ Σ₁^½)^½. The last trace is the sum of the roots of the
    eigenvalues of LᵀΣ₂L with Σ₁ = LLᵀ: symmetric, so never complex, and finite for singular covariances.

    Args:
        mu1, mu2: means, shape (d,).
        sigma1, sigma2: symmetric positive semi-definite, shape (d, d).

    Raises:
        InputError: shapes do not match, or values are not finite.
    """
    first, second = _checked(mu1, sigma1), _checked(mu2, sigma2)
    if len(first.mean) != len(second.mean):
        raise InputError(
            f"Gaussians of {len(first.mean)} and {len(second.mean)} dimensions; use one extractor"
        )
    squared = _squared_overlaps(first.covariance, second.covariance)
    return _combine(first, second, float(squared.clamp(min=0).sqrt().sum()))


def frechet_distance_from_features(x: Features, y: Features) -> Estimate:
    """Fréchet distance of features `y` of samples to features `x` of the reference, shapes (n, d), (m, d).

    For fewer rows than columns on both sides the trace comes from the singular values of X Yᵀ, both centred,
    which is faster and more accurate; there the estimate has no interval. Biased upwards by about a constant
    over m, so compare values of one m only.

    Raises:
        InputError: fewer than two rows, different widths, or values that are not finite.
    """
    x, y = feature_pair(x, y)
    if max(len(x), len(y)) > x.shape[1]:
        return frechet_to(moments(x), y)
    first, second = (part.double() - part.mean(dim=0, dtype=torch.float64) for part in (x, y))
    overlap = torch.linalg.svdvals(first @ second.T).sum() / math.sqrt((len(x) - 1) * (len(y) - 1))
    spread = sum(part.square().sum() / (len(part) - 1) for part in (first, second))
    shift = (x.mean(dim=0, dtype=torch.float64) - y.mean(dim=0, dtype=torch.float64)).square().sum()
    flags = (FEW_SAMPLES, SINGULAR)
    return Estimate(max(0.0, float(shift + spread - 2 * overlap)), len(y), flags=flags)


def frechet_to(reference: Moments, features: Features) -> Estimate:
    """Fréchet distance of features of samples, shape (m, d), to the moments of the reference.

    The interval is that of the samples, the reference held fixed, by the delta method: a sample y at offset
    v = y − μ₂ moves the distance by 2 (μ₂ − μ₁)ᵀv + vᵀ(I − T)v, T = Σ₁^½ (Σ₁^½ Σ₂ Σ₁^½)^−½ Σ₁^½.

    Raises:
        InputError: fewer than two rows, another width than the reference's, or values that are not finite.
    """
    fit = _fit(reference, features)
    error = float(_influence(as_features(features, "features"), fit).std())
    return around(fit.value, error / math.sqrt(fit.sample.n), fit.sample.n, least=0, flags=fit.flags)


def frechet_infinity_to(reference: Moments, features: Features, sizes: int = 15) -> Estimate:
    """FID∞: `frechet_to` extrapolated to infinitely many samples (Chong & Forsyth 2020, arXiv:1911.07023).

    The distance of random subsets of m/10 … m features is fitted by a line in 1/size, whose intercept is the
    estimate; it may be below zero. The intercept is a sum of the subsets' distances with known weights, so
    its error follows from the influence of each sample on each subset that holds it, which counts how subsets
    overlap; what that leaves unexplained scatters about the line. To both comes the error of the reference,
    as large as that of Gaussian data with its moments. A reference of n rows also adds a bias of about a
    constant over n, which is not removed.

    Args:
        features: of the samples, shape (m, d).
        sizes: how many subsets, at even distances.

    Raises:
        InputError: fewer than 20 rows, another width than the reference's, or values that are not finite.
    """
    x = as_features(features, "features", least=20)
    generator = torch.Generator().manual_seed(0)
    counts = [round(size) for size in torch.linspace(len(x) / 10, len(x), sizes).tolist()]
    chosen = [torch.randperm(len(x), generator=generator)[:size].to(x.device) for size in counts]
    values = [_fit(reference, x[subset]).value for subset in chosen]
    line = stats.linregress([1 / size for size in counts], values)
    whole = _fit(reference, x)
    influence = _influence(x, whole)
    linear = _intercept_error(influence - influence.mean(), chosen)
    curved = _curved_error(influence - influence.mean(), chosen, values)
    error = math.hypot(linear, curved, _reference_error(whole))
    flags = (FEW_SAMPLES,) * (counts[0] <= x.shape[1])
    return around(float(line.intercept), error, len(x), flags=tuple(dict.fromkeys((*flags, *whole.flags))))


class _Fit(NamedTuple):
    """A Fréchet distance and what its errors follow from; `transport` is a root of T, shape (d, rank)."""

    value: float
    reference: Moments
    sample: Moments
    transport: Tensor
    flags: tuple[str, ...]


def _fit(reference: Moments, features: Features) -> _Fit:
    sample = moments(features)
    if len(sample.mean) != len(reference.mean):
        raise InputError(f"features have {len(sample.mean)} columns, the reference {len(reference.mean)}")
    reference = Moments(reference.mean.to(sample.mean), reference.covariance.to(sample.mean), reference.n)
    root = _root(reference.covariance)
    squared, vectors = torch.linalg.eigh(root.T @ sample.covariance @ root)
    value = _combine(reference, sample, float(squared.clamp(min=0).sqrt().sum()))
    used = squared > _noise(squared)
    transport = root @ (vectors[:, used] * squared[used] ** -0.25)
    return _Fit(value, reference, sample, transport, _flags(reference, sample, not bool(used.all())))


def _influence(features: Tensor, fit: _Fit) -> Tensor:
    parts = []
    for part in features.split(_CHUNK):
        v = part.double() - fit.sample.mean
        quadratic = v.square().sum(dim=1) - (v @ fit.transport).square().sum(dim=1)
        parts.append(2 * (v @ (fit.sample.mean - fit.reference.mean)) + quadratic)
    return torch.cat(parts)


def _intercept_error(influence: Tensor, chosen: list[Tensor]) -> float:
    """Standard error of the line's intercept at 1/size = 0, from the influence of each sample, shape (m,)."""
    at = torch.tensor([1 / len(subset) for subset in chosen], dtype=torch.float64)
    offset = at - at.mean()
    weights = 1 / len(at) - at.mean() * offset / offset.square().sum()
    share = torch.zeros_like(influence)
    for subset, weight in zip(chosen, (weights * at).tolist(), strict=True):
        share[subset] += weight
    return float((influence * share).square().sum().sqrt())


def _curved_error(influence: Tensor, chosen: list[Tensor], values: list[float]) -> float:
    """Standard error of the intercept by what the influence of the samples does not explain of the values."""
    left = [value - float(influence[subset].mean()) for value, subset in zip(values, chosen, strict=True)]
    return float(stats.linregress([1 / len(subset) for subset in chosen], left).intercept_stderr)


def _reference_error(fit: _Fit) -> float:
    """Standard error by a Gaussian reference: of 2(μ₁ − μ₂)ᵀv + vᵀ(I − T⁻¹)v for v ~ N(0, Σ₁)."""
    inverse = torch.linalg.pinv(fit.transport @ fit.transport.T, hermitian=True)
    shift = fit.reference.mean - fit.sample.mean
    moved = fit.reference.covariance - fit.reference.covariance @ inverse
    variance = 4 * shift @ fit.reference.covariance @ shift + 2 * (moved * moved.T).sum()
    return math.sqrt(max(0.0, float(variance)) / max(fit.reference.n, 1))


def _checked(mu: Features, sigma: Features) -> Moments:
    mean, covariance = torch.as_tensor(mu).double(), torch.as_tensor(sigma).double()
    if mean.ndim != 1 or covariance.shape != (len(mean), len(mean)):
        raise InputError(
            f"mean and covariance have shapes {tuple(mean.shape)} and {tuple(covariance.shape)}, "
            "give (d,) and (d, d)"
        )
    if not (mean.isfinite().all() and covariance.isfinite().all()):
        raise InputError("mean or covariance is not finite; look for NaN in the features")
    return Moments(mean, covariance, 0)


def _squared_overlaps(first: Tensor, second: Tensor) -> Tensor:
    """Eigenvalues of LᵀΣ₂L with Σ₁ = LLᵀ.

    LAPACK's sygst makes that product at a quarter of the cost of two general ones.
    """
    if first.device.type == "cpu":
        lower, failed = lapack.dpotrf(first.numpy(), lower=True)
        if not failed:
            product, _ = lapack.dsygst(second.numpy(), lower, itype=3, lower=True)
            return torch.from_numpy(np.linalg.eigvalsh(product))
    root = _root(first)
    return torch.linalg.eigvalsh(root.T @ second @ root)


def _root(covariance: Tensor) -> Tensor:
    """L with LLᵀ = Σ: Cholesky's, or from eigenvectors where Σ is not safely positive definite."""
    lower, failed = torch.linalg.cholesky_ex(covariance)
    if not failed:
        return lower
    values, vectors = torch.linalg.eigh(covariance)
    return vectors * values.clamp(min=0).sqrt()


def _combine(first: Moments, second: Moments, overlap: float) -> float:
    shift = (first.mean - second.mean).square().sum()
    spread = first.covariance.trace() + second.covariance.trace()
    return max(0.0, float(shift + spread) - 2 * overlap)


def _noise(squared: Tensor) -> Tensor:
    """Eigenvalues up to here are rounding."""
    return 10 * len(squared) * torch.finfo(squared.dtype).eps * squared[-1].clamp(min=0)


def _flags(reference: Moments, sample: Moments, singular: bool) -> tuple[str, ...]:
    few = min(reference.n, sample.n) <= len(sample.mean)
    return (FEW_SAMPLES,) * few + (SINGULAR,) * singular
