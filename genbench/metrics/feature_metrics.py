"""Names for the distances between sets of features: one metric for each distance and space."""

from __future__ import annotations

from pydantic import PositiveInt

from genbench.metrics.frechet import frechet_to
from genbench.metrics.metric import Metric, Subject, label
from genbench.metrics.spaces import LENET, Space, fresh_features, reference_moments, sample_features
from genbench.registry import metrics
from genbench.tasks.task import Task
from genbench.types import Estimate


@metrics.register("frechet_lenet", cite="heusel2017gans")
def frechet_lenet(n: PositiveInt = 10_000) -> Metric:
    """Fréchet distance of `n` samples to the training set in features of the shipped digit classifier.

    64 features before the last layer of the task's classifier. Never compare it with a distance in
    Inception features, nor across `n`: it is biased upwards by about a constant over n. Refuses tasks without
    a classifier.
    """
    return _frechet(LENET, n)


def _frechet(space: Space, n: int) -> Metric:
    def estimate(subject: Subject) -> Estimate:
        return frechet_to(reference_moments(subject.task, space), sample_features(subject, space, n))

    def floor(task: Task) -> Estimate:
        return frechet_to(reference_moments(task, space), fresh_features(task, space, n))

    def refuses(subject: Subject) -> str | None:
        return space.refuses(subject.task)

    return Metric(f"frechet{space.suffix}@{label(n)}", "lower", estimate, refuses, n, floor)
