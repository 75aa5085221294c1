"""What scores are measured against: a trivial sampler and real data, by the same protocol."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from genbench.metrics.inputs import cached
from genbench.metrics.metric import Metric, Subject
from genbench.tasks.task import Task
from genbench.types import GenbenchError

_NORMAL = 1.959964
"""Half of a 95 % interval in standard errors."""
_JITTER = 1e-6
"""Added to each variance, in units of the mean one: pixels that never change have none."""


DRAWS = 5
"""Independent draws of the trivial sampler, whose scores say what noise a score has."""


def anchors(task: Task, metrics: Sequence[Metric]) -> dict[str, dict[str, float]]:
    """Scores of each metric for the two samplers between which a method is placed, and their noise.

    Returns:
        Metric → ``trivial``, the mean score of `DRAWS` draws of `fitted_gaussian`, and ``trivial_error``,
        their standard deviation, which is the standard error of the score of one such draw; ``real``, that
        of held-out real data against the training data, and ``real_error``, from its 95 % interval where the
        metric gives one. What a metric does not define, or what is not finite, is left out.
    """
    known = _memory(task)
    subjects = [Subject(task, functools.partial(fitted_gaussian, task, seed=seed)) for seed in range(DRAWS)]
    for metric in metrics:
        if metric.name not in known:
            known[metric.name] = _finite(_placed(metric, subjects))
    return {metric.name: known[metric.name] for metric in metrics}


def fitted_gaussian(task: Task, n: int, seed: int = 0) -> Tensor:
    """`n` samples of the Gaussian with the mean and covariance of the training data, the same ones each time.

    Images are cut to [0, 1]. It knows all linear structure and nothing else: a generator that does not beat
    it has learnt no more than a mean and a covariance. Shape (n, *task.shape).

    Args:
        seed: of the random numbers; another one gives independent samples.
    """
    mean, root = _fit(task)
    z = torch.randn(n, task.dim, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    samples = mean + z.to(mean.device) @ root.T
    samples = samples.clamp(0, 1) if task.kind == "images" else samples
    return samples.float().reshape(n, *task.shape)


@cached
def _memory(task: Task) -> dict[str, dict[str, float]]:
    """The anchors of a task that are known already, which all runs on it in one process share."""
    return {}


@cached
def _fit(task: Task) -> tuple[Tensor, Tensor]:
    """Mean (d,) and a root L of the covariance LLᵀ (d, d) of the training data, in double precision."""
    train = task.to_float(task.train).reshape(len(task.train), -1).double()
    centred = train - train.mean(dim=0)
    covariance = centred.T @ centred / len(train)
    covariance.diagonal().add_(_JITTER * covariance.diagonal().mean() + torch.finfo(torch.float64).tiny)
    return train.mean(dim=0), torch.linalg.cholesky(covariance)


def _placed(metric: Metric, subjects: Sequence[Subject]) -> dict[str, float]:
    found = {}
    if metric.real is not None:
        real = metric.real(subjects[0].task)
        found["real"] = real.value
        if real.low is not None and real.high is not None:
            found["real_error"] = (real.high - real.low) / (2 * _NORMAL)
    if metric.refuses(subjects[0]) is None:
        try:
            scores = torch.tensor([metric.estimate(subject).value for subject in subjects]).double()
        except GenbenchError:
            return found  # samples that a metric cannot score anchor nothing
        found |= {"trivial": scores.mean().item(), "trivial_error": scores.std().item()}
    return found


def _finite(values: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in values.items() if math.isfinite(value)}
