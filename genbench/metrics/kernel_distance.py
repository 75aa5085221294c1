"""Distances of distributions by kernels: KID, maximum mean discrepancy, energy distance."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from genbench.kernels.distances import squared_distances
from genbench.kernels.forms import Cubic, Gaussian, Nearness
from genbench.kernels.pairwise import own_subset_sums, own_sums, row_sums, subset_sums
from genbench.kernels.tiles import Kernel
from genbench.metrics.inputs import Features, feature_pair
from genbench.metrics.uncertainty import around, standard_error
from genbench.types import FEW_SAMPLES, Estimate, InputError

_BANDWIDTH_ROWS = 1000
"""Reference rows whose pairwise distances give the bandwidth."""


cubic = Cubic()
"""The kernel of `kid`."""


def kid(x: Features, y: Features, subsets: int = 100, subset_size: int = 1000) -> Estimate:
    """Kernel inception distance: the unbiased squared MMD of the cubic kernel, averaged over random subsets.

    Bińkowski et al. 2018 (arXiv:1801.01401): k(x, y) = (xᵀy/d + 1)³. Being unbiased it may be negative. The
    interval is the subsets' standard deviation, scaled to all samples by √(subset size / m), or that of `mmd`
    where a subset holds all samples. The kernel depends on the features' unit: use it with a network's.

    Args:
        x: features of the reference, shape (n, d).
        y: features of the samples, shape (m, d).
        subset_size: cut to the smaller of n and m.

    Raises:
        InputError: fewer than two rows, different widths, no subsets, or values that are not finite.
    """
    x, y = feature_pair(x, y)
    size = min(subset_size, len(x), len(y))
    if subsets < 1 or size < 2:
        raise InputError(f"{subsets} subsets of {size} asked, give at least 1 of 2")
    chosen = _subsets(len(x), len(y), size, subsets)
    # One matrix of all kernel values costs less than one a subset, unless the sets are large.
    together = (len(x) + len(y)) ** 2 < subsets * (2 * size) ** 2
    values = _kid_together(x, y, chosen) if together else _kid_in_turn(x, y, chosen)
    # Subsets that all hold every sample do not tell how samples vary; the U-statistic itself does.
    if subsets == 1 or size == len(y):
        error = standard_error(_kid_of(x, y, *chosen[0]))
    else:
        error = float(values.std()) * math.sqrt(size / len(y))
    return around(float(values.mean()), error, len(y), flags=(FEW_SAMPLES,) * (size < subset_size))


def mmd(x: Features, y: Features, bandwidth: float | None = None) -> Estimate:
    """Unbiased squared maximum mean discrepancy with a Gaussian kernel (Gretton et al. 2012).

    k(x, y) = exp(−|x − y|² / 2h²). It sees differences at the scale of the bandwidth only.

    Args:
        x: the reference, shape (n, d).
        y: samples, shape (m, d).
        bandwidth: h; by default the median distance between 1,000 rows of `x`, so that it is the same for
            all that is compared with one reference.

    Raises:
        InputError: fewer than two rows, different widths, or values that are not finite.
    """
    x, y = feature_pair(x, y)
    h = median_distance(x) if bandwidth is None else bandwidth
    if h <= 0:
        raise InputError("the bandwidth is zero, for most of the reference is one point; give a bandwidth")
    return _discrepancy(x, y, Gaussian(h, x.mean(dim=0)), _ones)


def cmmd(x: Features, y: Features) -> Estimate:
    """CMMD: 1,000 times `mmd` with bandwidth 10, meant for CLIP features (Jayasumana et al. 2024).

    arXiv:2401.09603. The published code brings CLIP's embeddings to unit length first, where the kernel is
    nearly linear; the network in your file must do that. It also counts the pairs of a point with itself,
    which adds to small samples; here they are left out.

    Args:
        x: the reference, shape (n, d).
        y: samples, shape (m, d).

    Raises:
        InputError: as `mmd`.
    """
    plain = mmd(x, y, bandwidth=10)
    low, high = (end if end is None else 1000 * end for end in (plain.low, plain.high))
    return replace(plain, value=1000 * plain.value, low=low, high=high)


def energy_distance(x: Features, y: Features) -> Estimate:
    """Squared energy distance 2 E|X − Y| − E|X − X′| − E|Y − Y′| (Székely & Rizzo 2013), in data units.

    The unbiased form: pairs of a point with itself are left out, so real data score zero and small values may
    be negative. Dominated by location and scale; weak against fine structure in many dimensions.

    Args:
        x: the reference, shape (n, d).
        y: samples, shape (m, d).

    Raises:
        InputError: fewer than two rows, different widths, or values that are not finite.
    """
    x, y = feature_pair(x, y)
    return _discrepancy(x, y, Nearness(x.mean(dim=0)), _zeros)


def median_distance(x: Tensor) -> float:
    """Median Euclidean distance between the first 1,000 rows, shape (n, d)."""
    part = x[:_BANDWIDTH_ROWS]
    squared = squared_distances(part, part, part.mean(dim=0))
    above = torch.ones_like(squared, dtype=torch.bool).triu(1)
    return math.sqrt(float(squared[above].median()))


def _subsets(n: int, m: int, size: int, subsets: int) -> list[tuple[Tensor, Tensor]]:
    """Rows of each subset in the reference and in the samples."""
    generator = torch.Generator().manual_seed(0)
    return [(_choose(n, size, generator), _choose(m, size, generator)) for _ in range(subsets)]


def _choose(n: int, size: int, generator: torch.Generator) -> Tensor:
    return torch.randperm(n, generator=generator)[:size]


def _kid_in_turn(x: Tensor, y: Tensor, chosen: list[tuple[Tensor, Tensor]]) -> Tensor:
    return torch.tensor([_kid_of(x, y, *rows).value for rows in chosen], dtype=torch.float64)


def _kid_of(x: Tensor, y: Tensor, rows_x: Tensor, rows_y: Tensor) -> Estimate:
    return _discrepancy(x[rows_x.to(x.device)], y[rows_y.to(y.device)], cubic, _cubic_diagonal)


def _kid_together(x: Tensor, y: Tensor, chosen: list[tuple[Tensor, Tensor]]) -> Tensor:
    """As `_kid_in_turn`, where each kernel value is worked out once and serves all subsets that hold it."""
    in_x, in_y = _members(x, [rows for rows, _ in chosen]), _members(y, [rows for _, rows in chosen])
    size = len(chosen[0][0])
    own_x, own_y = (
        own_subset_sums(part, cubic, members) - _cubic_diagonal(part) @ members
        for part, members in ((x, in_x), (y, in_y))
    )
    cross = subset_sums(x, y, cubic, in_x, in_y)
    return ((own_x + own_y) / (size * (size - 1)) - 2 * cross / size**2).cpu()


def _members(x: Tensor, chosen: list[Tensor]) -> Tensor:
    """1 where a row of `x` is in a subset, else 0, shape (n, subsets)."""
    members = torch.zeros(len(x), len(chosen), dtype=torch.float64)
    return members.scatter_(0, torch.stack(chosen, dim=1), 1).to(x.device)


def _discrepancy(x: Tensor, y: Tensor, kernel: Kernel, diagonal: Callable[[Tensor], Tensor]) -> Estimate:
    """Unbiased E k(X, X′) + E k(Y, Y′) − 2 E k(X, Y), with the interval of the samples `y`.

    Its standard error is the first-order one of a U-statistic, 2 sd(h) / √m with h(y) = E k(y, Y′) −
    E k(y, X); where the distributions agree that term vanishes and the interval is too short.

    Args:
        diagonal: k of each row with itself, shape (n, d) → (n,).
    """
    n, m = len(x), len(y)
    own_x, own_y = (own_sums(part, kernel) - diagonal(part) for part in (x, y))
    cross = row_sums(y, x, kernel)
    value = float(own_x.sum() / (n * (n - 1)) + own_y.sum() / (m * (m - 1)) - 2 * cross.sum() / (n * m))
    error = 2 * float((own_y / (m - 1) - cross / n).std()) / math.sqrt(m)
    return around(value, error, m, flags=(FEW_SAMPLES,) * (min(n, m) < 100))


def _cubic_diagonal(x: Tensor) -> Tensor:
    return (x.double().square().sum(dim=1) / x.shape[1] + 1) ** 3


def _ones(x: Tensor) -> Tensor:
    return torch.ones(len(x), dtype=torch.float64, device=x.device)


def _zeros(x: Tensor) -> Tensor:
    return torch.zeros(len(x), dtype=torch.float64, device=x.device)
