"""Ensembles that are trained, here or in a finished run, and their nets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from genbench.engine import checkpoint
from genbench.engine.devices import choose_backend
from genbench.engine.ensemble import Ensemble
from genbench.engine.state import State
from genbench.models.model import Model, Nets
from genbench.registry import models, tasks
from genbench.store import Results
from genbench.tasks.task import Task
from genbench.types import InputError


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained ensemble, whose nets can be used seed by seed."""

    ensemble: Ensemble
    state: State

    @classmethod
    def of(cls, model: Model, task: Task, seeds: int, steps: int, batch: int) -> Trained:
        """Train the seeds 0 … `seeds` − 1 at once."""
        ensemble = Ensemble(model, task, tuple(range(seeds)), steps, batch)
        state = ensemble.initial()
        ensemble.advance(state, steps)
        return Trained(ensemble, state)

    @cached_property
    def nets(self) -> list[Nets]:
        """The nets of each seed."""
        return [self.ensemble.nets(self.state, row) for row in range(len(self.ensemble.seeds))]

    @torch.no_grad()
    def module(self, player: str, row: int) -> Any:
        """The net of one seed as a module of its own."""
        made = self.ensemble.model.nets(self.ensemble.task)[player]
        parts = self.ensemble.layouts[player].split(self.state.players[player][row])
        for own, trained in zip(made.parameters(), parts, strict=True):
            own.copy_(trained)
        return made


@dataclass(frozen=True, eq=False)
class Reopened(Trained):
    """A run as it was when it ended.

    Attributes:
        options: of its model.
    """

    model: str
    options: Mapping[str, Any]


def reopened(results: Results) -> Iterator[Reopened]:
    """Every run with its nets, in the order of `results`.

    Raises:
        InputError: a run holds no checkpoint.
    """
    for folder in results.folders:
        config = folder.read_record().config
        task = tasks[config["task"]].create(**config["task_options"])
        model = models[config["model"]].create(**config["options"])
        backend = choose_backend("auto", model, task)
        ensemble = Ensemble(model, task, tuple(config["seeds"]), config["steps"], config["batch"], backend)
        state = checkpoint.newest(folder, config["key"], torch.device("cpu"))
        if state is None:
            raise InputError(f"{folder.path} holds no checkpoint; remove it and run it again")
        yield Reopened(ensemble, state, config["model"], config["options"])
