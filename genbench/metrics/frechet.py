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
from genbench.metrics.uncertainty import around, standard_error
from genbench.types import Estimate, InputError

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
    flags = ("few samples", "singular covariance")
    return Estimate(max(0.0, float(shift + spread - 2 * overlap)), len(y), flags=flags)


def frechet_to(reference: Moments, features: Features) -> Estimate:
    """Fréchet distance of features of samples, shape (m, d), to the moments of the reference.

    The interval is that of the samples, the reference held fixed, by the delta method: a sample y at offset
    v = y − μ₂ moves the distance by 2 (μ₂ − μ₁)ᵀv + vᵀ(I − T)v, T = Σ₁^½ (Σ₁^½ Σ₂ Σ₁^½)^−½ Σ₁^½.

    Raises:
        InputError: fewer than two rows, another width than the reference's, or values that are not finite.
    """
    sample = moments(features)
    if len(sample.mean) != len(reference.mean):
        raise InputError(f"features have {len(sample.mean)} columns, the reference {len(reference.mean)}")
    reference = Moments(reference.mean.to(sample.mean), reference.covariance.to(sample.mean), reference.n)
    root = _root(reference.covariance)
    squared, vectors = torch.linalg.eigh(root.T @ sample.covariance @ root)
    value = _combine(reference, sample, float(squared.clamp(min=0).sqrt().sum()))
    used = squared > _noise(squared)
    transport = root @ (vectors[:, used] * squared[used] ** -0.25)
    error = float(_influence(as_features(features, "features"), reference, sample, transport).std())
    flags = _flags(reference, sample, singular=not bool(used.all()))
    return around(value, error / math.sqrt(sample.n), sample.n, least=0, flags=flags)


def frechet_infinity_to(reference: Moments, features: Features, sizes: int = 15) -> Estimate:
    """FID∞: `frechet_to` extrapolated to infinitely many samples (Chong & Forsyth 2020, arXiv:1911.07023).

    The distance of random subsets of m/10 … m features is fitted by a line in 1/size, whose intercept is the
    estimate; it may be below zero. The interval adds the error of the samples to that of the line.

    Args:
        features: of the samples, shape (m, d).
        sizes: how many subsets, at even distances.

    Raises:
        InputError: fewer than 20 rows, another width than the reference's, or values that are not finite.
    """
    x = as_features(features, "features", least=20)
    whole = frechet_to(reference, x)
    generator = torch.Generator().manual_seed(0)
    counts = [round(size) for size in torch.linspace(len(x) / 10, len(x), sizes).tolist()]
    chosen = (torch.randperm(len(x), generator=generator)[:size].to(x.device) for size in counts)
    values = [frechet_to(reference, x[subset]).value for subset in chosen]
    line = stats.linregress([1 / size for size in counts], values)
    error = math.hypot(float(line.intercept_stderr), standard_error(whole))
    flags = ("few samples",) * (counts[0] <= x.shape[1])
    return around(float(line.intercept), error, len(x), flags=tuple(dict.fromkeys((*flags, *whole.flags))))


def _influence(features: Tensor, reference: Moments, sample: Moments, transport: Tensor) -> Tensor:
    parts = []
    for part in features.split(_CHUNK):
        v = part.double() - sample.mean
        quadratic = v.square().sum(dim=1) - (v @ transport).square().sum(dim=1)
        parts.append(2 * (v @ (sample.mean - reference.mean)) + quadratic)
    return torch.cat(parts)


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
    return ("few samples",) * few + ("singular covariance",) * singular
