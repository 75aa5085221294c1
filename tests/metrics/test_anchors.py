import pytest
import torch

from genbench.metrics.anchors import anchors, fitted_gaussian
from genbench.metrics.metric import named
from genbench.registry import tasks


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
