"""Where a run runs, and how: device, backend, processes and compilation, and the ensemble that follows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from genbench.engine import parallel
from genbench.engine.devices import BackendChoice, choose_backend, choose_compilation
from genbench.engine.ensemble import Ensemble
from genbench.engine.gradients import Backend
from genbench.engine.parallel import Group
from genbench.engine.task_cache import load_task
from genbench.models.model import Model
from genbench.registry import models
from genbench.suite import RunConfig
from genbench.tasks.task import Task


@dataclass(frozen=True)
class Placement:
    """Where a run runs, and how; nothing of it changes what is computed, but for rounding.

    Attributes:
        group: processes among which each batch is split; this one leads it.
        compile: whether updates are compiled; None leaves it to the backend's choice.
    """

    device: torch.device
    backend: BackendChoice = "auto"
    data_dir: Path | None = None
    group: Group | None = None
    compile: bool | None = None


def assemble(config: RunConfig, placement: Placement) -> Ensemble:
    """The ensemble that trains a configuration, its data read and its model made."""
    task = load_task(config, placement.data_dir, placement.device)
    return placed(config, models[config.model].create(**config.options), task, placement)


def placed(config: RunConfig, model: Model, task: Task, placement: Placement) -> Ensemble:
    """The ensemble that trains a model on a task, with the backend and compilation that suit them."""
    group = placement.group
    backend = choose_backend(placement.backend, model, task)
    ensemble = Ensemble(
        model,
        task,
        config.seeds,
        config.steps,
        config.batch,
        backend,
        sharing=None if group is None else group.split(),
        compiled=_compiles(config, backend, model, task, placement),
        precision=config.precision,
    )
    return ensemble.feasible() if placement.backend == "auto" else ensemble


def refuses(config: RunConfig, model: Model, task: Task, placement: Placement) -> str | None:
    """Why a run cannot run there, as a phrase; None if it can."""
    if reason := model.refuses(task):
        return reason
    if placement.group is None:
        return None
    alone = placed(config, model, task, replace(placement, group=None))
    return parallel.refuses(alone, placement.group.size)


def described(ensemble: Ensemble, placement: Placement) -> dict[str, Any]:
    """What of the choices made a reader of the results must know, by its name in a record's environment."""
    chosen = {"backend": ensemble.backend, "compiled": ensemble.compiled, "precision": ensemble.precision}
    processes = {} if placement.group is None else {"processes": placement.group.size}
    together = {} if ensemble.together is None else {"seeds_together": ensemble.together}
    return {**chosen, "threads": torch.get_num_threads(), **processes, **together}


def _compiles(config: RunConfig, backend: Backend, model: Model, task: Task, placement: Placement) -> bool:
    """Whether updates are compiled; what processes tell each other does not compile."""
    alone, work = placement.group is None, config.steps * len(config.seeds)
    asked = placement.compile if alone else bool(placement.compile)
    return choose_compilation(asked, placement.backend, backend, model, task, work) and alone
