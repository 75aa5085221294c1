"""Names for the distances between sets of features: one metric for each distance and space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from pydantic import PositiveInt
from torch import Tensor

from genbench.metrics.feature_file import file_space
from genbench.metrics.frechet import frechet_infinity_to, frechet_to
from genbench.metrics.inception import inception_space
from genbench.metrics.inputs import cached, ideal
from genbench.metrics.kernel_distance import energy_distance, kid, mmd
from genbench.metrics.metric import Metric, Subject, label
from genbench.metrics.neighbours import Prdc, copying, precision_recall_density_coverage, two_sample
from genbench.metrics.spaces import (
    LENET,
    RAW,
    Space,
    held_out_features,
    reference_features,
    reference_moments,
    sample_features,
)
from genbench.registry import metrics
from genbench.tasks.task import Task
from genbench.types import Estimate

Better = Literal["higher", "lower"]
Score = Callable[[Subject, Space, int], Estimate]
"""A subject, a space and the protocol's n → an estimate."""


@metrics.register("frechet", cite="heusel2017fid")
def frechet(n: PositiveInt = 10_000) -> Metric:
    """Fréchet distance of `n` samples to the training set in the data themselves.

    The squared 2-Wasserstein distance of Gaussians with their means and covariances. It sees nothing beyond
    two moments: a single broad Gaussian over a ring of modes scores perfectly.
    """
    return _metric("frechet", RAW, n, "lower", _frechet)


@metrics.register("frechet_lenet", cite="heusel2017fid")
def frechet_lenet(n: PositiveInt = 10_000) -> Metric:
    """Fréchet distance of `n` samples to the training set in features of the shipped digit classifier.

    64 features before the last layer of the task's classifier. Never compare it with a distance in
    Inception features, nor across `n`: it is biased upwards by about a constant over n. Refuses tasks without
    a classifier.
    """
    return _metric("frechet", LENET, n, "lower", _frechet)


@metrics.register("frechet_inception", cite="heusel2017fid")
def frechet_inception(n: PositiveInt = 50_000, path: Path | None = None) -> Metric:
    """Fréchet inception distance (FID) of `n` samples to the training set, with pytorch-fid's network.

    2,048 features of the published weights, found in `path` or in pytorch-fid's own cache; without them it is
    not available, and nothing takes their place. Samples are rounded to 8 bits, as in image files; grey ones
    fill three channels.
    """
    return _metric("frechet", inception_space(path), n, "lower", _frechet)


@metrics.register("frechet_file", cite="heusel2017fid")
def frechet_file(path: Path, n: PositiveInt = 10_000) -> Metric:
    """Fréchet distance of `n` samples to the training set in features of your own network.

    `path` is a TorchScript file or a torch.export program (.pt2) that maps examples (n, …) to features
    (n, d); write ``frechet_file:PATH@10k``. Only open files that you trust.
    """
    return _metric("frechet", file_space(path), n, "lower", _frechet)


@metrics.register("frechet_infinity_lenet", cite="chong2020effectively")
def frechet_infinity_lenet(n: PositiveInt = 10_000) -> Metric:
    """`frechet_lenet` extrapolated to infinitely many samples from subsets of `n` (FID∞).

    Chong & Forsyth 2020 (arXiv:1911.07023). Unbiased in n but noisier, and it may be below zero.
    """
    return _metric("frechet_infinity", LENET, n, "lower", _frechet_infinity)


@metrics.register("frechet_infinity_inception", cite="chong2020effectively")
def frechet_infinity_inception(n: PositiveInt = 50_000, path: Path | None = None) -> Metric:
    """`frechet_inception` extrapolated to infinitely many samples from subsets of `n` (FID∞).

    Chong & Forsyth 2020 (arXiv:1911.07023). Unbiased in n but noisier, and it may be below zero.
    """
    return _metric("frechet_infinity", inception_space(path), n, "lower", _frechet_infinity)


def _frechet(subject: Subject, space: Space, n: int) -> Estimate:
    return frechet_to(reference_moments(subject.task, space), sample_features(subject, space, n))


def _frechet_infinity(subject: Subject, space: Space, n: int) -> Estimate:
    return frechet_infinity_to(reference_moments(subject.task, space), sample_features(subject, space, n))


def _distance(between: Callable[[Tensor, Tensor], Estimate]) -> Score:
    def score(subject: Subject, space: Space, n: int) -> Estimate:
        return between(reference_features(subject.task, space, n), sample_features(subject, space, n))

    return score


def _copying(subject: Subject, space: Space, n: int) -> Estimate:
    train = reference_features(subject.task, space, len(subject.task.train))
    return copying(train, held_out_features(subject.task, space, n), sample_features(subject, space, n))


@cached
def _neighbours(subject: Subject, space: Space, n: int) -> Prdc:
    real = reference_features(subject.task, space, n)
    return precision_recall_density_coverage(real, sample_features(subject, space, n))


def _one_of_four(name: str) -> Score:
    return lambda subject, space, n: getattr(_neighbours(subject, space, n), name)


def _metric(name: str, space: Space, n: int, better: Better, score: Score) -> Metric:
    def estimate(subject: Subject) -> Estimate:
        return score(subject, space, n)

    def real(task: Task) -> Estimate:
        return score(ideal(task), space, n)

    def refuses(subject: Subject) -> str | None:
        return space.refuses(subject.task)

    return Metric(f"{name}{space.suffix}@{label(n)}", better, estimate, refuses, n, real)


def _offer(name: str, title: str, better: Better, score: Score, spaces: Sequence[Space], cite: str) -> None:
    """Register one metric for each space."""
    for space in spaces:
        factory = _factory(name, better, score, space)
        factory.__doc__ = f"{title}, for `n` samples in {space.title}."
        metrics.register(name + space.suffix, cite=cite)(factory)


def _factory(name: str, better: Better, score: Score, space: Space) -> Callable[[int], Metric]:
    def factory(n: PositiveInt = 10_000) -> Metric:
        return _metric(name, space, n, better, score)

    return factory


_INCEPTION = inception_space(None)
_ALL = (RAW, LENET, _INCEPTION)

_offer("kid", "Kernel inception distance", "lower", _distance(kid), (LENET, _INCEPTION), "binkowski2018kid")
for _name, _title, _cite in (
    ("precision", "Share of samples among the data (k = 3)", "kynkaanniemi2019precision"),
    ("recall", "Share of data among the samples (k = 3)", "kynkaanniemi2019precision"),
    ("density", "Balls of data that hold a sample, over k = 5", "naeem2020prdc"),
    ("coverage", "Share of balls of data that hold a sample (k = 5)", "naeem2020prdc"),
):
    _offer(_name, _title, "higher", _one_of_four(_name), _ALL, _cite)
_offer("mmd", "Squared MMD of a Gaussian kernel", "lower", _distance(mmd), (RAW, LENET), "gretton2012mmd")
_offer("energy", "Squared energy distance", "lower", _distance(energy_distance), (RAW,), "szekely2013energy")
_offer(
    "two_sample",
    "Accuracy of the 1-nearest-neighbour test, ideal .5",
    "lower",
    _distance(two_sample),
    _ALL,
    "lopezpaz2017c2st",
)
_offer(
    "copying",
    "Probability of lying nearer to the training set than fresh data do, ideal .5",
    "lower",
    _copying,
    (RAW, LENET),
    "meehan2020nonparametric",
)
