"""Features of a network of the user's own, from a TorchScript file or a torch.export program."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.export.passes import move_to_device_pass

from genbench.metrics.spaces import Space
from genbench.tasks.task import Task
from genbench.types import InputError

_BATCH = 256


@functools.cache
def file_space(path: Path) -> Space:
    """The features that the network in `path` gives."""

    def embed(task: Task, x: Tensor) -> Tensor:
        return file_features(x, path)

    def refuses(task: Task) -> str | None:
        return None if path.is_file() else f"not available: there is no file {path}"

    return Space(f"_file:{path}", f"features of {path}", embed, refuses)


def file_features(x: Tensor, path: Path) -> Tensor:
    """Features by the network in `path`: a TorchScript file, or a torch.export program if it ends in .pt2.

    The network gets float32 batches of up to 256 examples, images in [0, 1], and gives one row of numbers an
    example. Do not open a file that you do not trust.

    Args:
        x: shape (n, …).

    Raises:
        InputError: the file is no such network, or its output is not of shape (n, d).
    """
    net = _loaded(path, x.device)
    with torch.no_grad():
        try:
            parts = [net(part.float()) for part in x.split(_BATCH)]
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1]
            raise InputError(f"{path} cannot read examples of shape {tuple(x.shape[1:])}: {reason}") from None
    for part in parts:
        if not isinstance(part, Tensor) or part.ndim != 2:
            raise InputError(f"{path} must give a tensor of shape (n, d) for a batch of n examples")
    return torch.cat(parts)


@functools.lru_cache(maxsize=4)
def _loaded(path: Path, device: torch.device) -> Callable[[Tensor], Any]:
    try:
        if path.suffix == ".pt2":
            return move_to_device_pass(torch.export.load(path), device).module()
        return torch.jit.load(str(path), map_location=device).eval()
    except Exception as error:  # what a broken file raises depends on where it is broken
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"{path} is neither TorchScript nor a .pt2 program: {reason}") from None
