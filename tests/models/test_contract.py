"""Every registered model keeps the contract, on points and on images."""

import pytest

from genbench.registry import models
from genbench.tasks.task import Task
from genbench.testing import MODEL_CHECKS, small_tasks

TASKS = small_tasks()


@pytest.mark.parametrize("check", MODEL_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
@pytest.mark.parametrize("name", models)
def test_contract(name: str, task: Task, check):
    if models[name].create().refuses(task):
        return
    check(name, task)
