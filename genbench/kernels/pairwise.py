"""Everything between all pairs of two sets, a tile at a time: memory never grows with n × m."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

CPU_TILE = (512, 1024)
"""Rows and columns: a tile in double precision is 4 MB, about a core's cache."""

GPU_TILE = (8192, 8192)

Kernel = Callable[[Tensor, Tensor], Tensor]
"""Values between all rows of two tiles, shapes (r, d), (c, d) → (r, c)."""


class Tile(NamedTuple):
    """Where a tile of an n × m matrix lies, and its values."""

    rows: slice
    columns: slice
    values: Tensor


def tiles(x: Tensor, y: Tensor, kernel: Kernel) -> Iterator[Tile]:
    """The matrix kernel(x, y) in tiles, a band of rows after the other; shapes (n, d), (m, d)."""
    height, width = CPU_TILE if x.device.type == "cpu" else GPU_TILE
    for top in range(0, len(x), height):
        rows = slice(top, min(top + height, len(x)))
        for left in range(0, len(y), width):
            columns = slice(left, min(left + width, len(y)))
            yield Tile(rows, columns, kernel(x[rows], y[columns]))


def squared_distances(x: Tensor, y: Tensor, origin: Tensor) -> Tensor:
    """Squared Euclidean distances of all pairs, shapes (n, d), (m, d) → (n, m) in single precision.

    |x|² + |y|² − 2xᵀy, worked in double precision around `origin`, what is below its rounding set to zero.
    Rounding the result to single precision makes equal distances equal whatever the shape of the tile, so
    that `<` and `<=` mean what they say for tied points.

    Args:
        origin: a point near the data, such as their mean, shape (d,).
    """
    # The norms ride along as two more columns of the product, which saves two passes over the tile.
    left, right = _widened(x, origin), _widened(y, origin)
    norms = left[:, -1:].clone()
    left[:, :-2] *= -2
    left[:, -2:] = left[:, -2:].flip(1)
    squared = (left @ right.T).float()
    # Where x and y are as near as rounding, their norms agree, so those of x give the bound.
    rounding = 8 * (x.shape[1] + 4) * torch.finfo(torch.float64).eps
    return squared.masked_fill_(squared <= (rounding * norms).float(), 0)


def _widened(x: Tensor, origin: Tensor) -> Tensor:
    """x around `origin`, a one and its squared norm, in double precision, (n, d) → (n, d + 2)."""
    wide = torch.empty(len(x), x.shape[1] + 2, dtype=torch.float64, device=x.device)
    centred = torch.sub(x, origin.double(), out=wide[:, :-2])
    wide[:, -2] = 1
    torch.sum(centred.square(), dim=1, out=wide[:, -1])
    return wide


def distance_tiles(x: Tensor, y: Tensor) -> Iterator[Tile]:
    """`squared_distances` in tiles."""
    origin = y.mean(dim=0)
    return tiles(x, y, lambda a, b: squared_distances(a, b, origin))


def nearest_squared(x: Tensor, y: Tensor, k: int) -> Tensor:
    """Squared distances of each x to its `k` nearest y, nearest first, shapes (n, d), (m, d) → (n, k)."""
    best = torch.full((len(x), k), torch.inf, device=x.device)
    for rows, _, squared in distance_tiles(x, y):
        _keep_nearest(best[rows], squared)
    return best.sort(dim=1).values


def own_nearest_squared(x: Tensor, k: int) -> Tensor:
    """`nearest_squared` of a set to itself, for which most tiles serve twice, (n, d) → (n, k).

    Each row starts with the point's distance to itself, zero.
    """
    best, origin = torch.full((len(x), k), torch.inf, device=x.device), x.mean(dim=0)
    for rows, columns, squared in own_tiles(x, lambda a, b: squared_distances(a, b, origin)):
        _keep_nearest(best[rows], squared)
        if columns != rows:
            _keep_nearest(best[columns], squared.T)
    return best.sort(dim=1).values


def _keep_nearest(best: Tensor, squared: Tensor) -> None:
    """Let the smallest of a tile (r, c) take their place among the smallest so far (r, k)."""
    k = best.shape[1]
    inside = squared.topk(min(k, squared.shape[1]), dim=1, largest=False).values
    best.copy_(torch.cat([best, inside], dim=1).topk(k, dim=1, largest=False).values)


def row_sums(x: Tensor, y: Tensor, kernel: Kernel) -> Tensor:
    """Σⱼ kernel(xᵢ, yⱼ) in double precision, shapes (n, d), (m, d) → (n,)."""
    total = torch.zeros(len(x), dtype=torch.float64, device=x.device)
    for rows, _, values in tiles(x, y, kernel):
        total[rows] += values.sum(dim=1, dtype=torch.float64)
    return total


def own_tiles(x: Tensor, kernel: Kernel) -> Iterator[Tile]:
    """A symmetric kernel(x, x) in square tiles, (n, d): those on the diagonal and to the right of it."""
    side = (CPU_TILE if x.device.type == "cpu" else GPU_TILE)[0]
    for top in range(0, len(x), side):
        rows = slice(top, min(top + side, len(x)))
        for left in range(top, len(x), side):
            columns = slice(left, min(left + side, len(x)))
            yield Tile(rows, columns, kernel(x[rows], x[columns]))


def own_sums(x: Tensor, kernel: Kernel) -> Tensor:
    """`row_sums` of a set with itself for a symmetric kernel: most tiles serve twice, (n, d) → (n,)."""
    total = torch.zeros(len(x), dtype=torch.float64, device=x.device)
    for rows, columns, values in own_tiles(x, kernel):
        total[rows] += values.sum(dim=1, dtype=torch.float64)
        if columns != rows:
            total[columns] += values.sum(dim=0, dtype=torch.float64)
    return total


def subset_sums(x: Tensor, y: Tensor, kernel: Kernel, left: Tensor, right: Tensor) -> Tensor:
    """Σᵢⱼ aᵢₛ kernel(xᵢ, yⱼ) bⱼₛ for every subset s, in double precision, shapes (n, d), (m, d) → (subsets,).

    Args:
        left, right: 1 where a row belongs to a subset, else 0, shapes (n, subsets), (m, subsets), double.
    """
    total = torch.zeros(left.shape[1], dtype=torch.float64, device=x.device)
    for rows, columns, values in tiles(x, y, kernel):
        total += _between(values, left[rows], right[columns])
    return total


def own_subset_sums(x: Tensor, kernel: Kernel, members: Tensor) -> Tensor:
    """`subset_sums` of a set with itself for a symmetric kernel: most tiles serve twice."""
    total = torch.zeros(members.shape[1], dtype=torch.float64, device=x.device)
    for rows, columns, values in own_tiles(x, kernel):
        inside = _between(values, members[rows], members[columns])
        total += inside if rows == columns else 2 * inside
    return total


def _between(values: Tensor, left: Tensor, right: Tensor) -> Tensor:
    return ((values.double() @ right) * left).sum(dim=0)
