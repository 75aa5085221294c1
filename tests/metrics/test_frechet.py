"""Fréchet distance against pytorch-fid, closed forms and the inputs that crash others."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pytorch_fid.fid_score import calculate_frechet_distance
from torchmetrics.image.fid import _compute_fid

from genbench.metrics import Subject, frechet_distance, frechet_distance_from_features, named
from genbench.metrics.frechet import frechet_infinity_to, moments
from genbench.tasks import digits, ring8
from genbench.types import InputError


def features(n: int, d: int, seed: int, mix: float = 0.3) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) @ (np.eye(d) + mix * rng.normal(size=(d, d))) + rng.normal(size=d)


def fitted(x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return x.mean(axis=0), np.cov(x, rowvar=False)


@pytest.mark.parametrize("d", [2, 17, 128])
def test_equals_pytorch_fid_on_well_conditioned_input(d: int) -> None:
    x, y = features(2000, d, 0), features(1500, d, 1)
    expected = calculate_frechet_distance(*fitted(x), *fitted(y))
    ours = frechet_distance(*fitted(x), *fitted(y))
    assert ours == pytest.approx(expected, rel=1e-9)
    tensors = [torch.from_numpy(part) for part in (*fitted(x), *fitted(y))]
    assert ours == pytest.approx(float(_compute_fid(*tensors)), rel=1e-9)
    assert frechet_distance_from_features(x, y).value == pytest.approx(expected, rel=1e-9)


def test_commuting_covariances_have_a_closed_form() -> None:
    a, b = torch.tensor([1.0, 4.0, 0.25]), torch.tensor([9.0, 4.0, 0.0])
    expected = 3.0 + float((a.sqrt() - b.sqrt()).square().sum())
    assert frechet_distance(torch.zeros(3), a.diag(), torch.ones(3), b.diag()) == pytest.approx(expected)


def test_fewer_rows_than_columns_agrees_with_the_covariance_route() -> None:
    x, y = features(40, 64, 0), features(30, 64, 1)
    few = frechet_distance_from_features(x, y)
    assert few.value == pytest.approx(frechet_distance(*fitted(x), *fitted(y)), rel=1e-6)
    assert few.flags == ("few samples", "singular covariance")


def test_few_samples_against_a_large_reference_are_flagged_and_finite() -> None:
    x, y = features(500, 64, 0), features(30, 64, 1)
    estimate = frechet_distance_from_features(x, y)
    assert estimate.value == pytest.approx(frechet_distance(*fitted(x), *fitted(y)), rel=1e-6)
    assert estimate.flags == ("few samples", "singular covariance")


def test_a_collapsed_sampler_gets_a_finite_flagged_value() -> None:
    x = features(500, 8, 0)
    estimate = frechet_distance_from_features(x, np.zeros((100, 8)))
    assert estimate.value == pytest.approx(float(np.square(x.mean(0)).sum() + np.cov(x.T).trace()))
    assert estimate.flags == ("singular covariance",)


def test_two_collapsed_sets_have_only_the_shift() -> None:
    assert frechet_distance_from_features(np.zeros((50, 3)), np.ones((60, 3))).value == 3


def test_a_constant_column_is_flagged_and_changes_nothing_else() -> None:
    x, y = features(500, 8, 0), features(400, 8, 1)
    plain = frechet_distance_from_features(x, y)
    x, y = np.c_[x, np.zeros(500)], np.c_[y, np.zeros(400)]
    padded = frechet_distance_from_features(x, y)
    assert padded.value == pytest.approx(plain.value, rel=1e-9)
    assert padded.low == pytest.approx(plain.low, rel=1e-6)
    assert (plain.flags, padded.flags) == ((), ("singular covariance",))


def test_half_precision_features_are_widened() -> None:
    x, y = features(300, 6, 0).astype(np.float16), features(300, 6, 1).astype(np.float16)
    expected = frechet_distance_from_features(x.astype(np.float64), y.astype(np.float64)).value
    assert frechet_distance_from_features(x, y).value == pytest.approx(expected, rel=1e-6)


def test_a_large_common_offset_does_not_cancel() -> None:
    x, y = features(500, 4, 0), features(500, 4, 1)
    moved = frechet_distance_from_features(x + 1e6, y + 1e6).value
    assert moved == pytest.approx(frechet_distance_from_features(x, y).value, rel=1e-6)


def test_moments_equal_numpy_over_several_chunks() -> None:
    x = features(9000, 5, 0)
    mean, covariance, n = moments(x)
    assert n == 9000
    np.testing.assert_allclose(mean, x.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(covariance, np.cov(x.T), rtol=1e-12)


def test_the_interval_holds_the_expected_estimate_as_often_as_it_says() -> None:
    x = features(5000, 5, 0)
    rng = np.random.default_rng(7)
    pool = features(200_000, 5, 1)
    estimates = [frechet_distance_from_features(x, pool[rng.choice(200_000, 500)]) for _ in range(200)]
    expected = np.mean([each.value for each in estimates])
    hits = sum(each.low <= expected <= each.high for each in estimates if each.low is not None and each.high)
    assert 0.9 <= hits / 200 <= 0.99


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros((1, 3)), np.zeros((5, 3)), "at least 2"),
        (np.zeros((5, 3)), np.zeros((5, 4)), "columns"),
        (np.full((5, 3), np.nan), np.zeros((5, 3)), "not finite"),
    ],
)
def test_unusable_features_are_explained(
    x: NDArray[np.float64], y: NDArray[np.float64], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        frechet_distance_from_features(x, y)


def test_unusable_moments_are_explained() -> None:
    with pytest.raises(InputError, match="give"):
        frechet_distance(np.zeros(3), np.eye(2), np.zeros(3), np.eye(3))
    with pytest.raises(InputError, match="one extractor"):
        frechet_distance(np.zeros(3), np.eye(3), np.zeros(2), np.eye(2))
    with pytest.raises(InputError, match="NaN"):
        frechet_distance(np.zeros(2), np.eye(2), np.zeros(2), np.full((2, 2), np.nan))


def test_digits_are_far_nearer_to_held_out_digits_than_noise_is() -> None:
    task = digits()
    metric = named("frechet_lenet@1k")
    assert metric.name == "frechet_lenet@1k"
    assert metric.real is not None
    noise = torch.rand(1000, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    real, bad = metric.real(task), metric.estimate(Subject(task, lambda n: noise[:n]))
    assert real.n == 360
    assert real.value < 0.05 * bad.value


def test_tasks_without_a_classifier_are_refused() -> None:
    task = ring8(samples=10)
    assert "classifier" in (named("frechet_lenet").refuses(Subject(task, lambda n: task.train[:n])) or "")


@pytest.mark.parametrize(("scale", "shift"), [(0.9, 0.0), (1.0, 0.1)])
def test_the_interval_of_fid_infinity_covers_at_its_level(scale: float, shift: float) -> None:
    """The truth is .16 in 16 dimensions; reference and samples are drawn anew each time."""
    truth, inside = 16 * ((1 - scale) ** 2 + shift**2), 0
    for seed in range(120):
        generator = torch.Generator().manual_seed(seed)
        reference = moments(torch.randn(20_000, 16, generator=generator))
        x = scale * torch.randn(2000, 16, generator=generator) + shift
        estimate = frechet_infinity_to(reference, x)
        assert estimate.low is not None
        assert estimate.high is not None
        inside += estimate.low <= truth <= estimate.high
    assert 108 <= inside <= 120  # .95 of 120 is 114, three standard errors are 7
