"""Score samples that somebody else's model made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from genbench.metrics.metric import Metric, Subject, named
from genbench.tasks.task import Task
from genbench.types import Estimate, GenbenchError, InputError, fewer


def score(samples: Tensor, task: Task, names: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Score samples on a task.

    Args:
        samples: shape (n, *task.shape), images in [0, 1], as `read_samples` gives them.
        names: metrics with their protocols; those of the task by default.

    Returns:
        A row for each metric: ``metric, value, ci_low, ci_high, real, n, flags``. The value of a metric that
        cannot score these samples is None, and its flag says why. Where there are fewer samples than the
        protocol asks for, a flag says so: such a value compares with no other (`types.compares`).

    Raises:
        InputError: no metric has one of the names.
    """
    subject = Subject(task, lambda n: samples[:n])
    return [_row(metric, subject, len(samples)) for metric in map(named, names or task.metrics)]


def with_reference(task: Task, reference: Tensor) -> Task:
    """The task with other training examples to compare with, shape (n, *task.shape), and no truth or labels.

    Its held-out split is every fifth of them, so that the score of real data keeps its meaning.

    Raises:
        InputError: fewer than ten examples.
    """
    if len(reference) < 10:
        raise InputError(f"{len(reference)} reference examples given, give at least 10")
    held_out = torch.arange(len(reference)) % 5 == 0
    return replace(
        task,
        train=reference[~held_out].to(task.device),
        held_out=reference[held_out].to(task.device),
        truth=None,
        train_labels=None,
        held_out_labels=None,
    )


def _row(metric: Metric, subject: Subject, given: int) -> dict[str, Any]:
    estimate, reason = _estimate(metric, subject)
    if estimate is None:
        return _entry(metric, None, None, given, (reason or "",))
    real = metric.real(subject.task).value if metric.real else None
    few = (fewer(given, metric.samples),) if given < metric.samples else ()
    return _entry(metric, estimate, real, estimate.n, (*estimate.flags, *few))


def _estimate(metric: Metric, subject: Subject) -> tuple[Estimate | None, str | None]:
    if reason := metric.refuses(subject):
        return None, reason
    try:
        return metric.estimate(subject), None
    except GenbenchError as error:
        return None, str(error)


def _entry(
    metric: Metric, estimate: Estimate | None, real: float | None, n: int, flags: tuple[str, ...]
) -> dict[str, Any]:
    return {
        "metric": metric.name,
        "value": estimate and estimate.value,
        "ci_low": estimate and estimate.low,
        "ci_high": estimate and estimate.high,
        "real": real,
        "n": n,
        "flags": list(flags),
    }
