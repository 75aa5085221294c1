"""Digits with every pixel black or white, so that likelihoods are probabilities."""

from __future__ import annotations

import dataclasses

from genbench.tasks.digits import digits
from genbench.tasks.task import Task


def binary_digits() -> Task:
    """The `digits` task thresholded at one half."""
    task = digits()
    train, held_out = ((part > 0.5).float() for part in (task.train, task.held_out))
    return dataclasses.replace(task, train=train, held_out=held_out, levels=2)
