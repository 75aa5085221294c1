"""Neighbour metrics against prdc, torch-fidelity and examples counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from prdc import compute_prdc
from torch_fidelity.metric_prc import calculate_precision_recall_full

from genbench.metrics import copying, prdc, precision_recall_density_coverage, two_sample
from genbench.types import InputError


def normal(n: int, d: int, seed: int = 0, scale: float = 1.0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=(n, d)) * scale


def lattice(n: int, d: int, seed: int) -> NDArray[np.float64]:
    """Integer points: many exact ties, and every peer computes their distances without rounding."""
    return np.random.default_rng(seed).integers(0, 4, size=(n, d)).astype(np.float64)


@pytest.mark.parametrize(("n", "m", "d"), [(300, 300, 2), (200, 350, 64), (40, 30, 512)])
@pytest.mark.parametrize("k", [1, 5])
def test_equals_prdc_without_ties(n: int, m: int, d: int, k: int) -> None:
    real, fake = normal(n, d), normal(m, d, seed=1, scale=0.8)
    expected = compute_prdc(real, fake, k)
    for name, estimate in prdc(real, fake, k)._asdict().items():
        assert estimate.value == pytest.approx(expected[name]), name


def test_density_and_coverage_equal_prdc_on_ties() -> None:
    real, fake = lattice(200, 3, 0), lattice(250, 3, 1)
    expected = compute_prdc(real, fake, 5)
    ours = prdc(real, fake, 5)
    assert ours.density.value == pytest.approx(expected["density"])
    assert ours.coverage.value == pytest.approx(expected["coverage"])


@pytest.mark.parametrize("d", [1, 3])
def test_precision_and_recall_equal_torch_fidelity_on_ties(d: int) -> None:
    real, fake = lattice(200, d, 0), lattice(250, d, 1)
    expected = calculate_precision_recall_full(torch.from_numpy(fake), torch.from_numpy(real), 3)
    ours = precision_recall_density_coverage(real, fake)
    assert (ours.precision.value, ours.recall.value) == pytest.approx(expected)


def test_a_set_against_itself() -> None:
    x = normal(300, 4)
    ours = prdc(x, x, 5)
    assert ours.precision.value == ours.recall.value == ours.coverage.value == 1


def test_identical_points_lie_in_closed_balls_and_not_in_open_ones() -> None:
    x = np.full((50, 100), 0.1)
    ours = prdc(x, x, 5)
    assert (ours.precision.value, ours.recall.value) == (1, 1)
    assert (ours.density.value, ours.coverage.value) == (0, 0)
    assert ours.precision.flags == ("few samples",)


def test_a_collapsed_sampler_has_precision_without_recall() -> None:
    real = normal(500, 2)
    ours = prdc(real, np.zeros((500, 2)), 5)
    assert ours.precision.value == 1
    assert ours.recall.value == 0
    assert ours.coverage.value < 0.1


def test_half_precision_equals_the_same_values_in_double() -> None:
    real, fake = normal(200, 8).astype(np.float16), normal(200, 8, seed=1).astype(np.float16)
    assert prdc(real, fake, 3) == prdc(real.astype(np.float64), fake.astype(np.float64), 3)


@pytest.mark.parametrize("x", [np.zeros((5, 2)), np.full((9, 2), np.nan), np.zeros((9, 3))])
def test_unusable_input_is_explained(x: NDArray[np.float64]) -> None:
    with pytest.raises(InputError):
        prdc(x, np.zeros((9, 2)), 5)
    with pytest.raises(InputError, match="at least 1"):
        prdc(np.zeros((9, 2)), np.zeros((9, 2)), 0)


def test_rows_without_columns_are_explained() -> None:
    with pytest.raises(InputError, match="no columns"):
        prdc(np.zeros((9, 0)), np.zeros((9, 0)), 5)


def test_two_sample_extremes() -> None:
    x = normal(400, 3)
    assert two_sample(x, x + 100).value == 1
    assert two_sample(x, x).value == 0


def test_the_two_sample_interval_holds_one_half_for_equal_laws() -> None:
    draws = [two_sample(normal(100, 2, seed), normal(100, 2, 1000 + seed)) for seed in range(100)]
    hits = sum(each.low < 0.5 < each.high for each in draws if each.low and each.high)
    assert hits >= 93


def test_two_sample_counts_ties_half() -> None:
    x = np.zeros((20, 2))
    assert two_sample(x, x).value == 0.5


def test_copies_are_told_from_fresh_samples() -> None:
    train, fresh = normal(500, 4), normal(300, 4, seed=1)
    assert copying(train, fresh, train[:200]).value == 1
    honest = copying(train, fresh, normal(400, 4, seed=2))
    assert honest.low is not None
    assert honest.high is not None
    assert honest.low < 0.5 < honest.high
    assert copying(train, fresh, normal(300, 4, seed=3) + 20).value == 0


def test_the_copying_interval_is_delongs() -> None:
    """On data without ties the error agrees with the spread over fresh draws."""
    train = normal(300, 2)
    draws = [copying(train, normal(100, 2, 10 + s), normal(100, 2, 500 + s)) for s in range(150)]
    spread = np.std([each.value for each in draws])
    claimed = np.mean([each.high - each.low for each in draws if each.high and each.low]) / 3.92
    assert claimed == pytest.approx(spread, rel=0.2)
