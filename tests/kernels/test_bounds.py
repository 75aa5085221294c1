"""What single precision decides about distances is what double precision says, ties and extremes included."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from genbench.kernels import pairwise, tiles
from genbench.kernels.distances import Bounds, squared_distances
from genbench.kernels.pairwise import decided_tiles, distance_tiles, nearest_squared, nearest_squared_plain

DEPTH = 48


def normal(n: int, seed: int) -> Tensor:
    return torch.randn(n, DEPTH, generator=torch.Generator().manual_seed(seed))


def lattice(n: int, seed: int) -> Tensor:
    return torch.randint(0, 2, (n, DEPTH), generator=torch.Generator().manual_seed(seed)).float()


def clusters(n: int, seed: int) -> Tensor:
    """Narrow beside their distance: nearly all comparisons are left to double precision."""
    return 0.1 * normal(n, seed) + 10 * (torch.arange(n) % 3)[:, None]


def outlier(n: int, seed: int) -> Tensor:
    x = normal(n, seed)
    x[0] *= 1e6
    return x


SETS: dict[str, Callable[[int, int], Tensor]] = {
    "normal": normal,
    "double": lambda n, seed: normal(n, seed).double() + 1e-9,
    "ties": lattice,
    "copies": lambda n, seed: normal(n // 3 + 1, seed).repeat(3, 1)[:n],
    "one point": lambda n, seed: torch.full((n, DEPTH), 0.1),
    "far off": lambda n, seed: normal(n, seed) + 1e4,
    "clusters": clusters,
    "outlier": outlier,
    "small": lambda n, seed: normal(n, seed) * 1e-15,
    "squares underflow": lambda n, seed: normal(n, seed) * 1e-21,
    "squares overflow": lambda n, seed: normal(n, seed) * 1e19,
}


@pytest.fixture(autouse=True)
def _small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "CPU_TILE", (64, 64))
    monkeypatch.setattr(pairwise, "CROWD", 1)


def pair(kind: str) -> tuple[Tensor, Tensor]:
    make = SETS[kind]
    x, y = make(150, 0), make(130, 1)
    y[:20] = x[:20]
    return x, y


def whole(x: Tensor, y: Tensor) -> Tensor:
    matrix = torch.empty(len(x), len(y))
    for rows, columns, values in distance_tiles(x, y):
        matrix[rows, columns] = values
    return matrix


@pytest.mark.parametrize("kind", [kind for kind in SETS if kind != "squares overflow"])
def test_distances_lie_within_their_bounds(kind: str) -> None:
    x, y = pair(kind)
    bounds = Bounds.of(x, y, y.mean(dim=0))
    assert bounds is not None
    lower = bounds.lower(slice(0, 150), slice(0, 130)).double()
    upper = lower + 2 * (bounds.x.errors[:, None].double() + bounds.y.errors)
    squared = squared_distances(x, y, y.mean(dim=0))
    assert (lower <= squared).all()
    assert (squared <= upper).all()
    scale = 1e-5 * float(bounds.x.squares.max() + bounds.y.squares.max())
    assert float((upper - lower).max()) < max(scale * 10, 1e-34)


@pytest.mark.parametrize("kind", SETS)
@pytest.mark.parametrize("k", [1, 5, 127, 140])
def test_the_nearest_are_those_of_double_precision(kind: str, k: int) -> None:
    x, y = pair(kind)
    assert torch.equal(nearest_squared(x, y, k), nearest_squared_plain(x, y, k))
    assert torch.equal(nearest_squared(x, x, k), nearest_squared_plain(x, x, k))


@pytest.mark.parametrize("kind", SETS)
def test_limits_are_compared_as_in_double_precision(kind: str) -> None:
    """The limits are distances that occur, so that many comparisons are ties."""
    x, y = pair(kind)
    exact = whole(x, y)
    third, median = exact.sort(dim=1).values[:, 2], exact.median(dim=1).values
    across = exact.sort(dim=0).values[4]
    for rows, columns, values in decided_tiles(x, y, (third, median), (across,)):
        found, true = values, exact[rows, columns]
        for limit in (third[rows, None], median[rows, None], across[columns]):
            assert torch.equal(found <= limit, true <= limit)
            assert torch.equal(found < limit, true < limit)


@pytest.mark.parametrize("limit", [0.0, -1.0, float("inf"), float("nan")])
def test_any_limit_may_be_asked_for(limit: float) -> None:
    x, y = pair("copies")
    limits, exact = torch.full((150,), limit), whole(x, y)
    limits[7] = exact[7, 7:].min()
    for rows, columns, values in decided_tiles(x, y, (limits,)):
        assert torch.equal(values <= limits[rows, None], exact[rows, columns] <= limits[rows, None])


def test_what_is_not_finite_is_left_to_double_precision() -> None:
    x, y = pair("normal")
    y[3, 3] = torch.nan
    assert Bounds.of(x, y, x.mean(dim=0)) is None
    assert Bounds.of(y, x, x.mean(dim=0)) is None
    assert torch.equal(nearest_squared(x, y, 3).isnan(), nearest_squared_plain(x, y, 3).isnan())


def test_the_bound_is_wide_enough_for_the_worst_order_of_a_sum() -> None:
    """Depth many, all products of one sign and all roundings one way: where the worst case comes near."""
    x = torch.full((2, 100_000), 1 + 2**-12)
    y = -x
    bounds = Bounds.of(x, y, torch.zeros(100_000))
    assert bounds is not None
    exact = 4 * x.double().square().sum(dim=1)
    lower = bounds.lower(slice(0, 2), slice(0, 2)).double()
    assert (lower <= exact).all()
    assert (lower + 2 * (bounds.x.errors[:, None] + bounds.y.errors) >= exact).all()


def test_little_is_left_to_double_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = normal(150, 0), normal(130, 1)
    again = 0

    def counted(a: Tensor, b: Tensor, origin: Tensor) -> Tensor:
        nonlocal again
        again += len(a) * len(b)
        return squared_distances(a, b, origin)

    radii = nearest_squared(x, y, 3)[:, -1]
    monkeypatch.setattr(pairwise, "squared_distances", counted)
    nearest_squared(x, y, 3)
    assert again == 0
    for _ in decided_tiles(x, y, (radii,)):
        pass
    assert 150 <= again < 0.2 * 150 * 130
