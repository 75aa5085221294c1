"""The task of a configuration; the one before it, if that is the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from genbench.registry import tasks
from genbench.suite import RunConfig
from genbench.tasks.task import Task

_newest: dict[tuple[Any, ...], Task] = {}
"""At most one task: what metrics and detectors know of it serves the next run, and memory stays bounded."""


def load_task(config: RunConfig, data_dir: Path | None, device: torch.device) -> Task:
    """The task of a configuration on a device, its data read anew.

    If they are what the last call's were, that call's task is answered, with all that has been computed of
    it, such as what real data score.

    Raises:
        GenbenchError: the data are missing, or hold what no model can be trained on.
    """
    entry = tasks[config.task]
    where = {"data_dir": data_dir} if "data_dir" in entry.options else {}
    task: Task = entry.create(**config.task_options, **where)
    task.check()
    options = json.dumps(dict(config.task_options), sort_keys=True, default=str)
    # Sums over another number of threads have other bits, and so has what was computed of a task.
    key = (entry.factory, options, task.checksum(), device, torch.get_num_threads())
    if key not in _newest:
        _newest.clear()
        _newest[key] = task.to(device)
    return _newest[key]
