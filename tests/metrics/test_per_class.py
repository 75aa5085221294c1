"""Scores by class, on sets whose classes and balls are known, and on digits of which some are missing."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from genbench.metrics import Subject, class_precision_recall, named, prdc
from genbench.metrics.uncertainty import kl_divergence
from genbench.tasks import digits, ring8
from genbench.types import InputError

TASK = digits()


def test_each_class_is_compared_with_itself() -> None:
    generator = torch.Generator().manual_seed(0)
    real, fake = (torch.randn(120, 3, generator=generator) for _ in range(2))
    ours, theirs = torch.arange(120) % 2, torch.arange(120) % 3
    found = class_precision_recall(real, fake, ours, theirs)
    for row, one in enumerate(found.classes):
        expected = prdc(real[ours == one], fake[theirs == one], k=3)
        assert found.precision[row] == expected.precision.value
        assert found.recall[row] == expected.recall.value
    assert found.classes.tolist() == [0, 1]
    assert found.fake.tolist() == [40, 40]


def test_a_class_without_samples_has_no_recall_and_unknown_precision() -> None:
    real, classes = torch.arange(40.0)[:, None], torch.arange(40) // 20
    found = class_precision_recall(real, real[:20], classes, classes[:20])
    assert found.recall.tolist() == [1, 0]
    assert found.precision[0] == 1
    assert math.isnan(found.precision[1])
    with pytest.raises(InputError, match="class has no more than 3"):
        class_precision_recall(real, real, torch.arange(40) // 39, classes)
    with pytest.raises(InputError, match="one a row"):
        class_precision_recall(real, real, classes[:5], classes)


def test_a_lost_digit_is_seen_by_the_worst_class_and_the_histogram() -> None:
    assert TASK.train_labels is not None
    without = TASK.train[TASK.train_labels != 4]
    lost = Subject(TASK, lambda n: without[:n])
    scores = {
        name: named(f"{name}@1k").estimate(lost).value
        for name in (
            "class_recall_lenet",
            "class_precision_lenet",
            "worst_class_recall_lenet",
            "class_kl_lenet",
        )
    }
    assert scores["worst_class_recall_lenet"] < 0.1
    assert 0.8 < scores["class_recall_lenet"] < 0.92
    assert scores["class_precision_lenet"] > 0.95
    assert scores["class_kl_lenet"] == pytest.approx(math.log(10 / 9), abs=0.03)


def test_the_histogram_of_a_single_class() -> None:
    assert TASK.train_labels is not None
    zeros = TASK.train[TASK.train_labels == 0].repeat(10, 1, 1, 1)
    share = (int((TASK.train_labels == 0).sum()) + 0.5) / (len(TASK.train) + 5)
    estimate = named("class_kl_lenet@1k").estimate(Subject(TASK, lambda n: zeros[:n]))
    assert estimate.value == pytest.approx(-math.log(share), abs=0.02)
    assert kl_divergence(np.array([0, 4]), np.array([0.75, 0.25])) == pytest.approx(math.log(4))


def test_real_digits_score_high_and_points_are_refused() -> None:
    for name, least in (("class_recall_lenet", 0.85), ("worst_class_precision_lenet", 0.7)):
        metric = named(f"{name}@1k")
        assert metric.real is not None
        estimate = metric.real(TASK)
        assert least < (estimate.low or 0) + 0.05 < estimate.value + 0.05
    points = ring8(samples=100)
    assert named("class_kl_lenet").refuses(Subject(points, lambda n: points.train[:n]))
    assert named("class_recall_lenet").refuses(Subject(points, lambda n: points.train[:n]))
