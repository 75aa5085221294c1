"""Wasserstein distances against POT and closed forms."""

from __future__ import annotations

from typing import Literal

import numpy as np
import ot
import pytest
import torch
from numpy.typing import NDArray

from genbench.metrics import Subject, named, sliced_wasserstein, transport, wasserstein
from genbench.metrics.transport import directions
from genbench.tasks import digits, ring8
from genbench.types import InputError, NotAvailableError


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("n", "m"), [(50, 50), (40, 60), (7, 100), (100, 3)])
def test_sliced_equals_pot(n: int, m: int) -> None:
    x, y = normal(n, 5), normal(m, 5, seed=1) * 2 + 1
    along = directions(5, 100)
    expected = ot.sliced_wasserstein_distance(x.numpy(), y.numpy(), projections=along.numpy(), p=2)
    assert sliced_wasserstein(x, y, along).value == pytest.approx(expected, rel=1e-10)


def test_sliced_of_a_shift_is_its_length_over_root_d() -> None:
    x = normal(200, 3)
    shift = torch.tensor([3.0, 0.0, 4.0], dtype=torch.float64)
    along = directions(3, 5000)
    assert sliced_wasserstein(x, x + shift, along).value == pytest.approx(5 / 3**0.5, rel=0.02)


def test_sliced_of_a_set_with_itself_is_zero() -> None:
    assert sliced_wasserstein(normal(20, 2), normal(20, 2)).value == 0


def test_ties_and_constant_samples_are_no_trouble() -> None:
    y = normal(300, 2)
    collapsed = sliced_wasserstein(torch.zeros(50, 2), y)
    assert collapsed.value == pytest.approx((y.square().sum(1).mean() / 2).sqrt().item(), rel=0.05)
    assert collapsed.low == collapsed.high == collapsed.value


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    y = normal(2000, 2)
    truth = sliced_wasserstein(normal(50_000, 2, seed=1) * 1.5 + 0.5, y, directions(2, 32)).value
    hits = 0
    for seed in range(100):
        estimate = sliced_wasserstein(normal(400, 2, seed=100 + seed) * 1.5 + 0.5, y, directions(2, 32))
        hits += estimate.low <= truth <= estimate.high  # type: ignore[operator]
    assert 88 <= hits <= 100


def test_real_data_score_far_below_a_bad_sampler() -> None:
    task = ring8(samples=5000)
    metric = named("sliced_wasserstein@1k")
    bad = metric.estimate(Subject(task, lambda n: torch.zeros(n, 2)))
    assert metric.real is not None
    assert metric.real(task).value < 0.25 * bad.value


def test_images_are_flattened() -> None:
    task = digits()
    estimate = named("sliced_wasserstein@100").estimate(Subject(task, lambda n: task.held_out[:n]))
    assert estimate.n == 100
    assert 0 < estimate.value < 0.2


@pytest.mark.parametrize("broken", [np.zeros((1, 2)), np.full((5, 2), np.nan), np.zeros((5, 3))])
def test_unusable_input_is_explained(broken: NDArray[np.float64]) -> None:
    with pytest.raises(InputError):
        sliced_wasserstein(broken, np.zeros((5, 2)))


@pytest.mark.parametrize("p", [1, 2])
def test_exact_equals_pot_on_sets_of_unequal_size(p: Literal[1, 2]) -> None:
    x, y = normal(60, 3), normal(45, 3, seed=1) + 1
    cost = ot.dist(x.numpy(), y.numpy(), metric="euclidean") ** p
    expected = ot.emd2([], [], cost) ** (1 / p)
    assert wasserstein(x, y, p).value == pytest.approx(expected, rel=1e-9)


def test_exact_in_one_dimension_equals_sorting() -> None:
    x, y = normal(80, 1), normal(80, 1, seed=1) * 2
    expected = (x.sort(dim=0).values - y.sort(dim=0).values).square().mean().sqrt().item()
    assert wasserstein(x, y).value == pytest.approx(expected)
    assert wasserstein(x, x).value == 0


def test_the_exact_interval_holds_the_truth() -> None:
    y = normal(300, 1)
    draws = [wasserstein(normal(100, 1, seed=10 + s) + 3, y, 1) for s in range(100)]
    truth = 3 + float(-y.mean())
    hits = sum(each.low <= truth <= each.high for each in draws if each.low is not None and each.high)
    assert 88 <= hits <= 100


def test_without_pot_the_exact_distances_are_not_available(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport.importlib.util, "find_spec", lambda name: None)
    task = ring8(samples=10)
    assert "POT" in (named("wasserstein1").refuses(Subject(task, lambda n: task.train[:n])) or "")
    with pytest.raises(NotAvailableError, match="transport"):
        wasserstein(task.train, task.train)
