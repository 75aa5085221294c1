"""Which device trains, and which backend suits a model on it."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

from genbench.engine.gradients import Backend
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
    """The backend meant; auto loops over seeds where convolutions meet a CPU, and batches otherwise.

    Batched convolutions are grouped convolutions, which a CPU runs no faster than one seed after the other.
    """
    if choice != "auto":
        return choice
    with torch.random.fork_rng(devices=[]):
        convolutional = any(_convolves(net) for net in model.nets(task).values())
    return "loop" if convolutional and task.device.type == "cpu" else "batched"


def describe(device: torch.device) -> str:
    """The device's own name, such as ``cpu`` or ``NVIDIA H200``."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _convolves(net: nn.Module) -> bool:
    return any(isinstance(layer, _ConvNd) for layer in net.modules())
