"""What every registered metric promises. Each check takes a metric and a task."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from genbench.metrics.metric import Metric, Subject
from genbench.tasks.task import Task


def check_real_data_are_scored_or_refused(metric: Metric, task: Task) -> None:
    """Held-out data get a finite estimate inside its interval, and so does what the metric calls real."""
    subject = Subject(task, lambda n: task.to_float(task.held_out[:n]))
    if reason := metric.refuses(subject):
        assert reason == reason.strip(" ."), "a refusal is a phrase"
        return
    estimate = metric.estimate(subject)
    assert math.isfinite(estimate.value)
    assert estimate.n > 0
    assert estimate.low is None or estimate.low <= estimate.value
    assert estimate.high is None or estimate.value <= estimate.high
    assert metric.real is None or math.isfinite(metric.real(task).value)


def check_a_collapsed_model_gets_a_finite_value(metric: Metric, task: Task) -> None:
    """A model that makes one sample again and again is scored, not answered with an error."""
    subject = Subject(task, lambda n: torch.zeros(n, *task.shape))
    if metric.refuses(subject) is None:
        assert math.isfinite(metric.estimate(subject).value)


def check_the_name_carries_the_protocol(metric: Metric, task: Task) -> None:
    """A metric that draws samples says how many in its name, and which direction is good."""
    assert metric.better in ("higher", "lower")
    assert metric.samples == 0 or "@" in metric.name


METRIC_CHECKS: tuple[Callable[[Metric, Task], None], ...] = (
    check_real_data_are_scored_or_refused,
    check_a_collapsed_model_gets_a_finite_value,
    check_the_name_carries_the_protocol,
)
