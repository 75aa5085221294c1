"""Scores by the classes that a fixed classifier sees in samples."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import PositiveInt
from torch import Tensor

from genbench.metrics import classifier
from genbench.metrics.inception import inception_probabilities, inception_space
from genbench.metrics.inputs import Features, as_features, cached, ideal, reference, samples
from genbench.metrics.metric import Metric, Subject, label
from genbench.metrics.spaces import needs_classifier
from genbench.metrics.uncertainty import around, histogram_error, kl_divergence, proportion
from genbench.registry import metrics
from genbench.tasks.task import Task
from genbench.types import FEW_SAMPLES, ONE_CLASS, Estimate, InputError, Scale

STACKED_MODES = 1000

Score = Callable[[NDArray[np.int64]], Estimate]


def inception_score(probabilities: Features, splits: int = 10) -> Estimate:
    """Inception Score exp E KL(p(y|x) ‖ p(y)), the mean over consecutive splits (Salimans et al. 2016).

    The interval is the normal one of the splits' standard deviation over √splits. Higher is better, at most
    the number of classes; it sees neither lost variety within a class nor copies of the training set.

    Args:
        probabilities: of each class for each sample, shape (n, classes), rows summing to one.

    Raises:
        InputError: fewer samples than splits, or rows that are no probabilities.
    """
    p = as_features(probabilities, "class probabilities", least=max(splits, 1)).double()
    if splits < 1 or (p < 0).any() or not torch.allclose(p.sum(dim=1), p.new_ones(()), atol=1e-3):
        raise InputError("an Inception Score needs at least one split, and rows that are probabilities")
    edges = [i * len(p) // splits for i in range(splits + 1)]
    scores = torch.stack([_score(p[a:b]) for a, b in itertools.pairwise(edges)])
    flags = (FEW_SAMPLES,) * (len(p) < 100 * splits)
    if splits == 1:
        return Estimate(float(scores[0]), len(p), flags=flags)
    return around(float(scores.mean()), float(scores.std()) / math.sqrt(splits), len(p), least=1, flags=flags)


def _score(p: Tensor) -> Tensor:
    kl = torch.special.xlogy(p, p) - torch.special.xlogy(p, p.mean(dim=0))
    return kl.sum(dim=1).mean().exp()


@metrics.register("inception_score_lenet", cite="salimans2016improved")
def inception_score_lenet(n: PositiveInt = 10_000) -> Metric:
    """Inception Score with the task's shipped classifier in place of Inception, ten splits.

    At most 10. Never compare it with scores by the Inception network.
    """

    def estimate(subject: Subject) -> Estimate:
        return inception_score(_probabilities(subject, n))

    return _classifier_metric(f"inception_score_lenet@{label(n)}", n, estimate)


@metrics.register("inception_score", cite="salimans2016improved")
def inception_score_metric(n: PositiveInt = 50_000, path: Path | None = None) -> Metric:
    """Inception Score with the published Inception network, ten splits.

    The weights are found in `path` or in pytorch-fid's cache; without them it is not available.
    """

    def estimate(subject: Subject) -> Estimate:
        return inception_score(inception_probabilities(samples(subject, n), path))

    def refuses(subject: Subject) -> str | None:
        return inception_space(path).refuses(subject.task)

    name = f"inception_score@{label(n)}"
    return Metric(name, "higher", estimate, refuses, n, lambda task: estimate(ideal(task)))


@metrics.register("classification_accuracy", cite="ravuri2019cas")
def classification_accuracy(n: PositiveInt = 10_000) -> Metric:
    """Accuracy on held-out data of a logistic regression that learned from samples alone.

    Ravuri & Vinyals 2019 (arXiv:1905.10887) train on conditional samples; here samples have no labels, so the
    task's shipped classifier gives them. A class never generated is never named. Read it against what
    real data score, where it learns from as many real examples, labelled in the same way.
    """

    def estimate(subject: Subject) -> Estimate:
        return _transferred(subject.task, samples(subject, n), _probabilities(subject, n).argmax(dim=1))

    def real(task: Task) -> Estimate:
        return estimate(Subject(task, lambda m: reference(task, m)))

    def refuses(subject: Subject) -> str | None:
        without = subject.task.held_out_labels is None
        return "the held-out data have no labels" if without else needs_classifier(subject.task)

    return Metric(f"classification_accuracy@{label(n)}", "higher", estimate, refuses, n, real)


@metrics.register("stacked_modes", cite="lin2018pacgan")
def stacked_modes(n: PositiveInt = 26_000) -> Metric:
    """Modes of stacked MNIST, of 1,000, that at least one of `n` samples is classified as.

    PacGAN's protocol: the mode is the triple of the channels' most probable digits. The shipped classifier is
    not the published one, which moves counts by a few.
    """
    return _stacked(f"stacked_modes@{label(n)}", "higher", n, _seen)


@metrics.register("stacked_kl", cite="lin2018pacgan")
def stacked_kl(n: PositiveInt = 26_000) -> Metric:
    """KL(p̂ ‖ uniform) in nats of the 1,000 modes of stacked MNIST; a perfect sampler gets .0194 at 26k."""
    return _stacked(f"stacked_kl@{label(n)}", "lower", n, _uniform_kl, "log")


def _stacked(
    name: str, better: Literal["higher", "lower"], n: int, score: Score, scale: Scale = "identity"
) -> Metric:
    def estimate(subject: Subject) -> Estimate:
        return score(_triples(subject, n))

    return Metric(name, better, estimate, _not_stacked, n, lambda task: estimate(ideal(task)), scale)


def _seen(counts: NDArray[np.int64]) -> Estimate:
    error = histogram_error(counts, np.count_nonzero)
    n = int(counts.sum())
    return around(float(np.count_nonzero(counts)), error, n, least=0, most=STACKED_MODES)


def _uniform_kl(counts: NDArray[np.int64]) -> Estimate:
    def divergence(histogram: NDArray[np.int64]) -> float:
        return kl_divergence(histogram, uniform)

    uniform = np.full(STACKED_MODES, 1 / STACKED_MODES)
    return around(divergence(counts), histogram_error(counts, divergence), int(counts.sum()), least=0)


@cached
def _triples(subject: Subject, n: int) -> NDArray[np.int64]:
    """Histogram of 100a + 10b + c over the digits a, b, c of the channels."""
    channels = samples(subject, n).split(1, dim=1)
    digits = [classifier.probabilities(each, "mnist").argmax(dim=1) for each in channels]
    codes = digits[0] * 100 + digits[1] * 10 + digits[2]
    return torch.bincount(codes, minlength=STACKED_MODES).cpu().numpy()


def _not_stacked(subject: Subject) -> str | None:
    task = subject.task
    stacked = task.classifier == "mnist" and task.shape[0] == 3
    return None if stacked else "the task is not stacked MNIST"


def _classifier_metric(name: str, n: int, estimate: Callable[[Subject], Estimate]) -> Metric:
    def refuses(subject: Subject) -> str | None:
        return needs_classifier(subject.task)

    return Metric(name, "higher", estimate, refuses, n, lambda task: estimate(ideal(task)))


@cached
def _probabilities(subject: Subject, n: int) -> Tensor:
    return classifier.probabilities(samples(subject, n), subject.task.classifier or "")


def _transferred(task: Task, x: Tensor, labels: Tensor) -> Estimate:
    from sklearn.linear_model import LogisticRegression

    assert task.held_out_labels is not None
    held_out = task.to_float(task.held_out).flatten(1).cpu().numpy()
    truth = task.held_out_labels.cpu().numpy()
    known = labels.unique()
    if len(known) == 1:
        return proportion(int((truth == int(known)).sum()), len(truth), flags=(ONE_CLASS,))
    model = LogisticRegression(max_iter=200, tol=1e-3).fit(x.flatten(1).cpu().numpy(), labels.cpu().numpy())
    return proportion(int((model.predict(held_out) == truth).sum()), len(truth))
