"""What scores are measured against: a trivial sampler and real data, by the same protocol."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from genbench.metrics.metric import Metric, Subject
from genbench.tasks.task import Task
from genbench.types import GenbenchError

_JITTER = 1e-6
"""Added to each variance, in units of the mean one: pixels that never change have none."""


def anchors(task: Task, metrics: Sequence[Metric]) -> dict[str, dict[str, float]]:
    """Scores of each metric for the two samplers between which a method is placed.

    Returns:
        Metric → ``trivial``, the score of `fitted_gaussian`, and ``real``, that of held-out real data
        against the training data. What a metric does not define, or what is not finite, is left out.
    """
    subject = Subject(task, lambda n: fitted_gaussian(task, n))
    return {metric.name: _finite(_pair(metric, subject)) for metric in metrics}


def fitted_gaussian(task: Task, n: int) -> Tensor:
    """`n` samples of the Gaussian with the mean and covariance of the training data, the same ones each time.

    Images are cut to [0, 1]. It knows all linear structure and nothing else: a generator that does not beat
    it has learnt no more than a mean and a covariance. Shape (n, *task.shape).
    """
    train = task.to_float(task.train).reshape(len(task.train), -1).double()
    centred = train - train.mean(dim=0)
    covariance = centred.T @ centred / len(train)
    covariance.diagonal().add_(_JITTER * covariance.diagonal().mean() + torch.finfo(torch.float64).tiny)
    z = torch.randn(n, task.dim, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    samples = train.mean(dim=0) + z.to(train.device) @ torch.linalg.cholesky(covariance).T
    samples = samples.clamp(0, 1) if task.kind == "images" else samples
    return samples.float().reshape(n, *task.shape)


def _pair(metric: Metric, subject: Subject) -> dict[str, float]:
    found = {}
    if metric.real is not None:
        found["real"] = metric.real(subject.task).value
    if metric.refuses(subject) is None:
        try:
            found["trivial"] = metric.estimate(subject).value
        except GenbenchError:
            return found  # samples that a metric cannot score anchor nothing
    return found


def _finite(values: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in values.items() if math.isfinite(value)}
