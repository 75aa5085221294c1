"""Samples of strangers, scored."""

from __future__ import annotations

import json

import pytest

from genbench.metrics import score, with_reference
from genbench.tasks import Task, digits
from genbench.types import InputError


@pytest.fixture(scope="module")
def task() -> Task:
    return digits()


def test_scores_are_rows_that_json_takes(task: Task) -> None:
    rows = score(task.train[:300], task, ["frechet_lenet@1k", "modes", "path_length"])
    assert json.loads(json.dumps(rows)) == rows
    first, modes, path = rows
    assert list(first) == ["metric", "value", "ci_low", "ci_high", "real", "n", "flags"]
    assert first["metric"] == "frechet_lenet@1k"
    assert first["n"] == 300
    assert first["ci_low"] < first["value"] < first["ci_high"]
    assert first["real"] > 0
    assert first["flags"] == ["300 samples, 1000 asked"]
    assert modes["value"] is path["value"] is None
    assert modes["flags"] == ["the task has no known modes"]


def test_the_metrics_of_the_task_are_the_default(task: Task) -> None:
    assert [row["metric"] for row in score(task.train, task)] == list(task.metrics)


def test_samples_that_a_metric_cannot_use_are_flagged_not_dropped(task: Task) -> None:
    (row,) = score(task.train[:1], task, ["frechet_lenet@1k"])
    assert row["value"] is None
    assert "at least 2" in row["flags"][0]


def test_another_reference_takes_the_place_of_the_data(task: Task) -> None:
    other = with_reference(task, 1 - task.train)
    assert len(other.train) + len(other.held_out) == len(task.train)
    (near,) = score(1 - task.held_out, other, ["frechet_lenet@300"])
    (far,) = score(task.held_out, other, ["frechet_lenet@300"])
    assert near["value"] < 0.1 * far["value"]
    with pytest.raises(InputError, match="at least 10"):
        with_reference(task, task.train[:9])
