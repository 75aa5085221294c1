"""Trained nets of finished runs, for what no metric measures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from genbench.engine import checkpoint
from genbench.engine.devices import choose_backend
from genbench.engine.ensemble import Ensemble, State
from genbench.registry import models, tasks
from genbench.store import Results
from genbench.types import InputError


@dataclass(frozen=True, eq=False)
class Reopened:
    """A run as it was when it ended.

    Attributes:
        options: of its model.
    """

    model: str
    options: Mapping[str, Any]
    ensemble: Ensemble
    state: State


def reopened(results: Results) -> Iterator[Reopened]:
    """Every run with its nets, in the order of `results`."""
    for folder in results.folders:
        config = folder.read_record().config
        task = tasks[config["task"]].create(**config["task_options"])
        model = models[config["model"]].create(**config["options"])
        backend = choose_backend("auto", model, task)
        ensemble = Ensemble(model, task, tuple(config["seeds"]), config["steps"], config["batch"], backend)
        state = checkpoint.newest(folder, config["key"], torch.device("cpu"))
        if state is None:
            raise InputError(f"{folder.path} holds no checkpoint; remove it and run it again")
        yield Reopened(config["model"], config["options"], ensemble, state)
