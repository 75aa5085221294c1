from functools import partial

import numpy as np
import pytest
import torch

from genbench.metrics.anchors import anchors, fitted_gaussian
from genbench.metrics.metric import Subject, named
from genbench.registry import tasks
from genbench.report.anchors import Anchors


def test_the_trivial_sampler_has_the_mean_and_covariance_of_the_data() -> None:
    task = tasks["gaussian"].create(samples=20_000)
    samples = fitted_gaussian(task, 20_000)
    assert samples.mean(dim=0).numpy() == pytest.approx(task.train.mean(dim=0).numpy(), abs=0.03)
    assert samples.T.cov().numpy() == pytest.approx(task.train.T.cov().numpy(), rel=0.05)
    assert torch.equal(samples, fitted_gaussian(task, 20_000))


def test_images_stay_in_range_though_some_pixels_never_change() -> None:
    task = tasks["digits"].create()
    samples = fitted_gaussian(task, 200)
    assert samples.shape == (200, *task.shape)
    assert 0 <= samples.min() < samples.max() <= 1


def test_real_data_and_the_trivial_sampler_enclose_a_method() -> None:
    task = tasks["ring8"].create(samples=5000)
    metrics = [named("modes@2500"), named("sliced_wasserstein@1k")]
    found = anchors(task, metrics)
    assert found["modes@2500"]["real"] == 8
    assert found["modes@2500"]["trivial"] < 8
    distance = found["sliced_wasserstein@1k"]
    assert distance["real"] < distance["trivial"] / 2


def test_what_bare_samples_cannot_be_scored_by_has_no_trivial_score() -> None:
    (found,) = anchors(tasks["ring8"].create(samples=500), [named("log_likelihood_exact")]).values()
    assert "trivial" not in found


def test_the_noise_of_the_trivial_sampler_is_measured_by_independent_draws() -> None:
    task, metric = tasks["gaussian"].create(samples=5000), named("sliced_wasserstein@500")
    found = anchors(task, [metric])[metric.name]
    draws = [metric.estimate(Subject(task, partial(fitted_gaussian, task, seed=s))).value for s in range(5)]
    assert found["trivial"] == pytest.approx(np.mean(draws))
    assert found["trivial_error"] == pytest.approx(np.std(draws, ddof=1))
    assert metric.real is not None
    real = metric.real(task)
    assert real.low is not None
    assert real.high is not None
    assert found["real_error"] == pytest.approx((real.high - real.low) / 3.919928)
    assert not torch.equal(fitted_gaussian(task, 9, seed=1), fitted_gaussian(task, 9))


@pytest.mark.parametrize(("name", "apart"), [("gaussian", False), ("swissroll", True), ("grid25", True)])
def test_where_the_trivial_sampler_is_the_truth_nothing_lies_between(name: str, apart: bool) -> None:
    metric = named("sliced_wasserstein@1k")
    found = anchors(tasks[name].create(samples=5000), [metric])[metric.name]
    assert Anchors(**found, scale=metric.scale).tell_apart(metric.better) is apart
