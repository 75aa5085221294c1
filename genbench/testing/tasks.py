"""What every registered task promises. Each check takes a task."""

from __future__ import annotations

from collections.abc import Callable

import torch

from genbench.metrics.metric import Subject, named
from genbench.registry import tasks
from genbench.tasks.task import Task


def check_splits(task: Task) -> None:
    """Both splits hold finite examples of one shape; images lie in [0, 1], and classes are whole numbers."""
    assert len(task.train) > 0
    assert len(task.held_out) > 0
    assert task.held_out.shape[1:] == task.train.shape[1:] == torch.Size(task.shape)
    for split in (task.to_float(task.train), task.to_float(task.held_out)):
        assert split.dtype == torch.float32
        assert split.isfinite().all()
        assert task.kind == "points" or (split.min() >= 0 and split.max() <= 1)
    for labels, split in ((task.train_labels, task.train), (task.held_out_labels, task.held_out)):
        assert labels is None or (len(labels) == len(split) and not labels.is_floating_point())


def check_held_out_is_new(task: Task) -> None:
    """No more than a hundredth of the held-out examples is in the training set."""
    seen = {row.numpy().tobytes() for row in task.train.flatten(1).cpu()}
    again = sum(row.numpy().tobytes() in seen for row in task.held_out.flatten(1).cpu())
    assert again <= len(task.held_out) / 100


def check_same_data_every_time(task: Task) -> None:
    """A task made again has the same data, whatever the state of the global generator."""
    entry = tasks[task.name]
    torch.manual_seed(1)
    if all(option == "data_dir" or default is not None for option, default in entry.options.items()):
        assert entry.create().checksum() == entry.create().checksum()


def check_truth(task: Task) -> None:
    """An exact truth draws points of the task's shape, and finds held-out data likelier than far ones."""
    if task.truth is None:
        return
    drawn = task.truth.draw(100, torch.Generator().manual_seed(0))
    assert drawn.shape == (100, *task.shape)
    near, far = task.held_out[:100], task.held_out[:100] + 50 * task.train.std()
    assert task.truth.log_density(near).mean() > task.truth.log_density(far).mean()


def check_default_metrics(task: Task) -> None:
    """Every metric that the task asks for by default can score it, or says why it cannot."""
    assert task.metrics
    assert set(task.ranked_by) <= set(task.metrics)
    for name in task.metrics:
        reason = named(name).refuses(Subject(task, lambda n: task.to_float(task.held_out[:n])))
        assert reason is None or reason.strip()


TASK_CHECKS: tuple[Callable[[Task], None], ...] = (
    check_splits,
    check_held_out_is_new,
    check_same_data_every_time,
    check_truth,
    check_default_metrics,
)
