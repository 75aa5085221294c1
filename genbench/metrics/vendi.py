"""Vendi score: how many distinct samples a set is worth."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from genbench.metrics.inputs import Features, as_features
from genbench.metrics.uncertainty import around
from genbench.types import FEW_SAMPLES, Estimate


def vendi(features: Features) -> Estimate:
    """Vendi score exp(−Σ λ log λ), λ the eigenvalues of K/n (Friedman & Dieng 2023, arXiv:2210.02410).

    K is the matrix of cosines between rows, so that n orthogonal rows score n and n copies of one score 1; at
    most min(n, d). The eigenvalues are those of the (d, d) matrix of second moments where d < n, or come from
    singular values, so nothing of size n × n is made and the cost is n d min(n, d). Rows of zeros have no
    direction and are left out. It is blind to whether samples are any good: noise scores
    high. Compare with what real data score, at one n. The interval is by the delta method.

    Args:
        features: of the samples, shape (n, d).

    Raises:
        InputError: fewer than two rows, or values that are not finite.
    """
    x = as_features(features, "samples", least=2).double()
    x = F.normalize(x, dim=1)
    x = x[x.any(dim=1)]
    if not len(x):
        return Estimate(1.0, len(features), flags=(FEW_SAMPLES,))
    shares, energy = _spectrum(x)
    entropy = float(-torch.special.xlogy(shares, shares).sum())
    influence = -torch.special.xlogy(energy, shares).sum(dim=1) - entropy
    error = float(influence.std(correction=0)) / math.sqrt(len(x))
    value = math.exp(entropy)
    flags = (FEW_SAMPLES,) * (len(x) <= x.shape[1])
    return around(value, value * error, len(features), least=1, most=min(x.shape), flags=flags)


def _spectrum(x: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues of the second moments of unit rows, and the squared part of each row along each vector."""
    if len(x) > x.shape[1]:
        shares, vectors = torch.linalg.eigh(x.T @ x / len(x))
        along = (x @ vectors).square()
    else:
        left, values, _ = torch.linalg.svd(x, full_matrices=False)
        shares, along = values.square() / len(x), (left * values).square()
    kept = shares > 10 * len(shares) * torch.finfo(shares.dtype).eps
    return shares[kept], along[:, kept]
