"""Kernel distances against torch-fidelity, torchmetrics, SciPy and closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats
from torch_fidelity.metric_kid import kid_features_to_metric
from torchmetrics.image.kid import poly_mmd

from genbench.metrics import energy_distance, kernel_distance, kid, mmd
from genbench.types import Estimate, InputError


def normal(n: int, d: int, seed: int = 0, shift: float = 0.0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=(n, d)) + shift


@pytest.mark.parametrize("shift", [0.0, 0.5])
@pytest.mark.parametrize("d", [3, 200])
def test_kid_of_whole_sets_equals_the_peers(d: int, shift: float) -> None:
    x, y = normal(120, d), normal(120, d, seed=1, shift=shift)
    ours = kid(x, y, subsets=1, subset_size=120).value
    peer = kid_features_to_metric(
        torch.from_numpy(x), torch.from_numpy(y), kid_subsets=1, kid_subset_size=120, verbose=False
    )
    assert ours == pytest.approx(peer["kernel_inception_distance_mean"], rel=1e-9)
    assert ours == pytest.approx(float(poly_mmd(torch.from_numpy(x), torch.from_numpy(y))), rel=1e-9)


def test_kid_of_subsets_agrees_with_the_peer_within_the_noise_of_choosing_them() -> None:
    x, y = normal(600, 16), normal(600, 16, seed=1, shift=0.3)
    ours = kid(x, y, subsets=100, subset_size=200)
    peer = kid_features_to_metric(
        torch.from_numpy(x), torch.from_numpy(y), kid_subsets=100, kid_subset_size=200, verbose=False
    )
    noise = peer["kernel_inception_distance_std"] / 10
    assert ours.value == pytest.approx(peer["kernel_inception_distance_mean"], abs=4 * noise)


def test_kid_is_the_same_whether_subsets_share_kernel_values_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = normal(300, 16), normal(280, 16, seed=1, shift=0.3)
    shared = kid(x, y, subsets=10, subset_size=100)
    monkeypatch.setattr(kernel_distance, "_kid_together", kernel_distance._kid_in_turn)
    alone = kid(x, y, subsets=10, subset_size=100)
    assert shared.value == pytest.approx(alone.value, rel=1e-9)
    assert shared.high == pytest.approx(alone.high, rel=1e-9)


def test_kid_is_unbiased() -> None:
    values = [
        kid(normal(50, 4, s), normal(50, 4, 500 + s), subsets=1, subset_size=50).value for s in range(300)
    ]
    assert abs(np.mean(values)) < 3 * np.std(values) / math.sqrt(300)


def test_kid_flags_too_few_samples() -> None:
    estimate = kid(normal(100, 4), normal(40, 4))
    assert estimate.flags == ("few samples",)
    assert estimate.low is not None
    assert estimate.low < estimate.value


def test_kid_of_single_precision_agrees_with_double() -> None:
    x, y = normal(300, 64), normal(300, 64, seed=1, shift=0.2)
    single = kid(x.astype(np.float32), y.astype(np.float32), subsets=5, subset_size=200).value
    assert single == pytest.approx(kid(x, y, subsets=5, subset_size=200).value, rel=1e-4)


def test_mmd_of_two_gaussians_has_a_closed_form() -> None:
    """E k(X, Y) = (h²/(h²+2))^(d/2) exp(−δ²/(2(h²+2))) for unit Gaussians at distance δ."""
    d, h, delta = 3, 1.5, 1.0
    same = (h**2 / (h**2 + 2)) ** (d / 2)
    expected = 2 * same * (1 - math.exp(-(delta**2) / (2 * (h**2 + 2))))
    shift = np.array([delta, 0, 0])
    estimate = mmd(normal(4000, d), normal(4000, d, seed=1) + shift, bandwidth=h)
    assert estimate.low is not None
    assert estimate.high is not None
    assert estimate.low - 0.003 < expected < estimate.high + 0.003


def test_the_default_bandwidth_is_the_median_distance() -> None:
    x = np.array([[0.0], [1.0], [3.0]])
    y = normal(5, 1)
    assert mmd(x, y).value == mmd(x, y, bandwidth=2.0).value


def test_energy_distance_equals_scipy_up_to_the_pairs_left_out() -> None:
    x, y = normal(80, 1), normal(50, 1, seed=1, shift=0.7)
    within = [np.abs(part - part.T).mean() for part in (x, y)]
    expected = stats.energy_distance(x[:, 0], y[:, 0]) ** 2 - within[0] / 79 - within[1] / 49
    assert energy_distance(x, y).value == pytest.approx(expected, rel=1e-6)


def test_intervals_hold_the_expected_value_as_often_as_they_say() -> None:
    x = normal(500, 2)
    pool = [energy_distance(x, normal(200, 2, 10 + s, shift=0.5)) for s in range(200)]
    centre = np.mean([each.value for each in pool])
    hits = sum(each.low <= centre <= each.high for each in pool if each.low is not None and each.high)
    assert 0.9 <= hits / 200 <= 0.99


@pytest.mark.parametrize("distance", [kid, mmd, energy_distance])
def test_degenerate_sets(distance: Callable[..., Estimate]) -> None:
    x = normal(150, 3)
    assert math.isfinite(distance(x, np.zeros((150, 3))).value)
    with pytest.raises(InputError, match="at least 2"):
        distance(x, x[:1])
    with pytest.raises(InputError, match="not finite"):
        distance(x, np.full((5, 3), np.inf))


def test_options_that_make_no_sense_are_explained() -> None:
    with pytest.raises(InputError, match="subsets"):
        kid(normal(9, 2), normal(9, 2), subsets=0)
    with pytest.raises(InputError, match="bandwidth"):
        mmd(np.zeros((9, 2)), normal(9, 2))
