"""Features of a network of the user's own, from a TorchScript file or a torch.export program."""

from __future__ import annotations

import functools
import io
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.export.passes import move_to_device_pass

from genbench.metrics.spaces import Space
from genbench.tasks.task import Task
from genbench.types import InputError, NetworkFileWarning

_BATCH = 256
_FOREIGN = (b"data/constants/custom_obj_", b"data/constants/opaque_obj_", b"data/aotinductor/")
"""Beginnings of names within a program's archive of what torch unpickles or runs as machine code."""


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
    example. The file is a program, so a warning is given. Nothing in it is unpickled, but do not open one
    that you do not trust.

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
    warnings.warn(f"{path} is run as a program; stop unless you trust it", NetworkFileWarning, stacklevel=2)
    try:
        if path.suffix == ".pt2":
            return _program(path, device)
        return torch.jit.load(str(path), map_location=device).eval()
    except Exception as error:  # what a broken file raises depends on where it is broken
        raise InputError(
            f"{path} is neither TorchScript nor a .pt2 program of plain tensors ({type(error).__name__}); "
            "save it with torch.jit.save or torch.export.save"
        ) from None


def _program(path: Path, device: torch.device) -> Callable[[Tensor], Any]:
    content = path.read_bytes()
    if any(name in content for name in _FOREIGN):
        raise ValueError("it holds objects or machine code")
    with _no_pickle():
        return move_to_device_pass(torch.export.load(io.BytesIO(content)), device).module()


@contextmanager
def _no_pickle() -> Iterator[None]:
    """Let every ``torch.load`` read tensors alone: ``torch.export.load`` would fall back to unpickling."""
    before = os.environ.get("TORCH_FORCE_WEIGHTS_ONLY_LOAD")
    os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"]
        else:
            os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = before
