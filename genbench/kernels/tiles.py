"""Matrices of all pairs of two sets, a tile at a time: memory never grows with n × m."""

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

Span = tuple[slice, slice]
"""Rows and columns of a tile."""


class Tile(NamedTuple):
    """Where a tile of an n × m matrix lies, and its values."""

    rows: slice
    columns: slice
    values: Tensor


def tile_shape(device: torch.device) -> tuple[int, int]:
    return CPU_TILE if device.type == "cpu" else GPU_TILE


def spans(n: int, m: int, device: torch.device) -> Iterator[Span]:
    """Where the tiles of an n × m matrix lie, a band of rows after the other."""
    height, width = tile_shape(device)
    for top in range(0, n, height):
        for left in range(0, m, width):
            yield slice(top, min(top + height, n)), slice(left, min(left + width, m))


def own_spans(n: int, side: int) -> Iterator[Span]:
    """Where the square tiles of a symmetric n × n matrix lie on its diagonal or to the right of it."""
    for top in range(0, n, side):
        for left in range(top, n, side):
            yield slice(top, min(top + side, n)), slice(left, min(left + side, n))


def tiles(x: Tensor, y: Tensor, kernel: Kernel) -> Iterator[Tile]:
    """The matrix kernel(x, y) in tiles, shapes (n, d), (m, d)."""
    for rows, columns in spans(len(x), len(y), x.device):
        yield Tile(rows, columns, kernel(x[rows], y[columns]))


def own_tiles(x: Tensor, kernel: Kernel) -> Iterator[Tile]:
    """A symmetric kernel(x, x) in square tiles, (n, d): those on the diagonal and to the right of it."""
    for rows, columns in own_spans(len(x), tile_shape(x.device)[0]):
        yield Tile(rows, columns, kernel(x[rows], x[columns]))
