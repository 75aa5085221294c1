"""Every registered task and metric keeps its contract; models have theirs in tests/models."""

import pytest

from genbench.metrics.metric import Metric, named
from genbench.registry import metrics, tasks
from genbench.tasks import Task, digits, ring8
from genbench.testing import METRIC_CHECKS, TASK_CHECKS

SMALL = [ring8(samples=2000), digits()]
COMPUTED = ["ring8", "grid25", "swissroll", "gaussian", "digits"]
"""Tasks that need no files; those that read files keep the contract in tests/tasks, on files made there."""


# The metric of a user's own file has no default; it has tests of its own.
NAMES = [name for name in metrics if not name.endswith("_file")]


def small(name: str) -> Metric:
    return named(f"{name}@300" if "n" in metrics[name].options and name != "path_length" else name)


@pytest.mark.parametrize("check", TASK_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", COMPUTED)
def test_tasks(name: str, check):
    check(tasks[name].create())


@pytest.mark.parametrize("check", METRIC_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("task", SMALL, ids=lambda task: task.name)
@pytest.mark.parametrize("name", NAMES)
def test_metrics(name: str, task: Task, check):
    check(small(name), task)
