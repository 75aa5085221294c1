"""Squared distances of all pairs: in double precision, and in single precision with a bound of the error.

Single precision takes a fifth of the time. What it leaves open within its bound is for double precision.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple, Self

import torch
from torch import Tensor

from genbench.kernels.products import strict

SINGLE = torch.finfo(torch.float32)

_CACHED = 1 << 18
"""Numbers that are worked on at once where rows are taken one by one: in double precision a core's cache."""


def squared_distances(x: Tensor, y: Tensor, origin: Tensor) -> Tensor:
    """Squared Euclidean distances of all pairs, shapes (n, d), (m, d) → (n, m) in single precision.

    |x|² + |y|² − 2xᵀy, worked in double precision around `origin`, what is below its rounding set to zero.
    Rounding the result to single precision makes equal distances equal whatever the shape of the tile, so
    that `<` and `<=` mean what they say for tied points.

    Args:
        origin: a point near the data, such as their mean, shape (d,).
    """
    left, right = (_widened(part, origin, torch.float64) for part in (x, y))
    for wide in (left, right):
        torch.sum(wide[:, :-2].square(), dim=1, out=wide[:, -1])
    norms = left[:, -1:].clone()
    return _rounded(_turned(left) @ right.T, norms, x.shape[1])


def _widened(x: Tensor, origin: Tensor, dtype: torch.dtype) -> Tensor:
    """x around `origin`, a one, and a place for its squared norm, (n, d) → (n, d + 2)."""
    wide = torch.empty(len(x), x.shape[1] + 2, dtype=dtype, device=x.device)
    torch.sub(x, origin.to(torch.promote_types(x.dtype, dtype)), out=wide[:, :-2])
    wide[:, -2] = 1
    return wide


def _turned(wide: Tensor) -> Tensor:
    """`_widened` points with their norms, made the left factor of |x|² + |y|² − 2xᵀy, in place.

    That the norms ride along as two more columns saves two passes over the tile.
    """
    wide[:, :-2] *= -2
    wide[:, -2:] = wide[:, -2:].flip(1)
    return wide


def _rounded(squared: Tensor, norms: Tensor, depth: int) -> Tensor:
    """Squared distances in single precision, zero where x and y are as near as rounding.

    Their norms agree there, so the squared norms of x, shape (n, 1), give the bound.
    """
    rounded, rounding = squared.float(), 8 * (depth + 4) * torch.finfo(torch.float64).eps
    return rounded.masked_fill_(rounded <= (rounding * norms).float(), 0)


class Side(NamedTuple):
    """One of two sets whose distances are bounded.

    Attributes:
        points: as given, shape (n, d).
        squares: their squared norms around the origin, double, shape (n,).
        errors: their shares of the greatest error of a squared distance, single, shape (n,).
    """

    points: Tensor
    squares: Tensor
    errors: Tensor


@dataclass
class Bounds:
    """Lower bounds of `squared_distances` between two sets, by products in single precision.

    With u the unit roundoff and N the squared norms around the origin, a sum of d + 2 products, in any
    order, is off by at most 2 (d + 2) u (Nx + Ny) to first order (Higham 2002, §3.1); rounding the centred
    points adds 4u (Nx + Ny), rounding `squared_distances` and the norms 3u (Nx + Ny). So the error is at
    most (d + 16) ε (Nx + Ny) with ε = 2u, which leaves room for higher orders and for comparisons, and as
    many times the least normal number for what underflows. This is the worst case; a typical error is √d
    times less.

    A squared distance is at least its lower bound, and above it by at most twice both errors.
    """

    x: Side
    y: Side
    origin: Tensor
    _band: tuple[slice, Tensor] | None = field(default=None, init=False, repr=False)
    """The left factor of the last tile, since tiles come band by band."""

    @classmethod
    def of(cls, x: Tensor, y: Tensor, origin: Tensor) -> Self | None:
        """Bounds around a point near the data, shapes (n, d), (m, d), (d,).

        None where they would not hold: squares overflow, values are not finite, or dimensions are too many.
        """
        first = _side(x, origin)
        second = first if y is x else _side(y, origin)
        # NaN is below nothing.
        if not all((side.squares + side.errors < SINGLE.max / 16).all() for side in (first, second)):
            return None
        return cls(first, second, origin)

    def lower(self, rows: slice, columns: slice) -> Tensor:
        """What the squared distances of a tile are at least, shape (r, c); may be negative."""
        if self._band is None or self._band[0] != rows:
            self._band = rows, _turned(self._wide(self.x, rows))
        with strict(self.origin.device):
            return self._band[1] @ self._wide(self.y, columns).T

    def _wide(self, side: Side, span: slice) -> Tensor:
        wide = _widened(side.points[span], self.origin, torch.float32)
        wide[:, -1] = (side.squares - side.errors)[span]
        return wide

    def listed(self, indices: Tensor) -> Tensor:
        """`squared_distances` of each x to those y that are listed for it, (n, c) → (n, c)."""
        size = _rows_cached(indices.shape[1] * len(self.origin))
        bands = (slice(top, top + size) for top in range(0, len(indices), size))
        return torch.cat([self._listed(band, indices[band]) for band in bands])

    def _listed(self, rows: slice, indices: Tensor) -> Tensor:
        origin = self.origin.double()
        left, right = self.x.points[rows] - origin, self.y.points[indices] - origin
        norms = self.x.squares[rows, None]
        squared = norms + self.y.squares[indices] - 2 * (left[:, None] @ right.mT)[:, 0]
        return _rounded(squared, norms, left.shape[1])


def _side(x: Tensor, origin: Tensor) -> Side:
    bands = (band - origin.double() for band in x.split(_rows_cached(x.shape[1])))
    squares = torch.cat([band.square_().sum(dim=1) for band in bands])
    terms = x.shape[1] + 16
    share = terms * SINGLE.eps
    # Beyond a tenth the bound serves nobody, and its higher orders would count.
    share = share / (1 - share) if share < 0.1 else math.inf
    return Side(x, squares, (share * squares + terms * SINGLE.tiny).float())


def _rows_cached(numbers: int) -> int:
    """How many rows of so many numbers each are worked on at once."""
    return max(1, _CACHED // max(1, numbers))
