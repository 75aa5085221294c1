"""Digits that are asked for by their class."""

from dataclasses import replace

from genbench.registry import tasks
from genbench.tasks.condition import Condition
from genbench.tasks.task import Task


@tasks.register("digits-by-class")
def digits_by_class() -> Task:
    """The task `digits`, whose examples are generated from their class."""
    digits: Task = tasks["digits"].create()
    assert digits.train_labels is not None
    assert digits.held_out_labels is not None
    condition = Condition("classes", digits.train_labels, digits.held_out_labels)
    return replace(digits, name="digits-by-class", condition=condition)
