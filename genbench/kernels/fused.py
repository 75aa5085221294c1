"""Sums and counts over all pairs that never write a tile to memory, by Triton; plain torch is in `pairwise`.

Products are in single precision, without TensorFloat-32. Counts bring the bound of their error along and so
say which rows they leave open; sums do without.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from genbench.kernels.distances import Bounds
from genbench.kernels.forms import Cubic, Form, Gaussian, Nearness

BLOCK = (64, 64, 32)
"""Rows, columns and depth of a tile of the product."""

PARTS = 8
"""Programs that share a band of rows, so that few rows keep a GPU busy; the order of a sum is fixed."""


def row_sums(x: Tensor, y: Tensor, form: Form) -> Tensor:
    """`pairwise.row_sums` of single-precision points, shapes (n, d), (m, d) → (n,), double.

    A squared distance is off by at most (d + 16) ε (|x|² + |y|²) around the origin, ε = 1.2e-7, mostly √d
    times less: for 2,048 features as far apart as they are long about 1e-5 of it. A mean over thousands of
    samples is less certain than that by a factor of a hundred. Not for distances much below the points'
    distance from the origin, nor for what is decided by single pairs. A point's distance to itself is zero.
    """
    from genbench.kernels.pairwise_triton import row_sums_kernel

    (number, scale), own = _number(form, x.shape[1]), y is x
    left = _around(x, form)
    right = left if own else _around(y, form)
    squares = [part.double().square().sum(dim=1).float() for part in (left, right)]
    out = torch.empty(_parts(right), len(left), dtype=torch.float64, device=x.device)
    _launch(row_sums_kernel, left, right, *squares, out, sizes=(scale, number, own))
    return out.sum(dim=0)


def _number(form: Form, depth: int) -> tuple[int, float]:
    """How the kernel calls a form, and its factor."""
    match form:
        case Cubic():
            return 0, 1 / depth
        case Gaussian(bandwidth):
            return 1, -0.5 / bandwidth**2
        case Nearness():
            return 2, -1.0


def counts_within(bounds: Bounds, limits: Tensor) -> tuple[Tensor, Tensor]:
    """How many squared distances of each row are surely, and how many perhaps, ≤ limits, shapes (n,).

    Where both agree the count is that of double precision, for `<` as well.
    """
    from genbench.kernels.pairwise_triton import counts_kernel

    x, y = ((side.points - bounds.origin).float().contiguous() for side in (bounds.x, bounds.y))
    lower = [(side.squares - side.errors).float() for side in (bounds.x, bounds.y)]
    out = torch.empty(2, _parts(y), len(x), dtype=torch.int32, device=x.device)
    errors = bounds.x.errors, bounds.y.errors
    _launch(counts_kernel, x, y, *lower, *errors, limits.contiguous(), *out)
    surely, perhaps = out.sum(dim=1)
    return surely, perhaps


def _parts(y: Tensor) -> int:
    return min(PARTS, -(-len(y) // BLOCK[1]))


def _around(x: Tensor, form: Form) -> Tensor:
    return (x if isinstance(form, Cubic) else x - form.origin).contiguous()


def _launch(kernel: Any, x: Tensor, y: Tensor, *others: Tensor, sizes: tuple[Any, ...] = ()) -> None:
    grid = (-(-len(x) // BLOCK[0]), _parts(y))
    kernel[grid](x, y, *others, len(x), len(y), x.shape[1], *sizes, *BLOCK)
