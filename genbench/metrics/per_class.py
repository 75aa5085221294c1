"""Scores by class, the classes being those that the task's shipped classifier sees."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import PositiveInt
from torch import Tensor

from genbench.kernels.pairwise import decided_tiles, nearest_squared
from genbench.metrics import classifier
from genbench.metrics.inputs import Features, cached, feature_pair, ideal
from genbench.metrics.metric import Metric, Subject, label
from genbench.metrics.spaces import LENET, needs_classifier, reference_features, sample_features
from genbench.metrics.uncertainty import around, histogram_error, kl_divergence, proportion
from genbench.registry import metrics
from genbench.tasks.task import Task
from genbench.types import FEW_SAMPLES, Estimate, InputError

NEIGHBOURS = 3
"""The published k of precision and recall."""

FEW = 100
"""Below this many points of a class on either side its numbers are coarse."""


class ClassPrecisionRecall(NamedTuple):
    """Precision and recall within each class of the data, in the order of `classes`, shape (C,) each.

    Attributes:
        precision: share of the class's samples in a ball of the class's data; NaN where it has no sample.
        recall: share of the class's data in a ball of its samples; 0 where it has no more than k samples.
        real, fake: how many data and samples there are of the class.
    """

    classes: NDArray[np.int64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    real: NDArray[np.int64]
    fake: NDArray[np.int64]


def class_precision_recall(
    real: Features, fake: Features, real_classes: Tensor, fake_classes: Tensor, k: int = NEIGHBOURS
) -> ClassPrecisionRecall:
    """Improved precision and recall (Kynkäänniemi et al. 2019, arXiv:1904.06991) within each class.

    Over all classes at once a lost class costs recall its share only, and samples of one class may lie in a
    ball of another; here each class is compared with itself. Classes that the data do not have are left out.

    Args:
        real, fake: features, shapes (n, d) and (m, d).
        real_classes, fake_classes: their classes as integers, shapes (n,) and (m,).

    Raises:
        InputError: a class of the data has no more than `k` rows, widths or lengths differ, or values are not
            finite.
    """
    real, fake = feature_pair(real, fake, least=k + 1)
    if (len(real), len(fake)) != (len(real_classes), len(fake_classes)):
        raise InputError(f"{len(real_classes)} and {len(fake_classes)} classes given, give one a row")
    classes = real_classes.unique().tolist()
    pairs = [(real[real_classes == one], fake[fake_classes == one]) for one in classes]
    if min(len(ours) for ours, _ in pairs) <= k:
        raise InputError(f"a class has no more than {k} examples; give more, or leave it out")
    scores = np.array([_precision_recall(ours, theirs, k) for ours, theirs in pairs])
    sizes = np.array([(len(ours), len(theirs)) for ours, theirs in pairs])
    return ClassPrecisionRecall(np.array(classes), *scores.T, *sizes.T)


def _precision_recall(real: Tensor, fake: Tensor, k: int) -> tuple[float, float]:
    if not len(fake):
        return math.nan, 0.0
    precision = _share_within(fake, real, k)
    return precision, _share_within(real, fake, k) if len(fake) > k else 0.0


def _share_within(x: Tensor, centers: Tensor, k: int) -> float:
    """Share of `x` (n, d) in a ball around one of `centers` (m, d) that reaches to its k-th neighbour."""
    radii = nearest_squared(centers, centers, k + 1)[:, k]
    held = torch.zeros(len(x), dtype=torch.bool, device=x.device)
    for rows, columns, squared in decided_tiles(x, centers, (), (radii,)):
        held[rows] |= (squared <= radii[columns]).any(dim=1)
    return float(held.double().mean())


@metrics.register("class_precision_lenet", cite="kynkaanniemi2019precision")
def class_precision_lenet(n: PositiveInt = 10_000) -> Metric:
    """Precision within each class (k = 3), the mean over classes, of `n` samples in classifier features.

    The task's shipped classifier says the class of samples and of as many training examples. Classes without
    a sample are left out: read it beside `class_recall_lenet`. See `class_precision_recall` for each class.
    """
    return _by_class("class_precision_lenet", n, "precision", worst=False)


@metrics.register("class_recall_lenet", cite="kynkaanniemi2019precision")
def class_recall_lenet(n: PositiveInt = 10_000) -> Metric:
    """Recall within each class (k = 3), the mean over classes, of `n` samples in the classifier's features.

    A class without samples counts 0. As `class_precision_lenet` otherwise.
    """
    return _by_class("class_recall_lenet", n, "recall", worst=False)


@metrics.register("worst_class_precision_lenet", cite="kynkaanniemi2019precision")
def worst_class_precision_lenet(n: PositiveInt = 10_000) -> Metric:
    """The least precision of a class, among those that have a sample; see `class_precision_lenet`.

    The least of ten noisy shares: below that of real data by chance too.
    """
    return _by_class("worst_class_precision_lenet", n, "precision", worst=True)


@metrics.register("worst_class_recall_lenet", cite="kynkaanniemi2019precision")
def worst_class_recall_lenet(n: PositiveInt = 10_000) -> Metric:
    """The least recall of a class, 0 as soon as one class is lost; see `class_recall_lenet`.

    The least of ten noisy shares: below that of real data by chance too.
    """
    return _by_class("worst_class_recall_lenet", n, "recall", worst=True)


@metrics.register("class_kl_lenet")
def class_kl_lenet(n: PositiveInt = 10_000) -> Metric:
    """KL(p̂ ‖ q) in nats of the classes that the shipped classifier sees in `n` samples against the data's.

    q are the shares of the training labels, half an example added to each class. Real data score about
    (classes − 1) / 2n. It is blind to quality and to variety within a class: read it beside a distance.
    """

    def estimate(subject: Subject) -> Estimate:
        return _class_kl(_histogram(subject, n), _label_shares(subject.task))

    def refuses(subject: Subject) -> str | None:
        without = subject.task.train_labels is None
        return "the training data have no labels" if without else needs_classifier(subject.task)

    def real(task: Task) -> Estimate:
        return estimate(ideal(task))

    return Metric(f"class_kl_lenet@{label(n)}", "lower", estimate, refuses, n, real, "log")


def _class_kl(counts: NDArray[np.int64], target: NDArray[np.float64]) -> Estimate:
    error = histogram_error(counts, lambda resampled: kl_divergence(resampled, target))
    return around(kl_divergence(counts, target), error, int(counts.sum()), least=0)


def _histogram(subject: Subject, n: int) -> NDArray[np.int64]:
    features = sample_features(subject, LENET, n)
    classes = classifier.classes(features, subject.task.classifier or "")
    return torch.bincount(classes, minlength=classifier.CLASSES).cpu().numpy()


def _label_shares(task: Task) -> NDArray[np.float64]:
    assert task.train_labels is not None, "ask `refuses` before `estimate`"
    counts = torch.bincount(task.train_labels, minlength=classifier.CLASSES).double() + 0.5
    shares: NDArray[np.float64] = (counts / counts.sum()).cpu().numpy()
    return shares


def _by_class(name: str, n: int, of: Literal["precision", "recall"], worst: bool) -> Metric:
    def estimate(subject: Subject) -> Estimate:
        found = _within_classes(subject, n)
        values, sizes = getattr(found, of), found.fake if of == "precision" else found.real
        few = bool(min(found.real.min(), found.fake.min()) < FEW)
        return _summary(values, sizes, n, worst, (FEW_SAMPLES,) * few)

    def refuses(subject: Subject) -> str | None:
        return needs_classifier(subject.task)

    return Metric(f"{name}@{label(n)}", "higher", estimate, refuses, n, lambda task: estimate(ideal(task)))


def _summary(
    values: NDArray[np.float64], sizes: NDArray[np.int64], n: int, worst: bool, flags: tuple[str, ...]
) -> Estimate:
    """The least share with Wilson's interval, or the mean of all with a normal one of independent trials."""
    seen = ~np.isnan(values)
    values, sizes = values[seen], sizes[seen]
    if worst:
        least = int(values.argmin())
        share = proportion(round(values[least] * sizes[least]), int(sizes[least]), flags)
        return replace(share, n=n)
    smoothed = (values * sizes + 1) / (sizes + 2)
    error = math.sqrt(float((smoothed * (1 - smoothed) / sizes).sum())) / len(values)
    return around(float(values.mean()), error, n, least=0, most=1, flags=flags)


@cached
def _within_classes(subject: Subject, n: int) -> ClassPrecisionRecall:
    name = subject.task.classifier or ""
    real, fake = reference_features(subject.task, LENET, n), sample_features(subject, LENET, n)
    return class_precision_recall(real, fake, classifier.classes(real, name), classifier.classes(fake, name))
