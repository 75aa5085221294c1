"""Mode coverage against counted examples and PacGAN's ceilings."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from genbench.metrics import Subject, mode_counts, named
from genbench.metrics.modes import IDEAL_DRAWS, served_share
from genbench.tasks import Task, gaussian, grid25, ring8, swissroll
from genbench.tasks.truths import Mixture
from genbench.types import Estimate, InputError


def subject(task: Task, samples: Tensor) -> Subject:
    return Subject(task, lambda n: samples[:n])


def real(task: Task, name: str) -> Estimate:
    metric = named(name)
    assert metric.real is not None
    return metric.real(task)


@pytest.fixture(scope="module")
def ring() -> Task:
    return ring8(samples=1000)


@pytest.fixture(scope="module")
def grid() -> Task:
    return grid25(samples=1000)


def test_counts_of_a_hand_made_example() -> None:
    centers = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    x = torch.tensor([[0.0, 0.29], [0.0, -0.31], [0.9, 0.0], [5.0, 5.0]])
    counts = mode_counts(x, centers, sigma=0.1)
    assert counts.nearest.tolist() == [2, 2]
    assert counts.good.tolist() == [1, 1]


def test_the_border_of_three_sigma_is_not_blurred_by_single_precision() -> None:
    centers = torch.tensor([[1.0, 0.0], [-1.0, 0.0]]).repeat(20, 1)
    inside = torch.tensor([[1.0 + 3 * 0.01 - 1e-6, 0.0]]).repeat(50, 1)
    assert mode_counts(inside, centers, 0.01).good.sum() == 50
    assert mode_counts(inside + torch.tensor([2e-6, 0.0]), centers, 0.01).good.sum() == 0


def test_a_perfect_sampler_meets_the_published_ceilings(ring: Task, grid: Task) -> None:
    for task, kl in ((ring, 0.0014), (grid, 0.0048)):
        real_scores = {name: real(task, name) for name in ("reverse_kl", "high_quality", "modes")}
        assert real_scores["reverse_kl"].value == pytest.approx(kl, abs=2.5e-4)
        assert real_scores["high_quality"].value == pytest.approx(1 - math.exp(-4.5), abs=6e-4)
        assert real_scores["modes"].value == (8 if task is ring else 25)
        assert real_scores["modes"].n == 2500
    assert IDEAL_DRAWS >= 100


def test_a_sampler_collapsed_to_one_mode(ring: Task) -> None:
    collapsed = subject(ring, torch.tensor([[1.0, 0.0]]).repeat(2500, 1))
    assert named("modes").estimate(collapsed).value == 1
    assert named("high_quality").estimate(collapsed).value == 1
    assert named("reverse_kl").estimate(collapsed).value == pytest.approx(math.log(8))


def test_served_mass_of_a_hand_made_histogram() -> None:
    assert served_share(np.array([5, 1, 0]), 10, np.array([0.25, 0.5, 0.25])) == pytest.approx(0.25 + 0.1)


def test_served_mass_of_truth_collapse_and_blur(ring: Task, grid: Task) -> None:
    for task, most in ((ring, 0.989), (grid, 0.989)):
        assert task.truth is not None
        truth = real(task, "served_mass")
        assert most - 0.05 < truth.value < most
        exact = task.truth.draw(2500, torch.Generator().manual_seed(1))
        assert named("served_mass").estimate(subject(task, exact)).value == pytest.approx(
            truth.value, abs=0.02
        )
    collapsed = torch.tensor([[1.0, 0.0]]).repeat(2500, 1)
    assert named("served_mass").estimate(subject(ring, collapsed)).value == pytest.approx(1 / 8)
    blurred = torch.randn(2500, 2, generator=torch.Generator().manual_seed(2))
    assert named("served_mass").estimate(subject(ring, blurred)).value < 0.02


def test_served_mass_weighs_uneven_modes() -> None:
    centers, weights = torch.tensor([[0.0, 0.0], [9.0, 0.0]]), torch.tensor([0.9, 0.1])
    truth = Mixture(centers, weights, 0.1)
    task = Task("uneven", "points", centers, centers, ("served_mass@100",), truth=truth)
    even = centers.repeat(50, 1)
    assert named("served_mass@100").estimate(subject(task, even)).value == pytest.approx(0.5 + 0.1)


def test_the_interval_of_served_mass_covers(ring: Task) -> None:
    assert ring.truth is not None
    generator = torch.Generator().manual_seed(4)
    half = [ring.truth.draw(500, generator) * torch.tensor([1.0, 1.0]) for _ in range(60)]
    for x in half:
        x[:250] += 5  # half of the samples are far from all modes
    estimates = [named("served_mass@500").estimate(subject(ring, x)) for x in half]
    inside = sum((e.low or 0) <= 0.5 * 0.98889 <= (e.high or 0) for e in estimates)
    assert inside >= 52


def test_intervals_hold_the_value_and_stay_in_range(grid: Task) -> None:
    assert grid.truth is not None
    x = grid.truth.draw(100, torch.Generator().manual_seed(3))
    for name in ("served_mass@100", "modes@100", "high_quality@100", "reverse_kl@100"):
        estimate = named(name).estimate(subject(grid, x))
        assert estimate.n == 100
        assert estimate.low is not None
        assert estimate.high is not None
        assert 0 <= estimate.low <= estimate.value <= estimate.high
        assert estimate.low < estimate.high


def test_names_carry_the_protocol() -> None:
    assert named("modes@2500").name == named("modes").name == "modes@2500"
    assert named("reverse_kl@10k").samples == 10_000


@pytest.mark.parametrize("make", [swissroll, gaussian])
def test_tasks_without_isotropic_modes_are_refused(make: Callable[..., Task]) -> None:
    task = make(samples=10)
    assert "modes" in (named("modes").refuses(subject(task, task.train)) or "")


def test_samples_that_are_not_finite_are_named(ring: Task) -> None:
    broken = torch.zeros(2500, 2)
    broken[7] = torch.nan
    with pytest.raises(InputError, match="1 of 2500 are not finite"):
        named("modes").estimate(subject(ring, broken))
