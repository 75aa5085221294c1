"""Which device trains, and which backend suits a model on it."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any, Literal

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

from genbench.engine.compilation import compiles
from genbench.engine.gradients import Backend
from genbench.models.capabilities import EnergyModel
from genbench.models.model import Model
from genbench.tasks.task import Task
from genbench.types import InputError

DeviceChoice = Literal["auto", "cpu", "cuda"]
BackendChoice = Literal["auto", "batched", "loop"]


def choose_device(choice: DeviceChoice) -> torch.device:
    """The device meant; auto takes a GPU where there is one.

    Raises:
        InputError: CUDA is asked for and torch finds none.
    """
    if choice == "cuda" and not torch.cuda.is_available():
        raise InputError("device cuda: torch finds no CUDA device here; use --device cpu or auto")
    return torch.device("cuda" if choice != "cpu" and torch.cuda.is_available() else "cpu")


def choose_backend(choice: BackendChoice, model: Model, task: Task) -> Backend:
    """The backend meant; auto takes what ``backends.toml`` has measured for such nets on such a device."""
    return choice if choice != "auto" else _measured(model, task)["backend"]


def choose_compilation(
    choice: bool | None, asked: BackendChoice, backend: Backend, model: Model, task: Task, work: int
) -> bool:
    """Whether updates are compiled; None compiles where the steps saved are worth the wait.

    Args:
        asked, backend: what was asked for, and what it came to.
        work: steps times seeds of the run.

    Raises:
        InputError: a loop over seeds is to be compiled.
    """
    if choice and backend == "loop":
        raise InputError("--compile needs the batched backend; add --backend batched, or use --no-compile")
    if choice is not None or asked != "auto" or backend == "loop":
        return bool(choice)
    after = _measured(model, task)["compile_after"]
    return after is not None and work >= after and compiles()


@cache
def _table() -> list[dict[str, Any]]:
    text = resources.files("genbench.engine").joinpath("backends.toml").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)["measured"]
    return rows


def _measured(model: Model, task: Task) -> dict[str, Any]:
    """The row of the table for these nets on this device."""
    with torch.random.fork_rng(devices=[]):
        nets = model.nets(task).values()
    convolutional = any(_convolves(net) for net in nets)
    family = "convolutions" if convolutional else "chains" if isinstance(model, EnergyModel) else "dense"
    found = next(r for r in _table() if (r["nets"], r["device"]) == (family, task.device.type))
    return {"compile_after": None, **found}


def describe(device: torch.device) -> str:
    """The device's own name, such as ``cpu`` or ``NVIDIA H200``."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _convolves(net: nn.Module) -> bool:
    return any(isinstance(layer, _ConvNd) for layer in net.modules())
