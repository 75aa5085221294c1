"""Scores by classes against torch-fidelity, torchmetrics and counted examples."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch_fidelity.metric_isc import isc_features_to_metric

from genbench.metrics import Subject, inception_score, named
from genbench.metrics.classifier import shipped
from genbench.tasks import Task, digits, ring8
from genbench.types import InputError


def probabilities(n: int = 1000, classes: int = 7) -> torch.Tensor:
    logits = 3 * torch.randn(n, classes, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return logits.softmax(dim=1)


@pytest.mark.parametrize(("n", "splits"), [(1000, 10), (1003, 10), (50, 1)])
def test_inception_score_equals_torch_fidelity(n: int, splits: int) -> None:
    p = probabilities(n)
    peer = isc_features_to_metric(p.log(), splits, shuffle=False)
    ours = inception_score(p, splits)
    assert ours.value == pytest.approx(peer["inception_score_mean"], rel=1e-10)
    if splits > 1:
        assert ours.high is not None
        spread = (ours.high - ours.value) / 1.959964 * math.sqrt(splits - 1)
        assert spread == pytest.approx(peer["inception_score_std"], rel=1e-5)


def test_inception_score_of_certain_classes_is_their_number() -> None:
    assert inception_score(torch.eye(4).repeat(100, 1), splits=1).value == pytest.approx(4)
    assert inception_score(torch.eye(4)[:1].repeat(100, 1), splits=1).value == pytest.approx(1)


@pytest.mark.parametrize(
    "broken", [np.ones((20, 4)), np.full((20, 4), np.nan), np.ones((3, 1)), np.array([[2.0, -1.0]] * 20)]
)
def test_what_is_no_probability_is_refused(broken: NDArray[np.float64]) -> None:
    with pytest.raises(InputError):
        inception_score(broken)


def test_inception_score_tells_digits_from_noise() -> None:
    task, metric = digits(), named("inception_score_lenet@1k")
    noise = torch.rand(1000, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    assert metric.estimate(Subject(task, lambda n: task.train[:n])).value > 7
    assert metric.estimate(Subject(task, lambda n: noise[:n])).value < 3
    assert metric.real is not None
    assert metric.real(task).flags == ("few samples",)


def test_accuracy_transfers_from_real_digits_and_not_from_one_class() -> None:
    task, metric = digits(), named("classification_accuracy@1k")
    assert metric.real is not None
    assert metric.real(task).value > 0.9
    assert task.train_labels is not None
    zeros = task.train[task.train_labels == 0]
    estimate = metric.estimate(Subject(task, lambda n: zeros[:n]))
    assert estimate.value == pytest.approx(0.1, abs=0.02)
    assert estimate.flags == ("one class",)


@pytest.fixture(scope="module")
def stacked() -> Task:
    images = torch.rand(300, 3, 28, 28, generator=torch.Generator().manual_seed(0))
    return Task("stacked", "images", images, images, (), classifier="mnist")


def test_stacked_counts_are_those_of_the_channels(stacked: Task) -> None:
    subject = Subject(stacked, lambda n: stacked.train[:n])
    guess = [shipped("mnist")(stacked.train[:, i : i + 1]).argmax(dim=1) for i in range(3)]
    seen = {tuple(triple) for triple in torch.stack(guess, dim=1).tolist()}
    assert named("stacked_modes@300").estimate(subject).value == len(seen)


def test_stacked_kl_of_one_mode_is_log_1000(stacked: Task) -> None:
    subject = Subject(stacked, lambda n: stacked.train[:1].expand(n, -1, -1, -1))
    assert named("stacked_kl@100").estimate(subject).value == pytest.approx(math.log(1000))
    assert named("stacked_modes@100").estimate(subject).value == 1


@pytest.mark.parametrize(
    "name", ["inception_score_lenet", "classification_accuracy", "stacked_modes", "stacked_kl"]
)
def test_points_are_refused(name: str) -> None:
    task = ring8(samples=10)
    assert named(name).refuses(Subject(task, lambda n: task.train[:n]))
