"""Everything between all pairs of two sets, by tiles: the nearest, limits of distances, sums of kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from genbench.kernels import fused
from genbench.kernels.distances import Bounds, squared_distances
from genbench.kernels.forms import Form
from genbench.kernels.tiles import Kernel, Span, Tile, own_spans, own_tiles, spans, tile_shape, tiles
from genbench.kernels.triton_use import fuses

FEWEST_COLUMNS = 32
"""Below this a product in double precision costs no more than what single precision needs besides."""

SPARE = 4
"""How many more neighbours than asked are kept by lower bounds, so that the nearest are surely among them."""

CROWD = 64
"""With fewer points than so many times those kept, selecting them takes longer than double precision does."""

Values = Callable[[slice, slice], Tensor]
"""The values of a tile."""


def distance_tiles(x: Tensor, y: Tensor) -> Iterator[Tile]:
    """`squared_distances` in tiles, shapes (n, d), (m, d)."""
    origin = y.mean(dim=0)
    return tiles(x, y, lambda a, b: squared_distances(a, b, origin))


def decided_tiles(
    x: Tensor, y: Tensor, row_limits: Sequence[Tensor] = (), column_limits: Sequence[Tensor] = ()
) -> Iterator[Tile]:
    """Tiles whose values compare with the limits as `squared_distances` do, by `<` and by `<=`.

    The values are lower bounds from single precision; where a bound leaves a comparison open, those rows and
    columns are worked out in double. Not for other uses than these comparisons.

    Args:
        row_limits, column_limits: squared distances, shapes (n,) and (m,).
    """
    bounds = _bounds(x, y)
    if bounds is None:
        yield from distance_tiles(x, y)
        return
    for rows, columns in spans(len(x), len(y), x.device):
        values = bounds.lower(rows, columns)
        i, j = _undecided(values, bounds, rows, columns, row_limits, column_limits)
        values[i[:, None], j] = squared_distances(x[rows][i], y[columns][j], bounds.origin)
        yield Tile(rows, columns, values)


def _undecided(
    lower: Tensor,
    bounds: Bounds,
    rows: slice,
    columns: slice,
    row_limits: Sequence[Tensor],
    column_limits: Sequence[Tensor],
) -> tuple[Tensor, Tensor]:
    """Rows and columns that hold all entries with a limit between their lower and upper bound."""
    rise, run = bounds.x.errors[rows, None], bounds.y.errors[columns]
    limits = [(limit[rows, None], rise + run.max()) for limit in row_limits]
    limits += [(limit[columns], run + rise.max()) for limit in column_limits]
    nearest_row, nearest_column = (torch.full_like(side, torch.inf) for side in (rise[:, 0], run))
    for limit, error in limits:
        gap = (lower - (limit - error)).abs_().sub_(error)
        nearest_row, nearest_column = (
            torch.minimum(nearest, gap.amin(dim=dim))
            for nearest, dim in ((nearest_row, 1), (nearest_column, 0))
        )
    # Not `<= 0`, which a limit that is no number would hide from.
    return (~(nearest_row > 0)).nonzero()[:, 0], (~(nearest_column > 0)).nonzero()[:, 0]


def counts_within(x: Tensor, y: Tensor, limits: Tensor) -> Tensor:
    """How many y are no farther from each x than its limit, a squared distance, shapes (n, d), (m, d) → (n,).

    Exactly those of `squared_distances`. On a GPU a Triton kernel counts in single precision what is surely
    and what is perhaps within, and only rows where these differ take tiles.

    Args:
        limits: shape (n,), single.
    """
    bounds = _bounds(x, y) if fuses(x) else None
    if bounds is None:
        return _counts_by_tiles(x, y, limits)
    surely, perhaps = fused.counts_within(bounds, limits)
    counts, (unsettled,) = surely.long(), (surely != perhaps).nonzero(as_tuple=True)
    counts[unsettled] = _counts_by_tiles(x[unsettled], y, limits[unsettled])
    return counts


def _counts_by_tiles(x: Tensor, y: Tensor, limits: Tensor) -> Tensor:
    counts = torch.zeros(len(x), dtype=torch.long, device=x.device)
    for rows, _, squared in decided_tiles(x, y, (limits,)):
        counts[rows] += (squared <= limits[rows, None]).sum(dim=1)
    return counts


def nearest_squared(x: Tensor, y: Tensor, k: int) -> Tensor:
    """Squared distances of each x to its `k` nearest y, nearest first, shapes (n, d), (m, d) → (n, k).

    A set's nearest to itself, `x` given twice, start with zeros; most of its tiles serve twice.

    Neighbours are looked for by lower bounds from single precision, somewhat more than `k`. Where the k-th
    distance of those, in double precision, is no more than the last bound, nothing nearer was left out;
    the other rows are worked out in double precision.
    """
    bounds = _bounds(x, y) if len(y) > CROWD * (k + SPARE) else None
    if bounds is None:
        return nearest_squared_plain(x, y, k)
    lower, indices = _smallest(bounds.lower, x, y, k + SPARE)
    nearest = bounds.listed(indices).sort(dim=1).values[:, :k].contiguous()
    (unproven,) = (nearest[:, -1] > lower[:, -1]).nonzero(as_tuple=True)
    if len(unproven) > len(x) / 4:
        return nearest_squared_plain(x, y, k)
    nearest[unproven] = nearest_squared_plain(x[unproven], y, k)
    return nearest


def nearest_squared_plain(x: Tensor, y: Tensor, k: int) -> Tensor:
    """As `nearest_squared`, with all distances in double precision, (n, d), (m, d) → (n, k)."""
    origin = y.mean(dim=0)
    return _smallest(lambda rows, columns: squared_distances(x[rows], y[columns], origin), x, y, k)[0]


def _bounds(x: Tensor, y: Tensor) -> Bounds | None:
    """Bounds of the distances where they hold and pay."""
    return Bounds.of(x, y, y.mean(dim=0)) if x.shape[1] >= FEWEST_COLUMNS else None


def _smallest(values: Values, x: Tensor, y: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The `k` smallest of each row and their columns, ascending, shapes (n, k); infinite if y is shorter."""
    best = torch.full((len(x), k), torch.inf, device=x.device)
    where = torch.zeros(len(x), k, dtype=torch.long, device=x.device)
    for rows, columns in _spans(x, y):
        tile = values(rows, columns)
        _keep_smallest(best[rows], where[rows], tile, columns.start)
        if y is x and columns != rows:
            _keep_smallest(best[columns], where[columns], tile.T.contiguous(), rows.start)
    return best, where


def _spans(x: Tensor, y: Tensor) -> Iterator[Span]:
    """The smallest of a row are the sooner found the wider the tile, so a set's own are as wide as others."""
    own = tile_shape(x.device)[1]
    return own_spans(len(x), own) if y is x else spans(len(x), len(y), x.device)


def _keep_smallest(best: Tensor, where: Tensor, tile: Tensor, first: int) -> None:
    """Let the smallest of a tile (r, c) take their place among the smallest so far (r, k)."""
    k = best.shape[1]
    inside, columns = tile.topk(min(k, tile.shape[1]), dim=1, largest=False)
    kept, order = torch.cat([best, inside], dim=1).topk(k, dim=1, largest=False)
    best.copy_(kept)
    where.copy_(torch.cat([where, columns + first], dim=1).gather(1, order))


def row_sums(x: Tensor, y: Tensor, kernel: Kernel) -> Tensor:
    """Σⱼ kernel(xᵢ, yⱼ) in double precision, shapes (n, d), (m, d) → (n,).

    A `Form` of single-precision points on a GPU is summed by `fused.row_sums`, which says how exactly.
    """
    if isinstance(kernel, Form) and _fuses_sums(x, y):
        return fused.row_sums(x, y, kernel)
    total = torch.zeros(len(x), dtype=torch.float64, device=x.device)
    for rows, _, values in tiles(x, y, kernel):
        total[rows] += values.sum(dim=1, dtype=torch.float64)
    return total


def _fuses_sums(x: Tensor, y: Tensor) -> bool:
    return x.dtype == y.dtype == torch.float32 and fuses(x)


def own_sums(x: Tensor, kernel: Kernel) -> Tensor:
    """`row_sums` of a set with itself for a symmetric kernel: most tiles serve twice, (n, d) → (n,)."""
    if isinstance(kernel, Form) and _fuses_sums(x, x):
        return fused.row_sums(x, x, kernel)
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
        total += _joint(values, left[rows], right[columns])
    return total


def own_subset_sums(x: Tensor, kernel: Kernel, members: Tensor) -> Tensor:
    """`subset_sums` of a set with itself for a symmetric kernel: most tiles serve twice, (n, d) → (subsets,).

    Args:
        members: 1 where a row belongs to a subset, else 0, shape (n, subsets), double.
    """
    total = torch.zeros(members.shape[1], dtype=torch.float64, device=x.device)
    for rows, columns, values in own_tiles(x, kernel):
        inside = _joint(values, members[rows], members[columns])
        total += inside if rows == columns else 2 * inside
    return total


def _joint(values: Tensor, left: Tensor, right: Tensor) -> Tensor:
    return ((values.double() @ right) * left).sum(dim=0)
