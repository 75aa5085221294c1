"""Tiled pairwise computations against whole matrices."""

from __future__ import annotations

import pytest
import torch

from genbench.kernels import tiles
from genbench.kernels.distances import squared_distances
from genbench.kernels.pairwise import (
    distance_tiles,
    nearest_squared,
    own_subset_sums,
    own_sums,
    row_sums,
    subset_sums,
)


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def whole(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return (x[:, None].double() - y.double()).square().sum(dim=2)


@pytest.fixture(autouse=True)
def _small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "CPU_TILE", (16, 32))


def test_tiles_cover_every_pair_once() -> None:
    x, y = normal(50, 3), normal(70, 3, seed=1)
    seen, matrix = torch.zeros(50, 70), torch.zeros(50, 70)
    for rows, columns, values in distance_tiles(x, y):
        seen[rows, columns] += 1
        matrix[rows, columns] = values
    assert seen.eq(1).all()
    torch.testing.assert_close(matrix, whole(x, y).float())


def test_the_nearest_are_those_of_the_whole_matrix() -> None:
    x, y = normal(50, 3), normal(70, 3, seed=1)
    expected = whole(x, y).float().sort(dim=1).values[:, :5]
    torch.testing.assert_close(nearest_squared(x, y, 5), expected)


@pytest.mark.parametrize("n", [1, 16, 50])
def test_the_nearest_of_a_set_to_itself_are_those_of_the_whole_matrix(n: int) -> None:
    x = normal(n, 3)
    expected = whole(x, x).float().sort(dim=1).values[:, : min(n, 4)]
    torch.testing.assert_close(nearest_squared(x, x, min(n, 4)), expected)


def test_a_point_is_at_distance_zero_from_itself_and_its_copies() -> None:
    x = (normal(40, 64) * 100 + 1000).repeat(2, 1)
    nearest = nearest_squared(x, x, 3)
    assert nearest[:, :2].eq(0).all()
    assert nearest[:, 2].gt(0).all()


def test_near_points_far_from_the_origin_keep_their_distance() -> None:
    x = torch.tensor([[1e6, 0.0], [1e6, 0.03]], dtype=torch.float64)
    assert squared_distances(x, x, x.mean(dim=0))[0, 1] == pytest.approx(9e-4, rel=1e-6)


def test_tied_distances_are_equal_in_every_tile() -> None:
    corner = normal(1, 32)
    x = corner + torch.cat([torch.eye(32), -torch.eye(32)]) * 0.37
    squared = torch.cat([values for _, _, values in distance_tiles(corner, x)], dim=1)
    again = torch.cat([values.T for _, _, values in distance_tiles(x, corner)], dim=1)
    torch.testing.assert_close(squared, again, rtol=1e-6, atol=0)


def test_row_sums_equal_the_whole_matrix() -> None:
    x, y = normal(50, 3), normal(70, 3, seed=1)
    sums = row_sums(x, y, lambda a, b: a @ b.T)
    torch.testing.assert_close(sums, (x.double() @ y.double().T).sum(dim=1), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("n", [1, 16, 50])
def test_own_sums_equal_the_whole_matrix(n: int) -> None:
    x = normal(n, 3)
    sums = own_sums(x, lambda a, b: (a @ b.T) ** 3)
    torch.testing.assert_close(sums, ((x @ x.T) ** 3).double().sum(dim=1), rtol=1e-5, atol=1e-5)


def test_subset_sums_equal_those_of_each_subset_alone() -> None:
    x, y = normal(50, 3), normal(70, 3, seed=1)
    left, right = (normal(len(part), 4, seed=2).gt(0).double() for part in (x, y))
    every = (x @ y.T).double() ** 3
    sums = subset_sums(x, y, lambda a, b: (a @ b.T) ** 3, left, right)
    torch.testing.assert_close(sums, torch.einsum("is,ij,js->s", left, every, right), rtol=1e-5, atol=1e-5)
    own = own_subset_sums(x, lambda a, b: (a @ b.T) ** 3, left)
    every = (x @ x.T).double() ** 3
    torch.testing.assert_close(own, torch.einsum("is,ij,js->s", left, every, left), rtol=1e-5, atol=1e-5)
