"""The spaces that samples are compared in: their own, or the features of a fixed network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from genbench.metrics import classifier
from genbench.metrics.frechet import Moments, moments
from genbench.metrics.inputs import cached, held_out, reference, samples
from genbench.metrics.metric import Subject
from genbench.tasks.task import Task

_CHUNK = 4096
"""Training images turned to floating point at once."""


@dataclass(frozen=True)
class Space:
    """A map from examples to features.

    Attributes:
        suffix: what it adds to a metric's name, such as ``_lenet``; empty for the data themselves.
        embed: examples of a task → features, shape (n, *task.shape) → (n, d).
        refuses: why a task has no features here, or None.
    """

    suffix: str
    title: str
    embed: Callable[[Task, Tensor], Tensor]
    refuses: Callable[[Task], str | None]


def _nothing(task: Task) -> str | None:
    return None


def _lenet(task: Task, x: Tensor) -> Tensor:
    return classifier.features(x, task.classifier or "")


def needs_classifier(task: Task) -> str | None:
    """Why the shipped classifiers cannot read the images of `task`, or None."""
    if task.classifier is None:
        return "no shipped classifier knows these data"
    return None if task.shape[0] == 1 else "the shipped classifiers read grey images"


RAW = Space("", "the data themselves", lambda task, x: x.flatten(1), _nothing)
LENET = Space("_lenet", "features of the task's shipped classifier", _lenet, needs_classifier)


@cached
def sample_features(subject: Subject, space: Space, n: int) -> Tensor:
    """Features (n, d) of the `n` samples of a protocol; kept for the next metric of the same subject."""
    return space.embed(subject.task, samples(subject, n))


@cached
def reference_features(task: Task, space: Space, n: int) -> Tensor:
    """Features of `n` training examples, shape (n, d)."""
    return space.embed(task, reference(task, n))


@cached
def held_out_features(task: Task, space: Space, n: int) -> Tensor:
    """Features of `n` held-out examples, shape (n, d)."""
    return space.embed(task, held_out(task, n))


@cached
def reference_moments(task: Task, space: Space) -> Moments:
    """Moments of the features of the whole training set."""
    parts = task.train.split(_CHUNK)
    return moments(torch.cat([space.embed(task, task.to_float(part)) for part in parts]))
